"""`make bench`, or `python -m bench [NAME ...]`: one table, its figures beside their yardsticks of the same run.

Ends with an error where an answer was wrong, a row was lost, or a demand was missed.
"""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.history import keep, last_values
from bench.rows import ROWS
from bench.table import HEAD, Row, cells, line


def main(names: list[str]) -> None:
    """Measure what is named, or all."""
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)}. Named can be: {', '.join(ROWS)}")
    where, last = surroundings(), last_values()
    print(" · ".join(where.values()) + "\n")
    print(line(HEAD))
    print(line(["---"] * len(HEAD)))
    rows: list[Row] = []
    failed: list[str] = []
    try:
        for name in names or ROWS:
            try:
                for row in ROWS[name]():
                    rows.append(row)
                    print(line(cells(row, last.get(row.key))), flush=True)
            except SystemExit as error:  # a run with a wrong answer has no figure; the others may have theirs
                failed.append(f"{name}: {error}")
    finally:
        print(f"\nKept in {keep(rows, where)}")
    missed = [f"missed: {row.what}" for row in rows if row.bar and row.bar.verdict(row.judged) == "MISSED"]
    if failed or missed:
        raise SystemExit("\n".join([*failed, *missed]))


def surroundings() -> dict[str, str]:
    """Date, commit and machine."""
    root = Path(__file__).resolve().parents[1]
    commit = subprocess.run(
        ["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": f"commit {commit.stdout.strip() or 'unknown'}",
        "machine": f"{os.cpu_count()} cores shared with the load ({_processor()}), Python {platform.python_version()}",
        "load": f"load average {os.getloadavg()[0]:.1f} before",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((one.partition(":")[2].strip() for one in lines if one.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main(sys.argv[1:])
