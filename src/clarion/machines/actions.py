"""Noting signs of life and keys."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clarion.kernel.keys import PURPOSES, Purpose, read_key_ring
from clarion.machines.models import Heartbeat, KeyMark
from clarion.machines.queries import known_marks
from clarion.machines.rules import KeyName, mark_of, refuse_other_keys

FORGOTTEN_AFTER = timedelta(days=1)


def note_heartbeat(machine: str, said: Mapping[str, Any], *, now: datetime) -> None:
    """Put down what a worker says of itself; workers that were not heard for a day are forgotten."""
    beat = Heartbeat(machine=machine, at=now, said=dict(said))
    Heartbeat.objects.bulk_create(
        [beat], update_conflicts=True, unique_fields=["machine"], update_fields=["at", "said"]
    )
    Heartbeat.objects.filter(at__lt=now - FORGOTTEN_AFTER).delete()


def hold_to_keys(folder: Path, purposes: Collection[Purpose] = PURPOSES) -> None:
    """Note the marks of keys that are new, once this machine's keys have been found to be those of the others.

    Safe to repeat and to race. Raises `OtherKeys`, and nothing is noted then.
    """
    here: dict[KeyName, bytes] = {
        (purpose, key.number): mark_of(purpose, key)
        for purpose in purposes
        for key in read_key_ring(folder, purpose).keys
    }
    known = {name: mark for name, mark in known_marks().items() if name[0] in purposes}
    refuse_other_keys(here, known)
    new = [KeyMark(purpose=name[0], number=name[1], mark=here[name]) for name in here if name not in known]
    KeyMark.objects.bulk_create(new, ignore_conflicts=True)
    if new:  # whoever was first meanwhile is right
        refuse_other_keys(here, {name: mark for name, mark in known_marks().items() if name in here})
