"""Whether the time may be believed for what cannot be taken back."""

import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from clarion.kernel.clock import DAY, from_epoch

log = logging.getLogger("clarion.worker")

LEAP = 30 * DAY
HELD_SECONDS = 3600.0


class SteadyClock:
    """Doubts a time that lies a month and more after the last one seen, until it has held for an hour.

    A machine may start years ahead, until it has asked a time server. Then everything would be over, and what is
    erased comes back from no backup. The last time that was believed is that of a file, so that it survives a restart.
    A server that was off for a month erases an hour later.
    """

    def __init__(self, mark: Path, running: Callable[[], float] = monotonic) -> None:
        self._mark = mark
        self._running = running
        self._doubted_since: float | None = None

    def is_believed(self, now: datetime) -> bool:
        """Whether to go by `now`; one that is believed is remembered."""
        if self._leap(now) > LEAP and not self._has_held():
            return False
        self._doubted_since = None
        self._mark.touch()
        os.utime(self._mark, (now.timestamp(), now.timestamp()))
        return True

    def _leap(self, now: datetime) -> timedelta:
        try:
            return now - from_epoch(self._mark.stat().st_mtime)
        except FileNotFoundError:
            return timedelta()

    def _has_held(self) -> bool:
        if self._doubted_since is None:
            self._doubted_since = self._running()
            log.warning(
                "the clock has leapt by a month or more: nothing is erased until that time has held for an hour"
            )
        return self._running() - self._doubted_since >= HELD_SECONDS
