"""The one Markdown renderer: no HTML in, a short list of tags out, links only to https and mailto."""

import re
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "strong", "em", "a", "code", "pre",
}  # fmt: skip
_LINK_START = re.compile(r"https://[^/?#\\]|mailto:[^/]", re.IGNORECASE)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(["image"])


@cache
def _html_parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).disable(["image"])


def render_markdown(text: str) -> str:
    """`text` as HTML for a page: a first-level heading becomes a second-level one, for the page has its title."""
    tokens = _parser().parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close") and token.tag == "h1":
            token.tag = "h2"
    html = _parser().renderer.render(tokens, _parser().options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_kept_attribute,
        url_schemes={"https", "mailto"},
        link_rel="noopener noreferrer",
    )


def _kept_attribute(tag: str, attribute: str, value: str) -> str | None:
    return value if tag == "a" and attribute == "href" and is_safe_link(value) else None


def is_safe_link(address: str) -> bool:
    """Whether a page may link there: https with a host, or mailto."""
    return bool(_LINK_START.match(address)) and not any(c.isspace() or ord(c) < 32 for c in address)


def plain_text(text: str) -> str:
    """`text` without its marks: for descriptions and feeds."""
    blocks = [
        _plain_inline(token) for token in _parser().parse(text) if token.type in ("inline", "fence", "code_block")
    ]
    return "\n\n".join(block for block in blocks if block)


def _plain_inline(token: Token) -> str:
    if token.children is None:
        return token.content.strip()
    parts = (" " if child.type in ("softbreak", "hardbreak") else child.content for child in token.children)
    return "".join(parts).strip()


def html_lines(text: str) -> list[tuple[int, str]]:
    """Where `text` has HTML, as CommonMark defines it: line numbers from 1, and how it begins. Code may show tags."""
    found: list[tuple[int, str]] = []
    for token in _html_parser().parse(text):
        line = token.map[0] + 1 if token.map else 1
        if token.type == "html_block":
            found.append((line, _beginning(token.content)))
        for child in token.children or ():
            if child.type == "html_inline":
                found.append((line, _beginning(child.content)))
            line += _line_ends(child)
    return found


def unsafe_links(text: str) -> list[tuple[int, str]]:
    """Links that a page will not carry (neither https nor mailto): line numbers from 1, and the address."""
    found: list[tuple[int, str]] = []
    for token in _html_parser().parse(text):
        line = token.map[0] + 1 if token.map else 1
        for child in token.children or ():
            address = str(child.attrGet("href") or "")
            if child.type == "link_open" and not is_safe_link(address):
                found.append((line, address))
            line += _line_ends(child)
    return found


def _line_ends(token: Token) -> int:
    return 1 if token.type in ("softbreak", "hardbreak") else token.content.count("\n")


def _beginning(html: str) -> str:
    return html.strip().splitlines()[0][:40]


def escape_markdown(text: str) -> str:
    """Plain text as Markdown that says exactly that."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", text)
