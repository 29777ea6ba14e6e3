"""How a loop of the worker runs: a step at a time, surviving what goes wrong, ending when told to."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from django.db import connections

from clarion.kernel.clock import SECOND, doubled, utc_now
from clarion.worker.pulse import LoopName, Pulse

log = logging.getLogger("clarion.worker")
_LONGEST_REST = 10 * SECOND  # after a full disk or a dead mail host, all goes on within that time


def run_loop(
    name: LoopName,
    step: Callable[[datetime], bool],
    *,
    pulse: Pulse,
    stop: Event,
    idle_seconds: float,
    wanted: Event | None = None,
    at_end: Callable[[], None] = lambda: None,
) -> None:
    """Call `step` until `stop`; it gives whether there may be more to do at once.

    An error rests the loop for longer each time and is reported; it never ends it. `wanted` cuts a rest short, but none
    after an error: a mail host that refuses would be asked again with every form that comes in.
    """
    failures = 0
    try:
        while not stop.is_set():
            try:
                has_more = step(utc_now())
                failures, pulse.trouble[name] = 0, False
            except Exception:
                failures += 1
                has_more, pulse.trouble[name] = False, True
                log.exception("the %s loop failed", name)
                connections.close_all()
            if not has_more:
                _rest(
                    stop,
                    None if failures else wanted,
                    doubled(timedelta(seconds=idle_seconds), failures, _LONGEST_REST),
                )
    finally:
        at_end()
        connections.close_all()


def _rest(stop: Event, wanted: Event | None, span: timedelta) -> None:
    if wanted is None:
        stop.wait(span.total_seconds())
        return
    wanted.wait(span.total_seconds())
    wanted.clear()
