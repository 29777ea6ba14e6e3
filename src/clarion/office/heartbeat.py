"""What the worker last said of itself."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

STALE_AFTER = timedelta(seconds=30)


def read_heartbeat(path: Path) -> Mapping[str, Any]:
    """The worker's sign of life; empty where there is none or it cannot be read."""
    try:
        beat = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return beat if isinstance(beat, dict) else {}


def is_alive(beat: Mapping[str, Any], now: datetime) -> bool:
    """Whether the worker spoke within the last half minute."""
    try:
        at = datetime.fromisoformat(str(beat["at"]))
    except (KeyError, ValueError):
        return False
    return at.tzinfo is not None and now - at < STALE_AFTER
