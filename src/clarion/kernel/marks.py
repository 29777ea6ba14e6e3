"""Marks: numbers by which two things are seen to be alike, and nothing is seen of the things (ADR 0012).

The key of networks is made each day. Intake alone holds it, in its policy file, that day and the next; then it is
gone, and what was marked with it says nothing any more.
"""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta

from clarion.kernel.keys import KEY_BYTES, Key
from clarion.kernel.sealing import keyed_hash

MARKS_KEPT = timedelta(hours=48)
_DAYS_IN_FORCE = 2
_MOST = 1 << 63

NetworkKeys = Mapping[str, str]  # day (ISO 8601, UTC): 32 bytes in hexadecimal


def mark(key: Key, *parts: str) -> int:
    """64 bits (signed) that stand for `parts` and can be made only with `key`."""
    return int.from_bytes(keyed_hash(key, *parts)[:8], signed=True)


def is_mark(value: object) -> bool:
    """Whether `value` is a number that `mark` may give."""
    return type(value) is int and -_MOST <= value < _MOST


def renewed_keys(keys: NetworkKeys, today: date) -> dict[str, str]:
    """The keys that are still in force on `today`, and a fresh one where that day has none."""
    kept = {day: keys[day] for day in _days_in_force(today) if day in keys}
    return {today.isoformat(): secrets.token_hex(KEY_BYTES)} | kept


def keys_in_force(keys: NetworkKeys, today: date) -> tuple[Key, ...]:
    """The keys to mark with on `today`, its own first: by the older one a wave is seen across midnight.

    A file that nobody wrote for days holds none.
    """
    days = [day for day in _days_in_force(today) if day in keys]
    return tuple(Key(date.fromisoformat(day).toordinal(), bytes.fromhex(keys[day])) for day in days)


def _days_in_force(today: date) -> list[str]:
    return [(today - timedelta(days=ago)).isoformat() for ago in range(_DAYS_IN_FORCE)]
