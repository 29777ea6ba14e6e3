"""What the documents say is what the program does."""

import re
import tomllib
from pathlib import Path

import pytest

from clarion.cli import COMMANDS
from clarion.env import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for variable in VARIABLES:
        default = f" `{variable.default}`" if variable.default else ""
        meaning = variable.meaning.replace("X-Forwarded-For", "`X-Forwarded-For`")
        assert f"| `{variable.name}` |{default} | {meaning} |" in table


def test_no_setting_is_documented_that_is_not_read() -> None:
    known = {variable.name for variable in VARIABLES}
    for path in [*MARKDOWN, *(ROOT / "deploy").rglob("*")]:
        if path.is_file():
            names = set(re.findall(r"\bCLARION_[A-Z_]+\b", path.read_text(encoding="utf-8")))
            assert {name.removesuffix("_FILE") for name in names} <= known, path


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_commands_named_in_documents_exist() -> None:
    for path in MARKDOWN:
        for name in re.findall(r"`clarion ([a-z-]+)", path.read_text(encoding="utf-8")):
            assert name in COMMANDS, (path.name, name)


def test_commands_of_the_owner_are_written_so_that_they_can_be_run() -> None:
    """The server's command gets its settings from files alone, and the units' roles may neither migrate nor restore."""
    needs_owner = re.compile(r"clarion (move|database )")
    for path in (ROOT / "docs" / "operate").glob("*.md"):
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                if needs_owner.search(line):
                    assert line.strip().startswith("ALSO=/etc/clarion-owner.env clarion "), (path.name, line)
                assert "export CLARION_DATABASE_URL" not in line, path.name


def test_each_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for dependency in tomllib.loads(text)["project"]["dependencies"]:
        line = next(line for line in text.splitlines() if line.strip().startswith(f'"{dependency}"'))
        assert re.search(r"# .{10,}", line), dependency


def test_every_package_has_its_place_in_the_order_of_imports() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    places = {name.strip(" ()") for line in contracts[0]["layers"] for name in line.split("|")}
    packages = {path.parent.name for path in (ROOT / "src" / "clarion").glob("*/__init__.py")}
    assert packages - {"sample"} <= places
