"""The commands as a host types them: what they print, what they leave, how they fail."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from clarion.cli import cli
from tests.program import SAMPLE, Program, free_port

TEXT = "Clean water in every school\n\nGeneva, 20 November 2026\n\nThe first paragraph.\n\nThe second.\n"
OPTIONS = {
    "--language": "en", "--slug": "clean-water", "--organiser": "Water Committee", "--email": "office@example.org",
    "--address": "https://example.org",
}  # fmt: skip


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """`clarion` on an empty data folder; nothing is served."""
    return Program(tmp_path)


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A small call, launched where no worker runs."""
    program = Program(tmp_path_factory.mktemp("launched"))
    new(program)
    program.run("launch", "clean-water")
    return program


def new(
    program: Program, text: str = TEXT, name: str = "text.txt", **options: str
) -> "subprocess.CompletedProcess[str]":
    """`clarion new` with every option given, but those that are empty."""
    (program.folder / name).write_text(text, encoding="utf-8")
    given = {**OPTIONS, **{f"--{option}": value for option, value in options.items()}}
    return program.run("new", name, *(part for pair in given.items() if pair[1] for part in pair), check=False)


def test_every_command_explains_itself() -> None:
    """`--help` of each, and of the whole."""
    listed = CliRunner().invoke(cli, ["--help"]).output
    for name in ("new", "launch", "serve", "worker", "publish", "export", "doctor", "backup", "restore", "demo"):
        assert f"  {name}" in listed
    for name in ("new", "launch", "publish", "export", "office-link"):
        shown = CliRunner().invoke(cli, [name, "--help"])
        assert (shown.exit_code, "Usage: " in shown.output) == (0, True)


def test_new_makes_a_folder_that_launches(program: Program) -> None:
    """Title, date and paragraphs are found."""
    done = new(program)

    assert done.returncode == 0, done.stderr
    assert "clarion launch clean-water" in done.stdout
    statement = (program.folder / "clean-water" / "statement.en.md").read_text(encoding="utf-8")
    assert (
        statement
        == "---\ntitle: Clean water in every school\ndate: 2026-11-20\n---\nThe first paragraph.\n\nThe second.\n"
    )
    assert 'slug = "clean-water"' in (program.folder / "clean-water" / "campaign.toml").read_text(encoding="utf-8")
    assert not program.data.exists()  # nothing is stored


def test_new_lists_all_that_is_missing_where_nobody_can_be_asked(program: Program) -> None:
    """At once, and makes nothing."""
    (program.folder / "text.txt").write_text(TEXT, encoding="utf-8")
    done = program.run("new", "text.txt", check=False)

    assert done.returncode == 1
    for option in OPTIONS:
        assert option in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in program.folder.iterdir()) == ["text.txt"]


def test_new_asks_at_a_terminal(program: Program) -> None:
    """And suggests a slug from the title."""
    code, said = at_terminal(program, "\n\nWater Committee\n\noffice@example.org\n\n")

    assert code == 0, said
    assert "[clean-water-in-every-school]" in said
    assert (program.folder / "clean-water-in-every-school" / "campaign.toml").exists()


def test_new_asks_again_where_an_answer_cannot_stand(program: Program) -> None:
    """One slip does not cost the other answers."""
    (program.folder / "taken").mkdir()
    (program.folder / "taken" / "file").touch()
    answers = ("xx", "en", "", "Water Committee", "b b", "office", "taken", "water", "office@", "office@example.org")
    code, said = at_terminal(program, "\n".join((*answers, "example", "https://example.org", "")))

    assert code == 0, said
    assert said.count("Error: ") == 6
    for sentence in (
        "'xx' is not a known language tag", "Use 2 to 40 of a-z", "reserved word", "taken is there already",
        "'office@' is not an e-mail address", "'example' is not a web address",
    ):  # fmt: skip
        assert sentence in said
    assert "campaign.toml:" not in said
    assert 'url = "https://example.org"' in (program.folder / "water/campaign.toml").read_text(encoding="utf-8")


def test_new_refuses_what_no_answer_mends_before_it_asks(program: Program) -> None:
    """By the name of the option or the file that was given."""
    code, said = at_terminal(program, "", "--email", "office@")
    assert (code, "--email: 'office@' is not" in said, "Language" in said) == (1, True, False)
    code, said = at_terminal(program, "en\n", text="Title\n\nMove \u202e it.\n")
    assert (code, "text.txt: " in said, "Organiser" in said, "statement.en.md:" in said) == (1, True, False, False)


@pytest.mark.parametrize(("paragraphs", "said"), [(300, "At most 256 kB are taken."), (1100, "more than 1 MB")])
def test_new_writes_nothing_that_launch_would_refuse_for_its_size(program: Program, paragraphs: int, said: str) -> None:
    done = new(program, "Title\n\n" + ("One more word. " * 67 + "\n\n") * paragraphs)

    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert not (program.folder / "clean-water").exists()


def at_terminal(program: Program, typed: str, *options: str, text: str = TEXT) -> tuple[int, str]:
    """How `clarion new` ends where someone types, and what it says."""
    (program.folder / "text.txt").write_text(text, encoding="utf-8")
    keeper, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "clarion", "new", "text.txt", *options],
        stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=program.environment, cwd=program.folder,
    ) as process:  # fmt: skip
        os.write(keeper, f"{typed}\x04".encode())  # then nothing more comes
        said, _ = process.communicate(timeout=240)
    os.close(keeper)
    os.close(terminal)
    return process.returncode, said.decode()


def test_new_does_not_write_over_what_is_there(program: Program) -> None:
    """Nor into it."""
    assert new(program).returncode == 0
    again = new(program)

    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_new_takes_html_and_arabic(program: Program) -> None:
    """An Arabic title gives no slug: it must be said."""
    html = "<h1>ماء نقي لكل مدرسة</h1><p>٢٠ نوفمبر ٢٠٢٦</p><p>فقرة <b>أولى</b>.</p><script>x</script>"
    missing = new(program, html, "text.html", language="ar", slug="")
    assert missing.returncode == 1
    assert "--slug" in missing.stderr

    assert new(program, html, "text.html", language="ar", slug="maa").returncode == 0
    statement = (program.folder / "maa" / "statement.ar.md").read_text(encoding="utf-8")
    assert statement == "---\ntitle: ماء نقي لكل مدرسة\ndate: 2026-11-20\n---\nفقرة **أولى**.\n"


def test_launch_publishes_where_no_worker_runs(launched: Program) -> None:
    """The page is there when the command comes back, and it says what to do next."""
    again = launched.run("launch", "clean-water")

    assert f"Public:  {launched.public_url}/clean-water/en/" in again.stdout
    assert re.search(rf"Office:  {re.escape(launched.office_url)}/sign-in/[\w-]{{43}}\n", again.stdout)
    assert "version 1, unchanged" in again.stdout
    for what in ("legal name", "privacy contact", "working mail", "TLS"):
        assert what in again.stdout
    assert "Clean water in every school" in (launched.data / "site/clean-water/en/index.html").read_text(
        encoding="utf-8"
    )
    assert (launched.data / "policy" / "policy.json").exists()
    assert stat.S_IMODE(launched.data.stat().st_mode) == 0o700


def test_launch_tells_every_mistake_and_stores_nothing(launched: Program) -> None:
    """One line each, and no traceback."""
    folder = launched.folder / "broken"
    folder.mkdir()
    (folder / "campaign.toml").write_text('slug = "b b"\naccent = 1\n', encoding="utf-8")
    (folder / "statement.en.md").write_text("No front matter, <b>.\n", encoding="utf-8")

    done = launched.run("launch", "broken", check=False)

    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert any(line.startswith("campaign.toml:1: ") for line in lines)
    assert any(line.startswith("campaign.toml:2: ") for line in lines)
    assert any(line.startswith("statement.en.md:1: ") for line in lines)
    assert lines[-1].endswith("mistakes. Nothing was stored.")


def test_a_folder_that_is_not_there_is_told_in_a_sentence(launched: Program) -> None:
    """The first slip of all."""
    done = launched.run("launch", "nowhere", check=False)

    assert done.returncode == 1
    assert "There is no such folder." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_away_is_told_in_a_sentence(launched: Program) -> None:
    away = f"postgresql://clarion@127.0.0.1:{free_port()}/clarion"
    program = Program(launched.folder, extra={"CLARION_DATABASE_URL": away})

    for command in (("move",), ("launch", "clean-water")):
        done = program.run(*command, check=False)
        assert (done.returncode, "does not answer" in done.stderr, "Traceback" in done.stderr) == (1, True, False), (
            done.stderr
        )


def test_export_writes_what_launches_again_without_a_change(launched: Program) -> None:
    """The only campaign needs no name."""
    done = launched.run("export", "--call", "exported")

    assert "exported/campaign.toml" in done.stdout
    assert (launched.folder / "exported/statement.en.md").read_bytes() == (
        launched.folder / "clean-water/statement.en.md"
    ).read_bytes()
    assert "unchanged" in launched.run("launch", "exported").stdout
    wrong = launched.run("export", "--call", "exported", "--campaign", "other", check=False)
    assert (wrong.returncode, "There is: clean-water." in wrong.stderr) == (1, True)


def test_publish_writes_the_site_anew(launched: Program) -> None:
    """After someone deleted a page, say."""
    page = launched.data / "site/clean-water/en/index.html"
    page.unlink()

    done = launched.run("publish", "clean-water")

    assert page.exists()
    assert done.stdout == f"{launched.public_url}/clean-water/\n"
    assert launched.run("publish", "--all").returncode == 0
    assert launched.run("publish", check=False).returncode == 2
    assert "There is no campaign other." in launched.run("publish", "other", check=False).stderr


def test_the_host_lets_an_organiser_in(launched: Program) -> None:
    """By a link; only those who have an account."""
    done = launched.run("office-link", "office@example.org", "--reset-factors")
    assert re.fullmatch(rf"{re.escape(launched.office_url)}/sign-in/[\w-]{{43}}\n", done.stdout)

    unknown = launched.run("office-link", "nobody@example.org", check=False)
    assert (unknown.returncode, "There is no organiser" in unknown.stderr) == (1, True)


def test_a_draft_is_not_on_the_public_site(program: Program) -> None:
    """Until it is published."""
    new(program)
    done = program.run("launch", "--draft", "clean-water")

    assert "stored as a draft" in done.stdout
    assert "Public:" not in done.stdout
    assert not (program.data / "site" / "clean-water").exists()
    program.run("publish", "clean-water")
    assert (program.data / "site/clean-water/en/index.html").exists()


def test_the_sample_call_is_one_that_anyone_could_launch() -> None:
    """It has what a call can have."""
    assert {path.name for path in SAMPLE.iterdir()} >= {
        "campaign.toml",
        "venues.csv",
        "events.csv",
        "updates",
        "picture.jpg",
    }
