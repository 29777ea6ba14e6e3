"""`clarion new`: a call folder from a text that someone has."""

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from clarion.calls.call import Call
from clarion.calls.check import check_call
from clarion.calls.folder import fits
from clarion.calls.paste import Format, Pasted, call_from_paste, format_of, read_paste, suggest_slug
from clarion.calls.texts import usual_spelling
from clarion.calls.write import files_of, write_folder
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.kernel.languages import is_language

_MOST_BYTES = 1_000_000
# What stands for the answers that are not given yet, and where each answer goes.
_GOOD = {
    "slug": "clean-water", "organiser_name": "Someone", "organiser_email": "office@example.org", "language": "en",
    "title": "Title",
}  # fmt: skip
_FIELDS = {
    "title": "title", "slug": "slug", "organiser": "organiser_name", "email": "organiser_email",
    "address": "organiser_url",
}  # fmt: skip


class Missing(ClarionError):
    """What must be said is not there, and nobody can be asked."""


@dataclass(slots=True)
class Answers:
    """What a call needs beside its text."""

    language: str | None
    title: str | None
    slug: str | None
    organiser: str | None
    email: str | None
    address: str | None


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--language", "--lang", help="Language of the text, such as en, fr, ar.")
@click.option("--title", help="Title, where the text does not begin with one.")
@click.option("--slug", help="Name in the address, such as clean-water.")
@click.option("--organiser", "--organizer", help="Who calls, such as “Water Committee”.")
@click.option("--email", help="The organiser's e-mail address.")
@click.option("--address", "--url", help="The organiser's web address, such as https://example.org.")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "html"]), help="Default: by name and looks.")
def new(
    file: Path, folder: Path | None, language: str | None, title: str | None, slug: str | None,
    organiser: str | None, email: str | None, address: str | None, form: Format | None,
) -> None:  # fmt: skip
    """Make a call folder from a plain text, Markdown or HTML FILE; FOLDER is its slug unless told.

    What no option says is asked for, if someone sits at a terminal.
    """
    text = _text_of(file)
    form = form or format_of(text, file.name)
    answers = Answers(language, title, slug, organiser, email, address)
    found = _complete(answers, file, text, form, folder)
    call = call_from_paste(
        text, slug=answers.slug or "", organiser_name=answers.organiser or "", organiser_email=answers.email or "",
        organiser_url=answers.address or "", language=answers.language or "", title=answers.title or found.title,
        format=form,
    )  # fmt: skip
    _refuse_text(file, call)
    target = folder or Path(call.settings.slug)
    if taken := _taken(target):
        raise ClarionError(taken)
    for name in write_folder(call, target):
        click.echo(target / name)
    if found.dated_on is None:
        click.echo("No date was found in the text; add `date: 2026-12-01` to the statement if it has one.", err=True)
    click.echo(f"\nLook at it, then:  clarion launch {target}")


def _text_of(file: Path) -> str:
    if file.stat().st_size > _MOST_BYTES:
        raise ClarionError(f"{file} has more than 1 MB: that is not a statement.")
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClarionError(f"{file} is not UTF-8. Save it with the encoding UTF-8.") from error


def _complete(answers: Answers, file: Path, text: str, form: Format, folder: Path | None) -> Pasted:
    """Ask for what is missing, or raise `Missing` with all of it; gives what the text itself says.

    What no answer can mend is refused before the first question.
    """
    _refuse_options(answers)
    if folder and (taken := _taken(folder)):
        raise ClarionError(taken)
    can_ask = sys.stdin.isatty()
    if can_ask:
        answers.language = answers.language or _asked("language", "Language of the text", default="en")
    language = answers.language or "en"
    found = read_paste(text, language, format=form)
    if can_ask:
        said = {**_GOOD, "language": language, "title": answers.title or "Title"}
        _refuse_text(file, call_from_paste(text, format=form, **said))
        _ask(answers, found, folder)
    missing = _missing(answers, found)
    if missing:
        raise Missing("Missing: " + ", ".join(missing) + ".\nGive them as options; see `clarion new --help`.")
    return found


def _refuse_options(answers: Answers) -> None:
    given = {field.name: getattr(answers, field.name) for field in fields(answers)}
    wrong = [f"--{name}: {said}" for name, value in given.items() if value and (said := _problem(name, value))]
    if wrong:
        raise ClarionError("\n".join(wrong))


def _refuse_text(file: Path, call: Call) -> None:
    """By the name that it has: the files of the call are not written yet."""
    if mistakes := _mistakes(call):
        raise ClarionError("\n".join(f"{file}: {said}" for said in mistakes))


def _mistakes(call: Call) -> list[str]:
    problems = check_call(call, now=utc_now()).problems
    for name, raw in files_of(call).items():
        fits(name, len(raw), problems)  # else `clarion launch` would refuse what is written here
    mistakes = problems.mistakes
    return list(dict.fromkeys(f"{one.wrong} {one.right}".rstrip() for one in mistakes))


def _problem(name: str, value: str) -> str:
    """What is wrong with one answer, in sentences; empty where nothing is."""
    if name == "language":
        return _language_problem(value)
    return " ".join(_mistakes(call_from_paste("A text.", format="text", **{**_GOOD, _FIELDS[name]: value})))


def _language_problem(tag: str) -> str:
    if is_language(tag):
        return ""
    usual = usual_spelling(tag)
    return f"{tag!r} is not a known language tag. " + (
        f"Write {usual}." if usual else "Write one such as en, fr or ar."
    )


def _taken(target: Path) -> str:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        return f"{target} is there already. Name another folder, or remove it."
    return ""


def _asked(name: str, question: str, *, writes_folder: bool = False, **how: Any) -> str:
    """The answer at the terminal; asked again, with what is wrong, until it can stand."""

    def checked(value: str) -> str:
        if said := _problem(name, value) or (_taken(Path(value)) if writes_folder else ""):
            raise click.UsageError(said)
        return value

    answer: str = click.prompt(question, value_proc=checked, **how)
    return answer


def _ask(answers: Answers, found: Pasted, folder: Path | None) -> None:
    answers.title = answers.title or _asked("title", "Title", default=found.title or None)
    answers.organiser = answers.organiser or _asked("organiser", "Organiser")
    slug = suggest_slug(answers.title or "", answers.organiser or "") or None
    answers.slug = answers.slug or _asked(
        "slug", "Name in the address (slug)", writes_folder=folder is None, default=slug
    )
    answers.email = answers.email or _asked("email", "Organiser's e-mail")
    if answers.address is None:
        question = "Organiser's web address (may be empty)"
        answers.address = _asked("address", question, default="", show_default=False)


def _missing(answers: Answers, found: Pasted) -> list[str]:
    needed = {
        "--language": answers.language,
        "--title (no line of the text stands out as one)": answers.title or found.title,
        "--slug": answers.slug,
        "--organiser": answers.organiser,
        "--email": answers.email,
        "--address": answers.address,
    }
    return [name for name, value in needed.items() if value is None or (value == "" and name != "--address")]
