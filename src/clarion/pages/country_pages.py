"""Coverage as a list, and a page for each country: its venues, its events, its count, and how to host one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from clarion.events.models import Event
from clarion.pages.coverage_map import CountryLine, country_lines, coverage_map, reach
from clarion.pages.event_pages import ON_A_PAGE
from clarion.pages.forms import host_form, sign_form
from clarion.pages.programme import past, upcoming
from clarion.pages.showing import Showing, showings
from clarion.pages.site import Page, Scene
from clarion.places.models import Venue


@dataclass(frozen=True, slots=True)
class VenueLine:
    """One venue with what is announced there."""

    venue: Venue
    type_name: str
    events: Sequence[Showing]


def pages_of(scene: Scene) -> Iterator[Page]:
    """The list of countries, and every country's page."""
    if not scene.ways.events:
        return
    yield list_page(scene)
    yield from country_pages_of(scene, [line.code for line in country_lines(scene)], scene.events.by_country)


def list_page(scene: Scene) -> Page:
    """`countries/`: coverage as a map, and the same as a list."""
    context = {"lines": country_lines(scene), "map": coverage_map(scene), "reach": reach(scene)}
    return Page(scene.at("countries/"), "pages/countries.html", context)


def country_pages_of(scene: Scene, codes: Collection[str], here: Mapping[str, Sequence[Event]]) -> Iterator[Page]:
    """The pages of some countries, of which `here` must hold all events; one with more than 200 has further pages."""
    for line in country_lines(scene):
        if line.code in codes:
            yield from _pages_of_country(scene, line, here.get(line.code, []))


def _pages_of_country(scene: Scene, line: CountryLine, here: Sequence[Event]) -> Iterator[Page]:
    events = [*upcoming(here), *past(here)]
    count = scene.figures.by_country.get(line.code)
    parts = [events[at : at + ON_A_PAGE] for at in range(0, len(events), ON_A_PAGE)] or [[]]
    for number, part in enumerate(parts, start=1):
        yield Page(
            line.address if number == 1 else f"{line.address}{number}/",
            "pages/country.html",
            {
                "line": line,
                "events": showings(part, scene),
                "number": number,
                "pages": [line.address if n == 1 else f"{line.address}{n}/" for n in range(1, len(parts) + 1)],
                "venues": venue_lines(scene, line.code, here) if number == 1 else [],
                "count": count,
                "form": host_form(scene, line.code) if number == 1 else None,
                "sign": sign_form(scene, line.code) if number == 1 and scene.ways.sign else None,
            },
            has_counts=count is not None,
        )


def venue_lines(scene: Scene, code: str, here: Sequence[Event]) -> list[VenueLine]:
    """The country's venues, each with the events before it that still come."""
    names = venue_type_names(scene)
    at_venue: dict[int, list[Event]] = {}
    for event in here:
        if event.venue_id and event.state == Event.State.KEPT:
            at_venue.setdefault(event.venue_id, []).append(event)
    return [
        VenueLine(venue, _type_of(scene, venue, names), showings(at_venue.get(venue.pk, []), scene))
        for venue in scene.venues
        if venue.country == code and not venue.is_gone
    ]


def venue_type_names(scene: Scene) -> dict[str, str]:
    """What stands at a venue, by type; nothing for a type that says nothing."""
    voice = scene.voice
    return {
        Venue.Type.MISSION: voice.gettext("Mission"),
        Venue.Type.PARLIAMENT: voice.gettext("Parliament"),
        Venue.Type.MINISTRY: voice.gettext("Ministry"),
        Venue.Type.SQUARE: voice.gettext("Square"),
        Venue.Type.OFFICE: voice.gettext("Office"),
        Venue.Type.OTHER: "",
    }


def _type_of(scene: Scene, venue: Venue, names: dict[str, str]) -> str:
    if venue.type == Venue.Type.MISSION and venue.operator:
        return scene.voice.gettext("Mission: %(country)s") % {"country": scene.country(venue.operator)}
    return names.get(venue.type, "")
