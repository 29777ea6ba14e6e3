"""Calendar entries (RFC 5545, RFC 7986): one for each event, and all of a campaign in one file to subscribe to.

Written out here, for a library takes longer over an entry than the whole page beside it takes; a test reads them back
with one.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from clarion.events.models import Event
from clarion.pages.showing import address_of, place_of
from clarion.pages.site import Raw, Scene

_HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Clarion//Events//EN\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n"
_REFRESH = "PT6H"
_FOLD = 73  # octets of a line, a blank before and the line end aside (RFC 5545, 3.1: 75)


def calendar_of(scene: Scene) -> Raw:
    """`/{c}/events.ics`, every event of the campaign."""
    about = (
        _text("NAME", scene.statement.title),
        _text("X-WR-CALNAME", scene.statement.title),
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}\r\n",
        f"X-PUBLISHED-TTL:{_REFRESH}\r\n",
        _folded(f"URL:{scene.absolute(scene.base)}"),
    )
    entries = (_entry(scene, event) for event in scene.events)
    return Raw(f"/{scene.slug}/events.ics", "".join((_HEAD, *about, *entries, "END:VCALENDAR\r\n")).encode())


def entries_of(scene: Scene, events: Collection[Event]) -> Iterator[Raw]:
    """`event.ics` beside each event's page."""
    for event in events:
        text = f"{_HEAD}{_entry(scene, event)}END:VCALENDAR\r\n"
        yield Raw(scene.at(f"events/{event.public_id}/event.ics"), text.encode())


def _entry(scene: Scene, event: Event) -> str:
    stamp = _moment(stamp_of(event))
    host = urlsplit(scene.press.public_url).hostname
    has_point = event.lat is not None and event.lon is not None
    return "".join(
        (
            "BEGIN:VEVENT\r\n",
            f"UID:{event.public_id}@{host}\r\n",
            f"DTSTAMP:{stamp}\r\n",
            f"LAST-MODIFIED:{stamp}\r\n",
            f"DTSTART:{_moment(event.starts_at)}\r\n",
            f"DTEND:{_moment(event.ends_at)}\r\n",
            f"SEQUENCE:{event.sequence}\r\n",
            f"STATUS:{'CANCELLED' if event.state == Event.State.CANCELLED else 'CONFIRMED'}\r\n",
            _text(f"SUMMARY;LANGUAGE={event.language}", event.title),
            _text("LOCATION", location_of(scene, event)),
            _text("DESCRIPTION", _description(scene, event)),
            f"GEO:{event.lat};{event.lon}\r\n" if has_point else "",
            _folded(f"URL:{scene.absolute(scene.at(f'events/{event.public_id}/'))}"),
            "END:VEVENT\r\n",
        )
    )


def stamp_of(event: Event) -> datetime:
    """When the event's public text last changed."""
    moments = (event.changed_at, event.cancelled_at, event.moved_at, event.kept_at)
    return max((at for at in moments if at), default=event.proposed_at)


def location_of(scene: Scene, event: Event) -> str:
    """Place, street, city and country in one line."""
    parts = (place_of(event), address_of(event), event.city, scene.country(event.country))
    return ", ".join(part for part in parts if part)


def _description(scene: Scene, event: Event) -> str:
    """The call's title, above it that the event was moved, below it what its page says besides."""
    lines = [scene.statement.title]
    if event.moved_at:
        day = scene.voice.day(event.moved_at.date())
        lines.insert(0, scene.voice.gettext("Changed on %(day)s.") % {"day": day})
    lines.extend(text for text in (event.bring, event.accessibility, event.public_contact) if text)
    return "\n".join(lines)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r", "").replace("\n", "\\n")
    return _folded(f"{name}:{escaped}")


def _folded(line: str) -> str:
    """A content line with its end, broken where it is longer than 75 octets; never within a character."""
    if len(line) <= _FOLD and line.isascii():
        return line + "\r\n"
    parts, part, octets = [], "", 0
    for letter in line:
        size = len(letter.encode())
        if octets + size > _FOLD:
            parts.append(part)
            part, octets = "", 0
        part, octets = part + letter, octets + size
    return "\r\n ".join((*parts, part)) + "\r\n"
