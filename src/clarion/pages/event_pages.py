"""The pages of events: the list, and one page for each, which prints as its poster."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby

from markupsafe import Markup, escape

from clarion.events.models import Event
from clarion.kernel.forms import FORMS
from clarion.locale.voice import Voice
from clarion.pages.coverage_map import country_lines, coverage_map, reach
from clarion.pages.labels import event_kind_names, field_labels, report_reason_names
from clarion.pages.markup import said, sized
from clarion.pages.qr_codes import qr_code
from clarion.pages.showing import Showing, address_of, showing, showings, start_before
from clarion.pages.site import Page, Raw, Scene, once_for_scene, render_page
from clarion.pages.structured import event_data
from clarion.places.zones import day_there

ON_A_PAGE = 200
FEW_COUNTRIES = 12  # more of them are folded away, so that the events stand within reach
PAST_SHOWN = 40
WORDY = 300  # letters of notes, from which on a poster sets them smaller to stay on its sheet


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
    coming = scene.events.upcoming
    yield Page(
        scene.at("events/"),
        "pages/events.html",
        {
            "days": days_of(showings(coming[:ON_A_PAGE], scene)),
            "beyond": max(0, len(coming) - ON_A_PAGE),
            "past": showings(scene.events.past[:PAST_SHOWN], scene),
            "reach": reach(scene),
            "map": coverage_map(scene),
            "few": FEW_COUNTRIES,
            "announced": [line for line in country_lines(scene) if line.state == "announced"],
        },
    )


def days_of(shown: Sequence[Showing]) -> list[Day]:
    """Events by their day at the place."""
    in_order = sorted(shown, key=lambda one: (one.local, one.id))
    groups = groupby(in_order, key=lambda one: one.day)
    return [Day(on, rows[0].full_day, rows) for on, rows in ((on, list(group)) for on, group in groups)]


def event_pages_of(scene: Scene, events: Iterable[Event], draw: Callable[[str], Markup] = qr_code) -> Iterator[Raw]:
    """One page for each of these events; `draw` makes their QR codes."""
    if scene.ways.events:
        for event in events:
            yield event_page(scene, event, draw)


def event_page(scene: Scene, event: Event, draw: Callable[[str], Markup] = qr_code) -> Raw:
    """The page of one event: its own words, set into the text that all pages of its look share."""
    one = showing(event, scene)
    words = words_of(scene, event, one, draw)
    return Raw(f"{one.address}index.html", _layout(scene, look_of(event, one, words)).filled(words))


WORDS = (
    "id", "title", "heading", "kind", "data", "moved_on", "moved_time", "moved_place", "utc", "local", "full_day",
    "starts", "ends", "zone", "place", "street", "city", "country", "country_name", "lat", "lon", "bring",
    "accessibility", "public_contact", "language_name", "qr", "poster_url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What decides which lines an event's page has, and how large they are. `said`: the words that it has."""

    is_off: bool
    is_over: bool
    checked: str
    is_proposal: bool
    size: Markup
    is_wordy: bool
    said: frozenset[str]


def look_of(event: Event, one: Showing, words: Mapping[str, str]) -> Look:
    """The look of an event with these words."""
    said = frozenset(name for name, word in words.items() if word)
    is_wordy = len(event.bring) + len(event.accessibility) > WORDY
    return Look(
        one.is_off, one.is_over, event.checked, event.origin == Event.Origin.PROPOSAL, sized(one.title), is_wordy, said
    )


def words_of(scene: Scene, event: Event, one: Showing, draw: Callable[[str], Markup]) -> dict[str, str]:
    """All that differs between pages of one look, as HTML; empty what this one does not have."""
    poster_url = scene.absolute(poster_address(scene, event))
    moved = moved_from(scene, event)
    point = event.exact_point
    return {
        "id": one.id, "title": escape(one.title), "heading": said(one.title, one.language),
        "kind": escape(_kinds(scene)[event.kind]), "data": event_data(scene, event, one),
        "moved_on": escape(moved.on) if moved else "", "moved_time": escape(moved.time) if moved else "",
        "moved_place": escape(moved.place) if moved else "",
        "utc": one.utc, "local": one.local, "full_day": escape(one.full_day), "starts": escape(one.starts),
        "ends": escape(one.ends), "zone": escape(event.zone),
        "place": escape(one.place), "street": escape(address_of(event)), "city": escape(one.city),
        "country": escape(scene.at(f"countries/{one.country.lower()}/")), "country_name": escape(one.country_name),
        "lat": str(point[0]) if point else "", "lon": str(point[1]) if point else "",
        "bring": said(event.bring, event.language) if event.bring else "",
        "accessibility": said(event.accessibility, event.language) if event.accessibility else "",
        "public_contact": escape(event.public_contact), "language_name": _language_name(scene.voice, event.language),
        "qr": draw(poster_url), "poster_url": escape(poster_url),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """A page with gaps: text and name of a gap in turn, text first and last."""

    parts: Sequence[str]

    def filled(self, words: Mapping[str, str]) -> bytes:
        """The page with these words."""
        parts = list(self.parts)
        parts[1::2] = [words[name] for name in parts[1::2]]
        return "".join(parts).encode()


@once_for_scene
def _layout(scene: Scene, look: Look) -> Layout:
    """The page of all events of one look, rendered once: there may be ten thousand.

    A gap is marked by what no record can hold, for NUL is refused at every door.
    """
    marks = {name: Markup(f"\0{name}\0") if name in look.said else "" for name in WORDS}  # noqa: S704 - a gap
    return Layout(tuple(render_page(page_with(scene, look, marks), scene).split("\0")))


def page_with(scene: Scene, look: Look, words: Mapping[str, str]) -> Page:
    """The page as the template renders it."""
    context = {"words": words, "look": look, **_report_form(scene)}
    return Page(scene.at(f"events/{words['id']}/"), "pages/event.html", context)


def _report_form(scene: Scene) -> dict[str, object]:
    return {
        "reasons": report_reason_names(scene.voice),
        "labels": field_labels("report", scene.voice),
        "note_limit": FORMS["report"].field("note").max_length,
    }


@once_for_scene
def _kinds(scene: Scene) -> Mapping[str, str]:
    return event_kind_names(scene.voice)


@lru_cache(maxsize=512)
def _language_name(voice: Voice, tag: str) -> Markup:
    return escape(voice.language_name(tag))


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
    before = start_before(event)
    return Moved(
        on=scene.voice.day(day_there(event.moved_at, event.zone)),
        time=_wall_time(scene, before) if before else "",
        place=_place_before(event),
    )


def _wall_time(scene: Scene, local: str) -> str:
    at = datetime.fromisoformat(local)
    return scene.voice.listed(scene.voice.weekday_and_day(at.date()), scene.voice.time_of_day(at))


def _place_before(event: Event) -> str:
    """The former place as far as it is known; empty where it is the same one."""
    before = event.moved
    now = {"venue": event.venue.ref if event.venue else "", "city": event.city, "address": event.address}
    if all(before.get(name, value) == value for name, value in now.items()):
        return ""
    parts = (before.get("venue_name", ""), before.get("address", ""), before.get("city", ""))
    return ", ".join(dict.fromkeys(part for part in parts if part))
