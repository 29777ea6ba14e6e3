"""What search engines read: schema.org data that says nothing the page does not."""

import json
from typing import Any

from markupsafe import Markup

from clarion.events.models import Event
from clarion.events.rules import settle_times
from clarion.pages.showing import Showing, address_of, start_before, utc_text
from clarion.pages.site import Scene

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def call_data(scene: Scene) -> Markup:
    """The call as an Article."""
    statement = scene.statement
    return as_script(
        {
            "@context": "https://schema.org",
            "@type": "Article",
            "headline": statement.title,
            "description": statement.summary,
            "inLanguage": scene.language,
            "url": scene.absolute(scene.base),
            "datePublished": statement.dated_on.isoformat() if statement.dated_on else None,
            "version": scene.version.number,
            "image": scene.absolute(scene.assets.picture) if scene.assets.picture else None,
            "publisher": _organiser(scene),
        }
    )


def event_data(scene: Scene, event: Event, one: Showing) -> Markup:
    """One event; a stranger's names nobody who holds it: only the organisers of the call are known by name."""
    return as_script(
        {
            "@context": "https://schema.org",
            "@type": "Event",
            "name": event.title,
            "inLanguage": event.language,
            "url": scene.absolute(one.address),
            "startDate": one.utc,
            "endDate": one.utc_end,
            "previousStartDate": _previous_start(event, one),
            "eventStatus": _status(event, one),
            "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
            "location": _location(event, one),
            "organizer": None if event.origin == Event.Origin.PROPOSAL else _organiser(scene),
            "isAccessibleForFree": True,
        }
    )


def _status(event: Event, one: Showing) -> str:
    if one.is_off:
        return "https://schema.org/EventCancelled"
    return f"https://schema.org/{'EventRescheduled' if start_before(event) else 'EventScheduled'}"


def _previous_start(event: Event, one: Showing) -> str | None:
    """When it would have started, where it was moved to another time."""
    before = start_before(event)
    if not before or one.is_off:
        return None
    return utc_text(settle_times(before, "", event.moved.get("zone", event.zone)).starts_at)


def _location(event: Event, one: Showing) -> dict[str, Any]:
    place: dict[str, Any] = {
        "@type": "Place",
        "name": one.place or event.city,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": address_of(event) or None,
            "addressLocality": event.city,
            "addressCountry": event.country,
        },
    }
    if event.exact_point:
        place["geo"] = {"@type": "GeoCoordinates", "latitude": event.lat, "longitude": event.lon}
    return place


def _organiser(scene: Scene) -> dict[str, Any]:
    campaign = scene.campaign
    return {"@type": "Organization", "name": campaign.organiser_name, "url": campaign.organiser_url or None}


def as_script(data: dict[str, Any]) -> Markup:
    """A data block; no browser runs it, and no text in it can end it."""
    text = _JSON.encode(_without_nothing(data))
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(safe))  # noqa: S704 - see above


def _without_nothing(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_nothing(value) for key, value in data.items() if value not in (None, "")}
    return data
