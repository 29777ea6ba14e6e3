"""Which workers live, and by what the installation's keys are known."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import Error, connection

from clarion.machines.models import Heartbeat, KeyMark
from clarion.machines.rules import KeyName

LIVING = timedelta(seconds=30)


def last_beat(file: Path, *, now: datetime) -> Mapping[str, Any]:
    """What the worker last said of itself (`worker.pulse.Beat`); empty where none ever spoke, or it cannot be read.

    Where workers share a database: what the one heard last said, with the troubles of all that live and their number.
    """
    if connection.vendor != "postgresql":
        return _beat_in(file)
    try:
        beats = list(Heartbeat.objects.order_by("-at", "machine").values_list("at", "said"))
    except Error:
        return {}
    if not beats:
        return {}
    living = [said for at, said in beats if now - at < LIVING]
    troubles = sorted({code for said in living for code in said["trouble"]})
    newest: Mapping[str, Any] = beats[0][1]
    return {**newest, "trouble": troubles, "workers": len(living)}


def _beat_in(file: Path) -> Mapping[str, Any]:
    try:
        beat = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return beat if isinstance(beat, dict) else {}


def known_marks() -> dict[KeyName, bytes]:
    """The marks of the keys in use."""
    rows = KeyMark.objects.values_list("purpose", "number", "mark")
    return {(purpose, number): bytes(mark) for purpose, number, mark in rows}
