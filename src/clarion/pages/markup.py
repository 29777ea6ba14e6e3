"""What people wrote, made safe to stand in a page: Markdown, and words in another language than the page's."""

import re
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from clarion.kernel.languages import direction

_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "strong", "em", "a", "br", "hr", "code", "pre"}
_ALLOWED_LINK = re.compile(r"(?:https://|mailto:)", re.IGNORECASE)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable("image")


@cache
def marked_up(text: str) -> Markup:
    """A campaign's Markdown as HTML: headings from the second level, links to https and mailto only."""
    html = _markdown().render(text)
    html = html.replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return Markup(  # noqa: S704 - nh3 keeps the listed tags and nothing else
        nh3.clean(
            html,
            tags=_TAGS,
            attributes={"a": {"href"}},
            attribute_filter=_only_known_links,
            url_schemes={"https", "mailto"},
            link_rel="noopener",
        )
    )


def _only_known_links(tag: str, attribute: str, value: str) -> str | None:
    is_good = tag == "a" and attribute == "href" and _ALLOWED_LINK.match(value)
    return value if is_good else None


def said(text: str, language: str = "", own: str = "") -> Markup:
    """Words that somebody wrote, with their own language and direction; `own`: the page's language, not repeated."""
    if language and language != own:
        return Markup('<bdi lang="{}" dir="{}">{}</bdi>').format(language, direction(language), text)
    return Markup("<bdi>{}</bdi>").format(escape(text))
