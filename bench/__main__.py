"""`make bench`, or `python -m bench [NAME ...]`: one table, its figures beside their yardsticks of the same run."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.rows import ROWS, Row, write_results

HEAD = ("what", "measured", "beside", "ratio", "p50 ms", "p99 ms", "memory MB")


def main(names: list[str]) -> None:
    """Measure what is named, or all."""
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)}. Named can be: {', '.join(ROWS)}")
    machine = f"{os.cpu_count()} cores shared with the load, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}\n")
    rows = []
    print(_line(HEAD))
    print(_line(["---"] * len(HEAD)))
    for name in names or ROWS:
        for row in ROWS[name]():
            rows.append(row)
            print(_line(_cells(row)), flush=True)
    print(f"\nKept in {write_results(rows, Path(__file__).parent / 'results')}")


def _cells(row: Row) -> list[str]:
    numbers = (row.ratio, 2), (row.p50_ms, 1), (row.p99_ms, 1), (row.memory_mb, 0)
    return [row.what, row.figure, row.beside, *("" if value is None else f"{value:.{n}f}" for value, n in numbers)]


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
