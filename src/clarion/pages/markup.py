"""What people wrote, marked up for a page: Markdown, and words in another language than the page's."""

import re
from functools import cache, lru_cache
from unicodedata import east_asian_width

from markupsafe import Markup, escape

from clarion.campaigns.markdown import render_markdown
from clarion.kernel.languages import direction


@cache
def marked_up(text: str) -> Markup:
    """A campaign's Markdown as HTML."""
    return Markup(render_markdown(text))  # noqa: S704 - the renderer lets a short list of tags through


def beginning(text: str) -> str:
    """How a campaign's Markdown begins, as plain words."""
    words = marked_up(text).striptags()
    if len(words) <= _BEGINNING:
        return words
    cut = words[:_BEGINNING]
    return cut.rsplit(" ", 1)[0] + "…"


_BEGINNING = 200


def one_line(text: str) -> str:
    """Words that a template spread over lines, for an attribute."""
    return text.__class__(" ").join(line.strip(" ") for line in text.splitlines()).strip(" ")


def unbroken(text: str) -> str:
    """`text` in which no line ends in the middle of "e-mail": a word joiner is not seen, and holds a line together."""
    return text.__class__(_E_MAIL.sub("-\u2060", text))


_E_MAIL = re.compile(r"(?<=\b[Ee])-(?=[Mm]ail)")


def sized(title: str) -> Markup:
    """The class of a headline that is long: what people write may be five times as long as what a page is drawn for."""
    width = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in title)
    name = next((name for name, least in _LONG.items() if width >= least), "")
    return Markup(' class="{}"').format(name) if name else Markup()


_LONG = {"longer": 80, "long": 50}  # by width in letters of the Latin alphabet


def said(text: str, language: str = "") -> Markup:
    """Words that somebody wrote, with their language and direction where these are known."""
    return _bdi(language) + escape(text) + _BDI_END


_BDI_END = Markup("</bdi>")


@lru_cache(maxsize=512)
def _bdi(language: str) -> Markup:
    return Markup('<bdi lang="{}" dir="{}">').format(language, direction(language)) if language else Markup("<bdi>")
