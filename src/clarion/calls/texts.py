"""Statements, ways to give and updates: front matter, then Markdown."""

import re
from datetime import date
from itertools import groupby
from operator import itemgetter

from clarion.calls import limits
from clarion.calls.folder import GIVE, STATEMENT, UPDATE
from clarion.calls.frontmatter import FrontMatter, Value, read_front_matter
from clarion.calls.problems import Problems
from clarion.campaigns.markdown import html_lines, is_safe_link, unsafe_links
from clarion.campaigns.rules import STATUSES, Demand, StatementText, Status, UpdateText
from clarion.donations.rules import GiveLink, GiveText, compact, is_bic, is_iban
from clarion.kernel.languages import is_language
from clarion.kernel.text import has_control_characters

_STATEMENT_FIELDS = (
    "title", "summary", "demands", "date", "translator", "status", "translates", "picture_alt",
)  # fmt: skip
_GIVE_FIELDS = ("title", "beneficiary", "iban", "bic", "reference", "links")


def check_language(file: str, tag: str, problems: Problems, line: int = 1) -> bool:
    """Whether `tag` is a language; if not, that is noted, with the usual spelling where there is one."""
    if is_language(tag):
        return True
    usual = usual_spelling(tag)
    right = f"Write {usual!r}." if usual else "Use a tag such as en, pt-BR or zh-Hant (BCP 47)."
    problems.wrong(file, line, f"{tag!r} is not a known language tag.", right)
    return False


def usual_spelling(tag: str) -> str | None:
    """The tag as it is usually written (pt_br: pt-BR), or None where no language is near."""
    first, *rest = tag.replace("_", "-").split("-")
    parts = [part.title() if len(part) == 4 else part.upper() for part in rest]
    usual = "-".join((first.lower(), *parts))
    return usual if is_language(usual) else None


def read_statement(file: str, raw: bytes, text: str, problems: Problems) -> StatementText | None:
    """The statement in a file `statement.<lang>.md`, or None where its language is unknown."""
    language = _language_of(STATEMENT, file)
    if not check_language(file, language, problems):
        return None
    matter = read_front_matter(file, text, problems)
    matter.refuse_unknown(_STATEMENT_FIELDS)
    status: Status = next(one for one in STATUSES if one == matter.choice("status", STATUSES, "official"))
    return StatementText(
        language=language,
        raw=raw,
        title=matter.text("title", limits.TITLE, required=True),
        summary=matter.text("summary", limits.SUMMARY),
        demands=_demands(matter),
        dated_on=matter.day("date"),
        translator=matter.text("translator", limits.NAME),
        status=status,
        translates=matter.number("translates"),
        picture_alt=matter.text("picture_alt", limits.PICTURE_ALT),
        body=_body(matter, required=True),
    )


def read_give(file: str, text: str, problems: Problems) -> GiveText | None:
    """The ways to give in a file `give.<lang>.md`, or None where its language is unknown."""
    language = _language_of(GIVE, file)
    if not check_language(file, language, problems):
        return None
    matter = read_front_matter(file, text, problems)
    matter.refuse_unknown(_GIVE_FIELDS)
    give = GiveText(
        language=language,
        title=matter.text("title", limits.TITLE, required=True),
        beneficiary=matter.text("beneficiary", limits.BENEFICIARY),
        iban=compact(matter.text("iban", 60)),
        bic=compact(matter.text("bic", 60)),
        reference=matter.text("reference", limits.REFERENCE),
        links=_links(matter),
        body=_body(matter),
    )
    _check_account(give, matter)
    return give


def _check_account(give: GiveText, matter: FrontMatter) -> None:
    if give.iban and not is_iban(give.iban):
        matter.problems.wrong(
            matter.file, matter.line("iban"), f"{give.iban} is not an IBAN: its length or check digits are wrong.",
            "Copy it again from the bank's own papers.",
        )  # fmt: skip
    if give.bic and not is_bic(give.bic):
        matter.problems.wrong(
            matter.file, matter.line("bic"), f"{give.bic} is not a BIC.", "A BIC has 8 or 11 letters and digits."
        )
    if give.iban and not give.beneficiary:
        matter.problems.wrong(
            matter.file, matter.line("iban"), "The account has no `beneficiary`.", "Write whose account it is."
        )


def read_update(file: str, text: str, problems: Problems) -> UpdateText | None:
    """The news in a file `updates/<date>.<lang>.md`, or None where date or language cannot be read."""
    named = UPDATE.fullmatch(file)
    if named is None:
        raise ValueError(f"{file} is not the name of an update")
    posted_on = _day_of(file, named.group(1), problems)
    is_known = check_language(file, named.group(2), problems)
    matter = read_front_matter(file, text, problems)
    matter.refuse_unknown(("title",))
    title, body = matter.text("title", limits.TITLE, required=True), _body(matter, required=True)
    return UpdateText(posted_on, named.group(2), title, body) if posted_on and is_known else None


def _day_of(file: str, text: str, problems: Problems) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.wrong(file, 1, f"{text!r} is not a day.", "Name the file by its day: updates/2026-12-01.en.md.")
        return None


def _language_of(pattern: re.Pattern[str], file: str) -> str:
    named = pattern.fullmatch(file)
    if named is None:
        raise ValueError(f"{file} has no language in its name")
    return str(named.group(1))


def _demands(matter: FrontMatter) -> tuple[Demand, ...]:
    read = (_demand(matter, item) for item in matter.items("demands", limits.DEMANDS))
    return tuple(demand for demand in read if demand)


def _demand(matter: FrontMatter, item: Value) -> Demand | None:
    fields = item.fields if item.fields is not None else {"text": item}
    for name in fields.keys() - {"text", "to"}:
        matter.problems.wrong(
            matter.file, fields[name].line, f"`{name}` is not known in a demand.", "A demand has `text:` and `to:`."
        )
    text = matter.one_line("text", fields["text"], limits.DEMAND) if "text" in fields else ""
    if not text:
        matter.problems.wrong(
            matter.file, item.line, "A demand has no text.", "Write `- text: …` and, if wanted, `to: …`."
        )
        return None
    return Demand(text, matter.one_line("to", fields["to"], limits.DEMAND_TO) if "to" in fields else "")


def _links(matter: FrontMatter) -> tuple[GiveLink, ...]:
    read = (_link(matter, item) for item in matter.items("links", limits.GIVE_LINKS))
    return tuple(link for link in read if link)


def _link(matter: FrontMatter, item: Value) -> GiveLink | None:
    fields = item.fields or {}
    text = matter.one_line("text", fields["text"], limits.NAME) if "text" in fields else ""
    url = matter.one_line("url", fields["url"], limits.URL) if "url" in fields else ""
    if not text or not url:
        matter.problems.wrong(
            matter.file, item.line, "A link has no text or no url.", "Write `- text: …` and `url: https://…`."
        )
        return None
    if not url.startswith("https://") or not is_safe_link(url):
        line = fields["url"].line
        matter.problems.wrong(matter.file, line, f"{url!r} is not a safe address.", "It must begin with https://.")
        return None
    return GiveLink(text, url)


def _body(matter: FrontMatter, *, required: bool = False) -> str:
    """The Markdown, with what a page cannot carry noted."""
    file, problems, offset = matter.file, matter.problems, matter.body_line - 1
    body = matter.body.strip("\n")
    skipped = len(matter.body) - len(matter.body.lstrip("\n"))
    for line, tags in groupby(html_lines(body), key=itemgetter(0)):
        found = " ".join(tag for _, tag in tags)
        problems.wrong(
            file, line + offset + skipped, f"There is HTML in the Markdown: {found}",
            "Write Markdown: **bold**, *italics*, [text](https://…).",
        )  # fmt: skip
    for line, address in unsafe_links(body):
        problems.doubtful(
            file,
            line + offset + skipped,
            f"The link to {address!r} is shown as text only.",
            "Link to https:// or mailto:.",
        )
    for number, line_text in enumerate(body.split("\n"), matter.body_line + skipped):
        if has_control_characters(line_text, lines=True):
            problems.wrong(file, number, "There are hidden control characters.", "Type the line anew without them.")
    if required and not body.strip():
        problems.wrong(file, matter.body_line, "There is no text.", "Write it below the second ---.")
    return body
