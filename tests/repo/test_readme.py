"""What README, CONTRIBUTING and the pages tell people to type can be typed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clarion.cli import COMMANDS, cli
from tests.program import Program
from tests.repo.test_cli_commands import OPTIONS, TEXT

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(path: Path) -> Iterator[str]:
    """What stands there to be typed, a line each, without what it says behind a `#`."""
    for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield re.sub(r"(^|\s)#.*", "", line)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_command_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    assert (
        set(re.findall(r"`make ([a-z]+)", text)) | set(re.findall(r"^\s*make ([a-z]+)", text, re.MULTILINE)) <= targets
    )


def test_ci_runs_the_tests_as_the_readme_says() -> None:
    assert "make test" in {line.strip() for line in blocks(ROOT / "README.md")}
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_that_is_to_be_typed_exists(path: Path) -> None:
    for line in [*blocks(path), *re.findall(r"`([^`\n]*clarion [^`\n]+)`", path.read_text(encoding="utf-8"))]:
        for command in re.findall(r"(?<![\w/.-])clarion ([a-z-]+ [^|;&)]*)", line):
            words = shlex.split(command.replace("'", ""))
            if words[0] in COMMANDS and "…" not in words:
                known = options_of(words)
                for option in (word.partition("=")[0] for word in words if word.startswith("--")):
                    assert option in known, (line, option)


def options_of(words: list[str]) -> set[str]:
    """The options of the command that these words begin with, its subcommand among them."""
    found = cli.get_command(click.Context(cli), words[0])  # type: ignore[arg-type]
    if isinstance(found, click.Group):
        found = found.commands[words[1]]
    assert found is not None
    return {name for parameter in found.params for name in parameter.opts}


def test_the_readmes_own_call_can_be_made_launched_and_served(tmp_path: Path) -> None:
    """As it stands there; what `new` would ask a person for is said as options."""
    program = Program(tmp_path)
    commands = [shlex.split(line) for line in blocks(ROOT / "README.md") if line.startswith("clarion ")]
    assert [words[1] for words in commands] == ["new", "launch", "serve"]
    (tmp_path / commands[0][2]).write_text(TEXT, encoding="utf-8")
    answers = OPTIONS | {"--slug": commands[1][2]}

    program.run(*commands[0][1:], *(part for pair in answers.items() for part in pair))
    program.run(*commands[1][1:])
    program.start()
    try:
        assert program.counts(commands[1][2])["total"] == 0
    finally:
        assert program.stop() == 0
