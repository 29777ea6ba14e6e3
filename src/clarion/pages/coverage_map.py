"""Where something is announced and where nothing is known yet: the map, its key, and the same as a list."""

import unicodedata
from collections import Counter
from dataclasses import dataclass

from markupsafe import Markup

from clarion.pages.site import Scene, once_for_scene
from clarion.places.geometry import State, draw_map, load_geometry


@dataclass(frozen=True, slots=True)
class CountryLine:
    """One country of the list, in words."""

    code: str
    name: str
    address: str
    state: State
    said: str

    @property
    def tone(self) -> str:
        """The class that the map uses for its state."""
        return {"none": "a", "venues": "b", "announced": "c"}[self.state]


@once_for_scene
def country_lines(scene: Scene) -> tuple[CountryLine, ...]:
    """Every country of the list, in the order of the language; those that the host puts first are not moved up."""
    lines = [_line(scene, choice.code, choice.name) for choice in scene.choices]
    if scene.countries.first:
        lines.sort(key=lambda line: unicodedata.normalize("NFKD", line.name).casefold())
    return tuple(lines)


def _line(scene: Scene, code: str, name: str) -> CountryLine:
    known = scene.coverage.get(code)
    state: State = known.state if known else "none"
    address = scene.at(f"countries/{code.lower()}/")
    return CountryLine(code, name, address, state, _said(scene, state, known.events if known else 0))


def _said(scene: Scene, state: State, events: int) -> str:
    voice = scene.voice
    match state:
        case "announced":
            return voice.ngettext("%(n)s event", "%(n)s events", events) % {"n": voice.number(events)}
        case "venues":
            return voice.gettext("A place, and nobody yet")
    return voice.gettext("Nothing known yet")


@once_for_scene
def coverage_map(scene: Scene) -> Markup:
    """The map as inline SVG; every country is a link with name and state."""
    lines = country_lines(scene)
    return Markup(  # noqa: S704 - `draw_map` escapes names and addresses
        draw_map(
            load_geometry(scene.press.geometry),
            {line.code: line.state for line in lines},
            hrefs={line.code: line.address for line in lines},
            titles={line.code: f"{line.name}{scene.voice.gettext(': ')}{line.said}" for line in lines},
            label=scene.voice.gettext("Map: where something is announced"),
        )
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the call has come: events, and countries by state."""

    events: int
    announced: int
    waiting: int


def reach(scene: Scene) -> Reach:
    """The figures beside the map."""
    states = Counter(known.state for known in scene.coverage.values())
    events = sum(known.events for known in scene.coverage.values())
    return Reach(events, states["announced"], states["venues"])
