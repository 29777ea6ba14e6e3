"""CSV files row by row, each with the line on which it begins."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from clarion.calls import limits
from clarion.calls.problems import Problems
from clarion.kernel.text import tidy
from clarion.places.countries import CODES


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by column, tidied; what is wrong is noted at its line."""

    file: str
    line: int
    cells: dict[str, str]
    problems: Problems

    def wrong(self, wrong: str, right: str = "") -> None:
        """Note a mistake in this row."""
        self.problems.wrong(self.file, self.line, wrong, right)

    def doubtful(self, wrong: str, right: str = "") -> None:
        """Note a doubt about this row."""
        self.problems.doubtful(self.file, self.line, wrong, right)

    def text(self, column: str, max_length: int, *, required: bool = False) -> str:
        """A cell; empty where it is absent, which is a mistake if it is `required`."""
        text = self.cells.get(column, "")
        if required and not text:
            self.wrong(f"The row has no {column}.", f"Fill in the column `{column}`.")
        return self.problems.check_text(self.file, self.line, f"The {column}", text, max_length)

    def country(self, column: str, *, required: bool = False) -> str:
        """A country code, upper case."""
        code = self.cells.get(column, "").upper()
        if code and code not in CODES:
            self.wrong(f"The {column} {code!r} is not a country code.", "Use two letters of ISO 3166-1, such as KE.")
            return ""
        if required and not code:
            self.wrong(f"The row has no {column}.", "Write two letters of ISO 3166-1, such as KE.")
        return code

    def number(self, column: str, limit: float) -> float | None:
        """Degrees within plus and minus `limit`."""
        text = self.cells.get(column, "")
        if not text:
            return None
        try:
            degrees = float(text)
        except ValueError:
            degrees = float("nan")
        if -limit <= degrees <= limit:
            return degrees
        self.wrong(f"The {column} is {text!r}.", f"Write degrees from -{limit:g} to {limit:g}, such as -1.2864.")
        return None


def read_rows(
    file: str, text: str, columns: Sequence[str], required: Sequence[str], problems: Problems
) -> Iterator[Row]:
    """The rows below the header, empty ones left out; a wrong header is noted and gives no rows."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [tidy(name).lower() for name in next(reader, [])]
        if not _check_header(file, header, columns, required, problems):
            return
        begins = reader.line_num + 1
        for number, cells in enumerate(reader):
            if number >= limits.TABLE_ROWS:
                problems.wrong(file, begins, "The table is too long.", f"At most {limits.TABLE_ROWS} rows fit.")
                return
            if any(cell.strip() for cell in cells):
                if len(cells) > len(header):
                    problems.wrong(
                        file,
                        begins,
                        "The row has more cells than the header.",
                        'Put texts with commas in quotes: "a, b".',
                    )
                yield Row(file, begins, dict(zip(header, map(tidy, cells), strict=False)), problems)
            begins = reader.line_num + 1
    except csv.Error as error:
        problems.wrong(
            file,
            max(reader.line_num, 1),
            f"This is not CSV: {error}.",
            "Close every quote; double a quote within a text.",
        )


def _check_header(
    file: str, header: Sequence[str], columns: Sequence[str], required: Sequence[str], problems: Problems
) -> bool:
    known = ",".join(columns)
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        problems.wrong(file, 1, "The columns are not separated by commas.", f"Save it as CSV with commas: {known}")
        return False
    before = len(problems.mistakes)
    for name in header:
        if name not in columns:
            near = get_close_matches(name, columns, 1)
            problems.wrong(
                file,
                1,
                f"The column {name!r} is not known.",
                f"Did you mean {near[0]}?" if near else f"Known are {known}",
            )
        elif header.count(name) > 1:
            problems.wrong(file, 1, f"The column {name} stands there twice.", "Keep one of them.")
    for name in required:
        if name not in header:
            problems.wrong(file, 1, f"The column {name} is missing.", f"The first line is {known}")
    return len(problems.mistakes) == before
