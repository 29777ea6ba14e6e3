"""The one place where the time is asked for; below the edge `now` is a parameter."""

from datetime import UTC, datetime, timedelta

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_MOST_DOUBLINGS = 20  # a million times: longer than any rest, and still a number that a span of time can hold


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def has_passed(span: timedelta, since: datetime | None, now: datetime) -> bool:
    """Whether so long has passed; also where there is no `since`, or the clock was set back behind it."""
    return since is None or not timedelta() <= now - since < span


def doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    """`first`, doubled so many times and at most `longest`: the rest before another try, however many went wrong."""
    doublings: int = 2 ** min(times, _MOST_DOUBLINGS)
    return min(first * doublings, longest)


def from_epoch(seconds: float) -> datetime:
    """The aware UTC moment of a Unix time in seconds."""
    return datetime.fromtimestamp(seconds, UTC)
