"""How an event is shown: dates, place and notes in one language, formatted once for all pages that list it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from clarion.events.models import Event
from clarion.locale.voice import Voice
from clarion.pages.site import Scene


@dataclass(frozen=True, slots=True)
class Showing:
    """One event as a page of one language shows it. Names that people wrote keep their own language."""

    id: str
    address: str
    title: str
    language: str
    state: str
    country: str
    country_name: str
    city: str
    place: str
    day: date
    weekday: str
    day_number: str
    month: str
    full_day: str
    short_day: str
    starts: str
    ends: str
    local: str
    utc: str
    utc_end: str

    @property
    def is_off(self) -> bool:
        """Whether it was cancelled."""
        return self.state == Event.State.CANCELLED

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state == Event.State.ENDED


def showings(events: Iterable[Event], scene: Scene) -> list[Showing]:
    """These events in the scene's language. Choose first: there may be ten thousand."""
    return [showing(event, scene) for event in events]


def showing(event: Event, scene: Scene) -> Showing:
    """One event in the scene's language."""
    starts = datetime.fromisoformat(event.starts_local)
    day = _day(starts.date(), scene.voice)
    ends = datetime.fromisoformat(event.ends_local) if event.ends_local else None
    return Showing(
        id=event.public_id,
        address=scene.at(f"events/{event.public_id}/"),
        title=event.title,
        language=event.language,
        state=event.state,
        country=event.country,
        country_name=scene.country(event.country),
        city=event.city,
        place=place_of(event),
        day=starts.date(),
        weekday=day[0],
        day_number=day[1],
        month=day[2],
        full_day=day[3],
        short_day=day[4],
        starts=_clock(starts.hour, starts.minute, scene.voice),
        ends=_end(starts, ends, scene.voice),
        local=event.starts_local,
        utc=utc_text(event.starts_at),
        utc_end=utc_text(event.ends_at),
    )


def place_of(event: Event) -> str:
    """The venue's name, or the address in words."""
    return event.venue.name if event.venue else event.address


def address_of(event: Event) -> str:
    """Street or square below the place's name, where they differ."""
    written = event.address or (event.venue.address if event.venue else "")
    return "" if written == place_of(event) else written


def start_before(event: Event) -> str:
    """The wall time at which it would have started before it was moved; empty where that stayed."""
    before: str = event.moved.get("starts_local", "") if event.moved_at else ""
    return "" if before == event.starts_local else before


@lru_cache(maxsize=8192)
def _day(on: date, voice: Voice) -> tuple[str, str, str, str, str]:
    return voice.weekday(on), voice.day_number(on), voice.month(on), voice.weekday_and_day(on), voice.short_day(on)


@lru_cache(maxsize=8192)
def _clock(hour: int, minute: int, voice: Voice) -> str:
    return voice.time_of_day(datetime(2000, 1, 1, hour, minute, tzinfo=UTC))


def _end(starts: datetime, ends: datetime | None, voice: Voice) -> str:
    """The end's time of day, with its day where that is another one; empty where none was given."""
    if ends is None:
        return ""
    clock = _clock(ends.hour, ends.minute, voice)
    is_same_night = ends.date() == starts.date() or ends - starts < timedelta(hours=12)
    return clock if is_same_night else voice.listed(_day(ends.date(), voice)[3], clock)


def utc_text(at: datetime) -> str:
    """A moment as machines read it, to the minute."""
    at = at.astimezone(UTC)
    return f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}Z"
