"""`clarion new`: a call folder from a text that someone has."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from clarion.calls.check import check_call
from clarion.calls.paste import Format, Pasted, call_from_paste, format_of, read_paste, suggest_slug
from clarion.calls.texts import usual_spelling
from clarion.calls.write import write_folder
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.kernel.languages import is_language

_MOST_BYTES = 1_000_000


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
    found = _complete(answers, text, form)
    call = call_from_paste(
        text, slug=answers.slug or "", organiser_name=answers.organiser or "", organiser_email=answers.email or "",
        organiser_url=answers.address or "", language=answers.language or "", title=answers.title or found.title,
        format=form,
    )  # fmt: skip
    check_call(call, now=utc_now()).problems.raise_mistakes()
    target = folder or Path(call.settings.slug)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ClarionError(f"{target} is there already. Name another folder, or remove it.")
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


def _complete(answers: Answers, text: str, form: Format) -> Pasted:
    """Ask for what is missing, or raise `Missing` with all of it; gives what the text itself says."""
    can_ask = sys.stdin.isatty()
    if can_ask:
        answers.language = answers.language or click.prompt("Language of the text", default="en")
    _check_language(answers.language)
    found = read_paste(text, answers.language or "en", format=form)
    if can_ask:
        _ask(answers, found)
    missing = _missing(answers, found)
    if missing:
        raise Missing("Missing: " + ", ".join(missing) + ".\nGive them as options; see `clarion new --help`.")
    return found


def _check_language(tag: str | None) -> None:
    if tag and not is_language(tag):
        usual = usual_spelling(tag)
        raise ClarionError(
            f"{tag!r} is not a known language tag. "
            + (f"Write {usual}." if usual else "Write one such as en, fr or ar.")
        )


def _ask(answers: Answers, found: Pasted) -> None:
    answers.title = answers.title or click.prompt("Title", default=found.title or None)
    answers.organiser = answers.organiser or click.prompt("Organiser")
    slug = suggest_slug(answers.title or "", answers.organiser or "")
    answers.slug = answers.slug or click.prompt("Name in the address (slug)", default=slug or None)
    answers.email = answers.email or click.prompt("Organiser's e-mail")
    if answers.address is None:
        answers.address = click.prompt("Organiser's web address (may be empty)", default="", show_default=False)


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
