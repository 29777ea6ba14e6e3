"""Open data: counts, events as GeoJSON (RFC 7946), Atom (RFC 4287) and JSON Feed 1.1. Nothing that no page says."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.utils.feedgenerator import Atom1Feed
from markupsafe import Markup

from clarion.campaigns.models import Campaign, Update
from clarion.events.models import Event
from clarion.kernel.text import without_controls
from clarion.pages.calendars import location_of, stamp_of
from clarion.pages.markup import marked_up
from clarion.pages.showing import place_of
from clarion.pages.site import Raw, Scene
from clarion.signatures.rules import Figures

NEWEST = 50  # entries of a feed; a scene has as many events for it
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def counts_json(scene: Scene) -> Raw:
    """`/{c}/counts.json`."""
    return Raw(f"/{scene.slug}/counts.json", _json(counts_of(scene.figures)))


def countries_counted(site: Path, slug: str) -> set[str]:
    """The countries of which `counts.json` gives a figure now; none where it is not there."""
    try:
        return set(json.loads((site / slug / "counts.json").read_bytes())["by_country"])
    except FileNotFoundError:
        return set()


def counts_of(figures: Figures) -> dict[str, Any]:
    """The figures as programs read them."""
    return {
        "total": figures.total,
        "by_country": dict(sorted(figures.by_country.items())),
        "other": figures.other,
        "by_day": dict(sorted(figures.by_day.items())),
        "as_of": _instant(figures.as_of) if figures.as_of else None,
    }


def geojson(scene: Scene) -> Raw:
    """`/{c}/events.geojson`; an event without a point has no geometry.

    `precision` says what the point is: "exact", or "city" where it is only the centre of the city.
    """
    features = ",".join(_JSON.encode(_feature(scene, event)) for event in scene.events)
    return Raw(f"/{scene.slug}/events.geojson", f'{{"type":"FeatureCollection","features":[{features}]}}\n'.encode())


def _feature(scene: Scene, event: Event) -> dict[str, Any]:
    has_point = event.lat is not None and event.lon is not None
    return {
        "type": "Feature",
        "id": event.public_id,
        "geometry": {"type": "Point", "coordinates": [event.lon, event.lat]} if has_point else None,
        "properties": {
            "title": event.title,
            "language": event.language,
            "kind": event.kind,
            "state": event.state,
            "country": event.country,
            "city": event.city,
            "precision": ("city" if event.is_centre else "exact") if has_point else None,
            "place": place_of(event),
            "address": event.address,
            "venue": event.venue.ref if event.venue else None,
            "starts_local": event.starts_local,
            "zone": event.zone,
            "starts_at": _instant(event.starts_at),
            "ends_at": _instant(event.ends_at),
            "url": scene.absolute(scene.at(f"events/{event.public_id}/")),
        },
    }


def feeds_of(scene: Scene) -> Iterator[Raw]:
    """`feed.atom` of one language. Whatever a record holds, it is written: one title must not stop every page."""
    feed = Atom1Feed(
        title=without_controls(scene.statement.title),
        link=scene.absolute(scene.base),
        description=without_controls(scene.statement.summary),
        language=scene.language,
        author_name=without_controls(scene.campaign.organiser_name),
        feed_url=scene.absolute(scene.at("feed.atom")),
        feed_guid=scene.absolute(scene.base),
    )
    for item in news_of(scene):
        feed.add_item(
            title=without_controls(item["title"]),
            link=item["url"],
            description=without_controls(item["content_html"]),
            unique_id=item["id"],
            pubdate=datetime.fromisoformat(item["date_published"]),
            updateddate=datetime.fromisoformat(item["date_modified"]),
        )
    yield Raw(scene.at("feed.atom"), feed.writeString("utf-8").encode())


def json_feed(scene: Scene) -> Raw:
    """`/{c}/feed.json`, in the default language."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": scene.statement.title,
        "description": scene.statement.summary,
        "language": scene.language,
        "home_page_url": scene.absolute(scene.base),
        "feed_url": scene.absolute(f"/{scene.slug}/feed.json"),
        "authors": [_author(scene.campaign)],
        "items": list(news_of(scene)),
    }
    return Raw(f"/{scene.slug}/feed.json", _json(feed))


def _author(campaign: Campaign) -> dict[str, str]:
    """Its address is left out where it has none: JSON Feed knows no null."""
    name = {"name": campaign.organiser_name}
    return {**name, "url": campaign.organiser_url} if campaign.organiser_url else name


def news_of(scene: Scene) -> list[dict[str, Any]]:
    """Updates, events and the present version of the text, the newest first."""
    items = [_update_item(scene, update) for update in scene.updates]
    if scene.ways.events:
        items += [_event_item(scene, event) for event in scene.newest]
    items.sort(key=lambda item: (item["date_modified"], item["id"]), reverse=True)
    return [*items[:NEWEST], _version_item(scene)]


def _version_item(scene: Scene) -> dict[str, Any]:
    url = scene.absolute(scene.at(f"versions/{scene.version.number}/"))
    html = str(marked_up(scene.statement.body))
    return _item(url, url, scene.statement.title, html, scene.version.created_at, scene.version.created_at)


def _update_item(scene: Scene, update: Update) -> dict[str, Any]:
    url = scene.absolute(scene.at(f"updates/{update.posted_on.isoformat()}/"))
    posted = datetime.combine(update.posted_on, time(12), UTC)
    return _item(url, url, update.title, str(marked_up(update.body)), posted, posted)


def _event_item(scene: Scene, event: Event) -> dict[str, Any]:
    url = scene.absolute(scene.at(f"events/{event.public_id}/"))
    starts = datetime.fromisoformat(event.starts_local)
    when = scene.voice.listed(scene.voice.weekday_and_day(starts.date()), scene.voice.time_of_day(starts))
    said = f"{when}. {location_of(scene, event)}"
    if event.state == Event.State.CANCELLED:
        said = f"{scene.voice.gettext('This event is cancelled.')} {said}"
    html = str(Markup("<p>{}</p>").format(said))
    return _item(url, url, event.title, html, event.kept_at or event.proposed_at, stamp_of(event))


def _item(id: str, url: str, title: str, html: str, published: datetime, modified: datetime) -> dict[str, Any]:
    return {
        "id": id,
        "url": url,
        "title": title,
        "content_html": html,
        "date_published": _instant(published),
        "date_modified": _instant(modified),
    }


def _instant(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}Z"


def _json(value: Any) -> bytes:
    return (_JSON.encode(value) + "\n").encode()
