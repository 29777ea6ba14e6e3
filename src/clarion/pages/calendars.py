"""Calendar entries (RFC 5545, RFC 7986): one for each event, and all of a campaign in one file to subscribe to.

Written line by line: a campaign of 10,000 events has 80,000 entries, and a library takes as long for one as its page
takes. A test reads them with that library.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

from clarion.events.models import Event
from clarion.kernel.text import without_controls
from clarion.pages.showing import address_of, place_of
from clarion.pages.site import Raw, Scene
from clarion.places.zones import day_there

_BEGIN = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Clarion//Events//EN", "METHOD:PUBLISH")
_END = "END:VCALENDAR"
_REFRESH = "PT6H"
_LINE_BYTES = 75  # RFC 5545, 3.1
_SPECIAL = re.compile(r"[\\;,\n]")
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


def calendar_of(scene: Scene) -> Raw:
    """`/{c}/events.ics`, every event of the campaign."""
    title = escaped(scene.statement.title)
    head = [
        *_BEGIN,
        f"NAME:{title}",
        f"X-WR-CALNAME:{title}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}",
        f"URL:{scene.absolute(scene.base)}",
    ]
    entries = (_folded(_entry(scene, event)) for event in scene.events)
    return Raw(f"/{scene.slug}/events.ics", b"".join([_folded(head), *entries, _folded([_END])]))


def entries_of(scene: Scene, events: Iterable[Event]) -> Iterator[Raw]:
    """`event.ics` beside each event's page."""
    for event in events:
        yield Raw(scene.at(f"events/{event.public_id}/event.ics"), _folded([*_BEGIN, *_entry(scene, event), _END]))


def _entry(scene: Scene, event: Event) -> list[str]:
    """The lines of one event, not yet folded."""
    stamp = _instant(stamp_of(event))
    lines = [
        "BEGIN:VEVENT",
        f"SUMMARY;LANGUAGE={event.language}:{escaped(event.title)}",
        f"DTSTART:{_instant(event.starts_at)}",
        f"DTEND:{_instant(event.ends_at)}",
        f"DTSTAMP:{stamp}",
        f"UID:{event.public_id}@{_host(scene.press.public_url)}",
        f"SEQUENCE:{event.sequence}",
        f"DESCRIPTION:{escaped(_description(scene, event))}",
        f"LAST-MODIFIED:{stamp}",
        f"LOCATION:{escaped(location_of(scene, event))}",
        f"STATUS:{'CANCELLED' if event.state == Event.State.CANCELLED else 'CONFIRMED'}",
        f"URL:{scene.absolute(scene.at(f'events/{event.public_id}/'))}",
    ]
    if event.exact_point:
        lines.append(f"GEO:{event.lat};{event.lon}")
    lines.append("END:VEVENT")
    return lines


@cache
def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def stamp_of(event: Event) -> datetime:
    """When the event's public text last changed."""
    moments = [at for at in (event.changed_at, event.cancelled_at, event.moved_at, event.kept_at) if at]
    return max(moments) if moments else event.proposed_at


def location_of(scene: Scene, event: Event) -> str:
    """Place, street, city and country in one line."""
    return scene.voice.listed(place_of(event), address_of(event), event.city, scene.country(event.country))


def _description(scene: Scene, event: Event) -> str:
    """The call's title, above it that the event was moved, below it what its page says besides."""
    lines = [scene.statement.title]
    if event.moved_at:
        day = scene.voice.day(day_there(event.moved_at, event.zone))
        lines.insert(0, scene.voice.gettext("Changed on %(day)s.") % {"day": day})
    lines.extend(text for text in (event.bring, event.accessibility, event.public_contact) if text)
    return "\n".join(lines)


def escaped(text: str) -> str:
    """A text as a value (RFC 5545, 3.3.11)."""
    lines = without_controls(text).replace("\r\n", "\n").replace("\r", "\n")
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], lines)


def _instant(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}{at.minute:02}{at.second:02}Z"


def _folded(lines: list[str]) -> bytes:
    """Lines no longer than 75 bytes; a longer one goes on after a space, never within a character."""
    return b"".join(_fold(line.encode()) + b"\r\n" for line in lines)


def _fold(line: bytes) -> bytes:
    if len(line) <= _LINE_BYTES:
        return line
    parts = []
    room = _LINE_BYTES
    while len(line) > room:
        cut = room
        while line[cut] & 0xC0 == 0x80:  # within a character of UTF-8
            cut -= 1
        parts.append(line[:cut])
        line, room = line[cut:], _LINE_BYTES - 1
    return b"\r\n ".join([*parts, line])
