"""Pauses of a long publication, so that what is more urgent need not wait."""

from collections.abc import Callable
from dataclasses import dataclass


class Overtaken(Exception):
    """Something newer was published in a pause: what this run still has in hand is old, and it must start again."""


@dataclass(frozen=True, slots=True)
class Pause:
    """`take` publishes what is urgent, and may raise `Overtaken`; `is_wanted` tells, cheaply, whether there is any."""

    take: Callable[[], None] = lambda: None
    is_wanted: Callable[[], bool] = lambda: False
