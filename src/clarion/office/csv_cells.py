"""Cells that no spreadsheet runs as a formula (OWASP: CSV injection)."""

import csv
from collections.abc import Iterable, Iterator, Sequence

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # without it spreadsheets take UTF-8 for something else


def safe_cell(value: object) -> str:
    """The text of a cell, with an apostrophe before what would be run."""
    text = "" if value is None else str(value)
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
