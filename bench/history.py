"""Former results, one JSON file a run, outside git: so that a change shows as a ratio."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from bench.table import Row

FOLDER = Path(__file__).parent / "results"


def last_values(folder: Path = FOLDER) -> dict[str, float]:
    """By row, what was judged when it was last measured. What cannot be read counts for nothing."""
    found: dict[str, float] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            rows = json.loads(path.read_text())["rows"]
            found |= {str(row["key"]): float(row["judged"]) for row in rows}
        except (ValueError, KeyError, TypeError):
            continue
    return found


def keep(rows: Sequence[Row], where: dict[str, str], folder: Path = FOLDER) -> Path:
    """Keep the figures of this run; `where` says date, commit and machine."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    path.write_text(json.dumps({"where": where, "rows": [row.to_json() for row in rows]}, indent=1))
    return path
