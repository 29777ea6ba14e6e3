"""From a text as people have it (plain, Markdown or HTML) to a call: title, date, paragraphs."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from clarion.calls.call import Call
from clarion.calls.dates import day_in
from clarion.calls.from_html import html_to_markdown
from clarion.calls.limits import TITLE
from clarion.calls.write import statement_file
from clarion.campaigns.markdown import plain_text
from clarion.campaigns.rules import CampaignSettings, StatementText
from clarion.kernel.slugs import is_slug
from clarion.kernel.text import tidy, tidy_lines

Format = Literal["text", "markdown", "html"]

_HTML_SIGNS = re.compile(r"<(?:!doctype|html|body|p|h[1-6]|div|article|br|ul|ol)\b[^>]*>", re.IGNORECASE)
_MARKDOWN_SIGNS = re.compile(
    r"^#{1,6} \S|^> \S|\[[^\]\n]+\]\((?:https?|mailto):|\*\*\S[^*\n]*\*\*|^(?:=|-){3,}$", re.MULTILINE
)
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*")
_UNDERLINE = re.compile(r"=+|-{2,}")
_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_FRONT_DATE = re.compile(r"^date:\s*[\"']?(\d{4}-\d\d-\d\d)", re.MULTILINE)
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "þ": "th"})
_DATE_LINE_LENGTH = 60  # a longer line that holds a date is a sentence


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was found in a text; `title` is empty where none stands out."""

    title: str
    dated_on: date | None
    body: str  # Markdown


def format_of(text: str, name: str = "") -> Format:
    """The format of a text, by its file name's ending, else by what it looks like."""
    match name.lower().rpartition(".")[2]:
        case "html" | "htm" | "xhtml":
            return "html"
        case "md" | "markdown":
            return "markdown"
        case "txt" | "text":
            return "text"
    if _HTML_SIGNS.search(text):
        return "html"
    return "markdown" if _MARKDOWN_SIGNS.search(text) or text.startswith("---\n") else "text"


def read_paste(text: str, language: str, *, known: str = "", format: Format | None = None) -> Pasted:
    """Title, date and paragraphs of a text in `language`.

    Where the title is `known`, a first line that is no heading says something else, and stays in the text.
    """
    match format or format_of(text):
        case "html":
            title, dated_on, markdown = html_to_markdown(text)
            found = _from_markdown(markdown, language, known)
            return Pasted(found.title or tidy(title), dated_on or found.dated_on, found.body)
        case "markdown":
            return _from_markdown(tidy_lines(text), language, known)
        case _:
            return _from_text(tidy_lines(text), language, known)


def call_from_paste(
    text: str,
    *,
    slug: str,
    organiser_name: str,
    organiser_email: str,
    language: str,
    organiser_url: str = "",
    title: str = "",
    format: Format | None = None,
) -> Call:
    """The smallest call of a text; not checked yet. A given title wins over the one in the text."""
    found = read_paste(text, language, known=tidy(title), format=format)
    statement = StatementText(
        language=language, raw=b"", title=tidy(title) or found.title, body=found.body, dated_on=found.dated_on
    )
    settings = CampaignSettings(slug, language, organiser_name, organiser_email, organiser_url)
    written = StatementText(
        language, statement_file(statement), statement.title, statement.body, dated_on=statement.dated_on
    )
    return Call(settings, (written,))


def suggest_slug(*texts: str) -> str:
    """A slug from the first of these texts that has enough Latin letters or digits; empty where none has."""
    for text in texts:
        slug = _shortened(_plain_words(text))
        if is_slug(slug) and sum(c.isalpha() for c in slug) >= 2 and _is_mostly_latin(text):
            return slug
    return ""


def _plain_words(text: str) -> str:
    """The words of a text in a-z and 0-9, accents dropped, joined by hyphens."""
    letters = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return re.sub(r"-+", "-", re.sub(r"[^\w]|_", "-", plain).encode("ascii", "ignore").decode()).strip("-")


def _shortened(slug: str) -> str:
    """At most 40 letters, ending with a whole word where that can be."""
    return slug if len(slug) <= 40 else (slug[:41].rpartition("-")[0] or slug[:40])


def _is_mostly_latin(text: str) -> bool:
    """Whether the slug says what the text says: one word in Latin letters among others says little."""
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in letters)
    return latin * 2 >= len(letters)


def _from_text(text: str, language: str, known: str) -> Pasted:
    """A plain text: its first line is the title, blank lines part paragraphs."""
    lines = text.split("\n")
    title = tidy(lines[0]) if len(lines[0]) <= TITLE and _may_be(known, tidy(lines[0])) else ""
    rest = lines[1:] if title else lines
    dated_on, rest = _without_date(rest, language)
    if title and not any(line.strip() for line in rest):
        return Pasted("", dated_on, _escaped(title))
    separator = "\n" if any(not line.strip() for line in _trimmed(rest)) else "\n\n"
    return Pasted(title, dated_on, separator.join(_escaped(line) for line in _trimmed(rest)))


def _may_be(known: str, title: str) -> bool:
    """Whether a first line may be taken for the title: any where none is known, else that one alone."""
    return not known or tidy(title).casefold() == known.casefold()


def _from_markdown(text: str, language: str, known: str) -> Pasted:
    front = _FRONT_MATTER.match(text)
    lines = (text[front.end() :] if front else text).strip("\n").split("\n")
    title, lines = _markdown_title(lines, known)
    if front and (named := _FRONT_TITLE.search(front.group(1))):
        title = named.group(1)
    dated_on, lines = _without_date(lines, language)
    if front and (day := _FRONT_DATE.search(front.group(1))):
        dated_on = date.fromisoformat(day.group(1))
    return Pasted(tidy(title), dated_on, "\n".join(lines).strip("\n"))


def _markdown_title(lines: list[str], known: str) -> tuple[str, list[str]]:
    """The first heading, or a short first paragraph of one line; and the lines without it."""
    if heading := _HEADING.fullmatch(lines[0].strip()):
        return plain_text(heading.group(1)), lines[1:]
    if len(lines) > 1 and lines[0].strip() and _UNDERLINE.fullmatch(lines[1].strip()):
        return plain_text(lines[0]), lines[2:]
    at = next((n for n, line in enumerate(lines) if re.match(r"#\s", line)), None)
    if at is not None and (heading := _HEADING.fullmatch(lines[at].strip())):
        return plain_text(heading.group(1)), [*lines[:at], *lines[at + 1 :]]
    if len(lines) > 2 and 0 < len(lines[0]) <= TITLE and not lines[1].strip() and not lines[0].endswith((".", "。")):
        title = plain_text(lines[0])
        return (title, lines[1:]) if _may_be(known, title) else ("", lines)
    return "", lines


def _without_date(lines: list[str], language: str) -> tuple[date | None, list[str]]:
    """The day of a short line among the first or last few that says one, and the lines without it."""
    filled = [at for at, line in enumerate(lines) if line.strip()]
    for at in [*filled[:3], *filled[-3:]]:
        line = plain_text(lines[at])
        found = day_in(line, language) if len(line) <= _DATE_LINE_LENGTH else None
        if found and found.is_whole_line:
            return found.day, [*lines[:at], *lines[at + 1 :]]
    return None, lines


def _trimmed(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").split("\n")


def _escaped(line: str) -> str:
    """A line of plain text as Markdown that says just that; lists stay lists."""
    kept = (
        re.sub(r"([\\`*_\[\]<])", r"\\\1", line.rstrip()) if not re.match(r"\* \S", line) else f"* {_escaped(line[2:])}"
    )
    return re.sub(r"^(\s*)([#>]|={3,}|-{3,}$)", r"\1\\\2", kept.lstrip() if kept.startswith("    ") else kept)
