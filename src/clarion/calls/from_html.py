"""HTML that someone pasted, as Markdown: paragraphs, headings, lists, emphasis and links; nothing else comes along."""

import re
from datetime import date
from html.parser import HTMLParser

from clarion.campaigns.markdown import escape_markdown, is_safe_link

_SKIPPED = frozenset(
    {"script", "style", "head", "nav", "form", "noscript", "template", "svg", "iframe", "footer", "button"}
)
_BLOCKS = frozenset(
    {
        "p", "div", "section", "article", "main", "header", "blockquote", "ul", "ol", "table", "tr", "figure",
        "figcaption", "dl", "dt", "dd", "address", "pre", "time", "aside", "body",
    }
)  # fmt: skip
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}


def html_to_markdown(html: str) -> tuple[str, date | None, str]:
    """The document's `<title>`, the day of its first `<time datetime>`, and its text as Markdown."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return " ".join(writer.title.split()), writer.dated_on, writer.markdown()


class _Writer(HTMLParser):
    """Writes Markdown while it reads HTML; what is never closed ends with its block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.dated_on: date | None = None
        self._blocks: list[str] = []
        self._line: list[str] = []
        self._prefix = ""
        self._skipping: list[str] = []
        self._in_title = False
        self._lists: list[int | None] = []  # the next number, or None for bullets
        self._quotes = 0
        self._links: list[str] = []
        self._marks: list[str] = []

    def markdown(self) -> str:
        """What was read."""
        self._end_block()
        text = "\n\n".join(self._blocks)
        return re.sub(r"(?m)^((?:> )*(?:\d+\.|-) .*)\n\n(?=(?:> )*(?:\d+\.|-) )", r"\1\n", text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, a mark or a link."""
        self._in_title = tag == "title"
        if tag in _SKIPPED:
            self._skipping.append(tag)
        if self._skipping:
            return
        if tag in _BLOCKS or tag == "li" or re.fullmatch(r"h[1-6]", tag):
            self._start_block(tag, dict(attrs))
        elif tag == "br":
            self._line.append("\n")
        elif tag == "a":
            self._open_link(dict(attrs).get("href") or "")
        elif tag in _MARKS:
            self._marks.append(tag)
            self._line.append(_MARKS[tag])

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened."""
        self._in_title = False
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.pop()
            return
        if tag in _BLOCKS or tag == "li" or re.fullmatch(r"h[1-6]", tag):
            self._end_block()
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "a" and self._links:
            address = self._links.pop()
            self._line.append(f"]({address})" if address else "")
        elif tag in _MARKS and tag in self._marks:
            self._marks.remove(tag)
            self._line.append(_MARKS[tag])

    def handle_data(self, data: str) -> None:
        """Take text, blanks folded."""
        if self._in_title:
            self.title += data
        elif not self._skipping:
            self._line.append(escape_markdown(re.sub(r"\s+", " ", data)))

    def _start_block(self, tag: str, attrs: dict[str, str | None]) -> None:
        self._end_block()
        if tag == "time":
            self._note_day(attrs.get("datetime") or "")
        elif tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "li":
            self._prefix = self._list_mark()
        elif tag[0] == "h" and tag[1:].isdigit():
            self._prefix = "#" * int(tag[1]) + " "

    def _list_mark(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _open_link(self, address: str) -> None:
        safe = address if is_safe_link(address) and not set("() <>") & set(address) else ""
        self._links.append(safe)
        self._line.append("[" if safe else "")

    def _note_day(self, text: str) -> None:
        try:
            self.dated_on = self.dated_on or date.fromisoformat(text[:10])
        except ValueError:
            return

    def _end_block(self) -> None:
        """Write the block that has gathered, its open marks and links closed."""
        closing = [f"]({address})" if address else "" for address in reversed(self._links)]
        closing += [_MARKS[tag] for tag in reversed(self._marks)]
        joined = "".join([*self._line, *closing])
        text = "\n".join(" ".join(line.split()) for line in joined.split("\n")).strip()
        text = re.sub(r" *\n+", "  \n", _tidy_marks(text))
        if text:
            self._blocks.append("> " * self._quotes + self._prefix + text)
        self._line, self._links, self._marks, self._prefix = [], [], [], ""


def _tidy_marks(text: str) -> str:
    """Marks around nothing go; blanks at the inner edge of a mark move outside, else they do not count."""
    text = re.sub(r"\*\*\s*\*\*|(?<!\*)\*\s+\*(?!\*)", " ", text)
    text = re.sub(r"(?<!\\)(\*{1,2})(\s*)([^*]+?)(\s*)\1", r"\2\1\3\1\4", text)
    return re.sub(r" {2,}", " ", text).strip()
