"""Cells that no spreadsheet runs as a formula (OWASP: CSV injection)."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a spreadsheet's country separates cells by semicolon or tab, a cell of ours may begin in the midst of another.
_AFTER_A_SEPARATOR = re.compile(r"(?!\A\s)([;\t\r\n]\s*[\"']*\s*)(?=[=+\-@＝＋－＠])")
# Most cells: neither of the two can be in them. Asked first, for an export may have millions of rows.
_PLAIN = re.compile(r"[^\s;=+\-@＝＋－＠][^;\t\r\n]*")
_AT_ONCE = 500
BOM = "\ufeff"  # without it spreadsheets take UTF-8 for something else


def safe_cell(value: object) -> str:
    """The text of a cell, with an apostrophe before what would be run."""
    text = "" if value is None else str(value)
    if _PLAIN.fullmatch(text):
        return text
    text = _AFTER_A_SEPARATOR.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_STARTS) or text.lstrip().startswith(_STARTS) else text


def csv_pieces(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table, some hundreds of lines at a time as they are asked for."""
    yield BOM + _written([header])
    left = iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        yield _written([list(map(safe_cell, row)) for row in some])


def _written(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
