"""Cells that no spreadsheet runs as a formula (OWASP: CSV injection)."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a spreadsheet's country separates cells by semicolon or tab, a cell of ours may begin in the midst of another.
_AFTER_A_SEPARATOR = re.compile(r"(?!\A\s)([;\t\r\n]\s*[\"']*\s*)(?=[=+\-@＝＋－＠])")
BOM = "\ufeff"  # without it spreadsheets take UTF-8 for something else


def safe_cell(value: object) -> str:
    """The text of a cell, with an apostrophe before what would be run."""
    text = "" if value is None else _AFTER_A_SEPARATOR.sub(r"\1'", str(value))
    return f"'{text}" if text.startswith(_STARTS) or text.lstrip().startswith(_STARTS) else text


class _Echo:
    """A file that gives back what is written."""

    def write(self, line: str) -> str:
        return line


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table, one after the other as they are asked for."""
    writer = csv.writer(_Echo())
    yield BOM + str(writer.writerow(header))
    for row in rows:
        yield str(writer.writerow([safe_cell(cell) for cell in row]))
