"""Whether what the worker last said of itself is new enough."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clarion.machines.queries import LIVING


def is_alive(beat: Mapping[str, Any], now: datetime) -> bool:
    """Whether the worker spoke within the last half minute."""
    try:
        at = datetime.fromisoformat(str(beat["at"]))
    except (KeyError, ValueError):
        return False
    return at.tzinfo is not None and now - at < LIVING
