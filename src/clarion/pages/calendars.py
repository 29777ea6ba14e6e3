"""Calendar entries (RFC 5545, RFC 7986): one for each event, and all of a campaign in one file to subscribe to."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import icalendar

from clarion.events.models import Event
from clarion.pages.showing import address_of, place_of
from clarion.pages.site import Raw, Scene

_REFRESH = timedelta(hours=6)


def calendar_of(scene: Scene) -> Raw:
    """`/{c}/events.ics`, every event of the campaign."""
    calendar = _calendar()
    calendar.add("name", scene.statement.title)
    calendar.add("x-wr-calname", scene.statement.title)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("url", scene.absolute(scene.base))
    for event in scene.events:
        calendar.add_component(_entry(scene, event))
    return Raw(f"/{scene.slug}/events.ics", calendar.to_ical())


def entries_of(scene: Scene, events: Collection[Event]) -> Iterator[Raw]:
    """`event.ics` beside each event's page."""
    for event in events:
        calendar = _calendar()
        calendar.add_component(_entry(scene, event))
        yield Raw(scene.at(f"events/{event.public_id}/event.ics"), calendar.to_ical())


def _calendar() -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    for name, value in (("version", "2.0"), ("prodid", "-//Clarion//Events//EN"), ("method", "PUBLISH")):
        calendar.add(name, value)
    return calendar


def _entry(scene: Scene, event: Event) -> icalendar.Event:
    entry = icalendar.Event()
    entry.add("uid", f"{event.public_id}@{urlsplit(scene.press.public_url).hostname}")
    entry.add("dtstamp", stamp_of(event).astimezone(UTC))
    entry.add("last-modified", stamp_of(event).astimezone(UTC))
    entry.add("dtstart", event.starts_at.astimezone(UTC))
    entry.add("dtend", event.ends_at.astimezone(UTC))
    entry.add("sequence", event.sequence)
    entry.add("status", "CANCELLED" if event.state == Event.State.CANCELLED else "CONFIRMED")
    entry.add("summary", event.title, parameters={"LANGUAGE": event.language})
    entry.add("location", location_of(scene, event))
    entry.add("description", _description(scene, event))
    if event.lat is not None and event.lon is not None:
        entry.add("geo", (event.lat, event.lon))
    entry.add("url", scene.absolute(scene.at(f"events/{event.public_id}/")))
    return entry


def stamp_of(event: Event) -> datetime:
    """When the event's public text last changed."""
    moments = (event.changed_at, event.cancelled_at, event.moved_at, event.kept_at)
    return max((at for at in moments if at), default=event.proposed_at)


def location_of(scene: Scene, event: Event) -> str:
    """Place, street, city and country in one line."""
    return scene.voice.listed(place_of(event), address_of(event), event.city, scene.country(event.country))


def _description(scene: Scene, event: Event) -> str:
    """The call's title, above it that the event was moved, below it what its page says besides."""
    lines = [scene.statement.title]
    if event.moved_at:
        day = scene.voice.day(event.moved_at.date())
        lines.insert(0, scene.voice.gettext("Changed on %(day)s.") % {"day": day})
    lines.extend(text for text in (event.bring, event.accessibility, event.public_contact) if text)
    return "\n".join(lines)
