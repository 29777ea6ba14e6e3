"""A campaign's events in order, and the parts of them that pages of every language ask for, worked out once."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from clarion.events.models import Event

_ENDED: str = Event.State.ENDED  # looking it up for each of ten thousand takes longer than comparing


class Programme(tuple[Event, ...]):
    """What the public sees, by start."""

    @cached_property
    def upcoming(self) -> Sequence[Event]:
        """Those that have not ended, the cancelled among them: who planned to come must see it."""
        return upcoming(self)

    @cached_property
    def past(self) -> Sequence[Event]:
        """Those that have ended, the latest first."""
        return past(self)

    @cached_property
    def by_country(self) -> Mapping[str, Sequence[Event]]:
        """By the code of their country, in the same order."""
        return by_country(self)


def upcoming(events: Iterable[Event]) -> list[Event]:
    """Those that have not ended."""
    return [event for event in events if event.state != _ENDED]


def past(events: Sequence[Event]) -> list[Event]:
    """Those that have ended, the latest first."""
    return [event for event in reversed(events) if event.state == _ENDED]


def by_country(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Events by the code of their country, in the same order."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.country, []).append(event)
    return found
