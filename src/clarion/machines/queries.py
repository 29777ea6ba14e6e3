"""Which workers live, and by what the installation's keys are known."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clarion.machines.models import Heartbeat, KeyMark
from clarion.machines.rules import KeyName


def newest_beats(*, since: datetime) -> list[tuple[str, Mapping[str, Any]]]:
    """What each worker heard since then said last, by its machine; the newest first."""
    rows = Heartbeat.objects.filter(at__gt=since).order_by("-at", "machine")
    return list(rows.values_list("machine", "said"))


def known_marks() -> dict[KeyName, bytes]:
    """The marks of the keys in use."""
    rows = KeyMark.objects.values_list("purpose", "number", "mark")
    return {(purpose, number): bytes(mark) for purpose, number, mark in rows}
