"""The pages of events: the list, and one page for each, which prints as its poster."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby

import segno
from markupsafe import Markup, escape

from clarion.events.models import Event
from clarion.kernel.forms import FORMS
from clarion.pages.coverage_map import country_lines, coverage_map, reach
from clarion.pages.labels import event_kind_names, field_labels, report_reason_names
from clarion.pages.showing import Showing, address_of, past, showing, showings, upcoming
from clarion.pages.site import Page, Raw, Scene, render, render_page
from clarion.pages.structured import event_data

ON_A_PAGE = 200
PAST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the list."""

    on: date
    name: str
    events: Sequence[Showing]


def pages_of(scene: Scene) -> Iterator[Page]:
    """The list of events. The first 200 that come stand on it, whatever is beyond on the countries' pages."""
    if not scene.ways.events:
        return
    shown = showings(scene)
    coming = upcoming(shown)
    yield Page(
        scene.at("events/"),
        "pages/events.html",
        {
            "days": days_of(coming[:ON_A_PAGE]),
            "beyond": max(0, len(coming) - ON_A_PAGE),
            "past": past(shown)[:PAST_SHOWN],
            "reach": reach(scene),
            "map": coverage_map(scene),
            "announced": [line for line in country_lines(scene) if line.state == "announced"],
        },
    )


def days_of(shown: Sequence[Showing]) -> list[Day]:
    """Events by their day at the place."""
    in_order = sorted(shown, key=lambda one: (one.local, one.id))
    groups = groupby(in_order, key=lambda one: one.day)
    return [Day(on, rows[0].full_day, rows) for on, rows in ((on, list(group)) for on, group in groups)]


def event_pages_of(scene: Scene, events: Iterable[Event] | None = None) -> Iterator[Raw]:
    """One page for each published event, or for those of `events`."""
    if scene.ways.events:
        for event in scene.events if events is None else events:
            yield event_page(scene, event)


def event_page(scene: Scene, event: Event) -> Raw:
    """The page of one event: its own words, set into the frame that all events of a language share."""
    one = showing(event, scene)
    poster_url = scene.absolute(poster_address(scene, event))
    main = render(
        "pages/event.html",
        scene,
        event=event,
        one=one,
        kind=_fixed(scene).kinds[event.kind],
        street=address_of(event),
        moved=moved_from(scene, event),
        poster_url=poster_url,
        qr=qr_code(poster_url),
        report=_fixed(scene).report,
    )
    head = render("pages/_event_head.html", scene, one=one, data=event_data(scene, event, one))
    title = escape(f"{one.title} · {scene.voice.listed(one.city, one.full_day)}")
    text = _fixed(scene).frame.replace(MARKS["id"], one.id).replace(MARKS["title"], title)
    text = text.replace(MARKS["head"], head).replace(MARKS["main"], main)
    return Raw(f"{one.address}index.html", text.encode(), indexed_as=one.address)


# What no record can hold, for NUL is refused at every door.
MARKS = {name: f"\0{name}\0" for name in ("id", "title", "head", "main")}


@dataclass(frozen=True, slots=True)
class Fixed:
    """What every event's page of a language has in common. Drawn once: there may be ten thousand."""

    frame: str
    report: Markup
    kinds: Mapping[str, str]


@lru_cache(maxsize=32)
def _fixed(scene: Scene) -> Fixed:
    page = Page(scene.at(f"events/{MARKS['id']}/"), "pages/event_frame.html", {"marks": MARKS})
    report = render(
        "pages/_report_form.html",
        scene,
        reasons=report_reason_names(scene.voice),
        labels=field_labels("report", scene.voice),
        note_limit=FORMS["report"].field("note").max_length,
    )
    return Fixed(render_page(page, scene), Markup(report), event_kind_names(scene.voice))  # noqa: S704 - a template


def poster_address(scene: Scene, event: Event) -> str:
    """Where the poster leads: one address for all languages, in the event's own where the call has it.

    Making a code takes longer than all the rest of a page, so each event has one only.
    """
    language = event.language if event.language in scene.languages else scene.campaign.default_language
    return scene.at(f"events/{event.public_id}/", language)


@dataclass(frozen=True, slots=True)
class Moved:
    """What place and time were before the last change, in words; either may be empty."""

    on: str
    time: str
    place: str


def moved_from(scene: Scene, event: Event) -> Moved | None:
    """The note of a changed place or time."""
    if event.moved_at is None:
        return None
    before = event.moved
    return Moved(
        on=scene.voice.day(event.moved_at.date()),
        time=_wall_time(scene, before.get("starts_local", ""), event.starts_local),
        place=_place_before(event),
    )


def _wall_time(scene: Scene, before: str, now: str) -> str:
    if not before or before == now:
        return ""
    at = datetime.fromisoformat(before)
    return scene.voice.listed(scene.voice.weekday_and_day(at.date()), scene.voice.time_of_day(at))


def _place_before(event: Event) -> str:
    """The former place as far as it is known; empty where it is the same one."""
    before = event.moved
    now = {"venue": event.venue.ref if event.venue else "", "city": event.city, "address": event.address}
    if all(before.get(name, value) == value for name, value in now.items()):
        return ""
    parts = (before.get("venue_name", ""), before.get("address", ""), before.get("city", ""))
    return ", ".join(dict.fromkeys(part for part in parts if part))


@lru_cache(maxsize=16384)
def qr_code(url: str) -> Markup:
    """The address as a QR code, inline SVG. A fixed mask: trying all eight takes four times as long."""
    code = segno.make(url, micro=False, error="m", boost_error=False, mask=2)
    return Markup(code.svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None))  # noqa: S704 - no text in it
