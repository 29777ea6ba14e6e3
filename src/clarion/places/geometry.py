"""The shapes of countries: the coverage map as SVG, and the country of a point.

The shipped shapes are Natural Earth's (public domain; `data/README.md` says which borders). A host replaces them
by a GeoJSON FeatureCollection (RFC 7946; also .xz) whose features have the property `iso`, a code of
`countries.CODES`: Polygon or MultiPolygon for the shape, Point where a small country is drawn as a dot. A country may
have both. Longitudes may run past 180° or jump there; a shape cut at 180° shows the cut.
"""

import json
import lzma
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from html import escape
from importlib.resources import as_file, files
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any, Literal

from clarion.places.countries import CODES
from clarion.places.gazetteer import arc, nearest_city
from clarion.places.projection import (
    DOT,
    WIDTH,
    Dot,
    Point,
    Ring,
    area,
    crossings,
    cut,
    gap,
    inside_edges,
    path,
    placed,
    projected,
    rounded,
)

State = Literal["none", "venues", "announced"]

TOLERANCE = 0.3  # degrees (33 km) by which a point may miss a country: coasts are simplified, pins are rough
DOT_TOLERANCE = 2.0  # the same from the middle of a country that is a dot: its islands may be missing
_TONES: dict[State, str] = {"none": "a", "venues": "b", "announced": "c"}
_TINY = 1.5  # square units below which a ring is not drawn
_SMALL = 4.0  # square units of land below which a country is drawn as a dot though it has no Point
_MARGIN = 4


class GeometryError(ValueError):
    """A geometry file cannot be used; says why."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A country on the globe: closed rings of (lon, lat) without jumps, the boxes around them, its dot (lon, lat)."""

    rings: tuple[Ring, ...]
    boxes: tuple[tuple[float, float, float, float], ...]
    dot: Point | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn of the shapes: each country is in `paths` (SVG path data), in `dots` or in both."""

    paths: Mapping[str, str]
    dots: Mapping[str, Dot]
    view_box: str


@dataclass(frozen=True)
class Geometry:
    """All shapes; their drawing is laid out when it is first asked for, which takes ten times as long as reading."""

    shapes: Mapping[str, Shape]

    @cached_property
    def drawing(self) -> Drawing:
        """The picture of all shapes."""
        return _drawn(self.shapes)


@cache
def load_geometry(path: Path | None = None) -> Geometry:
    """The shipped geometry, or the host's file. Read once for each path.

    Raises GeometryError when the file is no FeatureCollection with `iso` codes, OSError when it cannot be read.
    """
    if path is None:
        with as_file(files("clarion.places") / "data" / "countries.geojson.xz") as shipped:
            return Geometry(_shapes(shipped))
    return Geometry(_shapes(path))


def draw_map(
    geometry: Geometry,
    states: Mapping[str, State],
    *,
    hrefs: Mapping[str, str],
    titles: Mapping[str, str],
    label: str,
) -> str:
    """The map as an inline `<svg id="map">`: a link for each country of `hrefs`, a plain shape for the others.

    Classes: a nothing known (also for countries not in `states`), b venues, c announced; `dot` and `hit` for small
    countries. The tab key passes over those of which nothing is known. A title is the link's name and tooltip; without
    one the code is. No style, no script, no other id.
    """

    def order(code: str) -> tuple[str, str]:
        return _TONES[states.get(code, "none")], code

    def linked(codes: Sequence[str]) -> Iterator[str]:
        for code in sorted(codes, key=order):
            state = states.get(code, "none")
            mark = _mark(drawing, code, _TONES[state])
            yield _linked(mark, hrefs.get(code), titles.get(code, code), is_stop=state != "none")

    # Dots at sea lie below the land, so what can be touched of them never covers a country. Announced ones last.
    drawing = geometry.drawing
    plain = drawing.paths.keys() - drawing.dots.keys()
    sea = [code for code, dot in drawing.dots.items() if not dot.inland]
    inland = [code for code, dot in drawing.dots.items() if dot.inland]
    body = "".join([*linked(sea), *linked(list(plain)), *linked(inland)])
    head = f'<svg id="map" viewBox="{drawing.view_box}" role="group" aria-label="{escape(label)}"'
    return f'{head} fill-rule="evenodd">{body}</svg>'


def country_at(geometry: Geometry | None, lat: float, lon: float) -> str | None:
    """The country whose polygon holds the point (degrees; None as geometry: the shipped one), if any."""
    for code, shape in (geometry or load_geometry()).shapes.items():
        if _holds(shape, lat, lon):
            return code
    return None


def is_outside(lat: float, lon: float, country: str, geometry: Geometry | None = None) -> bool:
    """Is the point (degrees) clearly not in the country?

    Within TOLERANCE of its border or of one of its cities, or DOT_TOLERANCE of its dot, it is not outside: islands
    may be too small for the shapes. A country without geometry (Antarctica, an unknown code) is never contradicted.
    """
    shape = (geometry or load_geometry()).shapes.get(country)
    if shape is None or _holds(shape, lat, lon):
        return False
    if shape.dot and arc(lat, lon, shape.dot[1], shape.dot[0]) <= DOT_TOLERANCE:
        return False
    return not (_is_near(shape, lat, lon) or _is_near_city(lat, lon, country))


def _linked(mark: str, href: str | None, title: str, *, is_stop: bool) -> str:
    """`is_stop`: the tab key stops there. Two hundred stops would stand between a form and what follows the map."""
    name = escape(title)
    if href is None:
        return f"<g><title>{name}</title>{mark}</g>"
    stop = "" if is_stop else ' tabindex="-1"'
    return f'<a href="{escape(href)}"{stop} aria-label="{name}"><title>{name}</title>{mark}</a>'


def _mark(drawing: Drawing, code: str, tone: str) -> str:
    """The path of a country, and for a small one a dot with a larger invisible circle to touch."""
    line, dot = drawing.paths.get(code), drawing.dots.get(code)
    shape = f'<path class="{tone}" d="{line}"/>' if line else ""
    if dot is None:
        return shape
    place = f'cx="{dot.x}" cy="{dot.y}"'
    hit = f'<circle class="hit" {place} r="{dot.reach}" fill="none" pointer-events="all"/>'
    return f'{hit}{shape}<circle class="dot {tone}" {place} r="{DOT}"/>'


def _holds(shape: Shape, lat: float, lon: float) -> bool:
    for turned in (lon, lon + 360, lon - 360):
        rings = [
            ring
            for ring, (left, bottom, right, top) in zip(shape.rings, shape.boxes, strict=True)
            if left <= turned <= right and bottom <= lat <= top
        ]
        if rings and crossings(tuple(rings), turned, lat) % 2:
            return True
    return False


def _is_near(shape: Shape, lat: float, lon: float) -> bool:
    squeeze = max(0.05, cos(radians(lat)))
    wide = TOLERANCE / squeeze
    for turned in (lon, lon + 360, lon - 360):
        for ring, (left, bottom, right, top) in zip(shape.rings, shape.boxes, strict=True):
            if not (left - wide <= turned <= right + wide and bottom - TOLERANCE <= lat <= top + TOLERANCE):
                continue
            if any(gap(turned, lat, a, b, squeeze) <= TOLERANCE for a, b in pairwise(ring)):
                return True
    return False


def _is_near_city(lat: float, lon: float, country: str) -> bool:
    try:
        near = nearest_city(lat, lon, country)
    except LookupError:
        return False
    return arc(lat, lon, near.lat, near.lon) <= TOLERANCE


def _shapes(source: Path) -> dict[str, Shape]:
    """The countries of a GeoJSON file in the order of their codes."""
    rings: dict[str, list[Ring]] = {}
    dots: dict[str, Point] = {}
    try:
        raw = source.read_bytes()
        features = json.loads(lzma.decompress(raw) if source.suffix == ".xz" else raw)["features"]
        for feature in features:
            code, form = feature["properties"]["iso"], feature["geometry"]
            if code not in CODES:
                raise GeometryError(f"{source}: {code!r} is not a country code")
            if form["type"] == "Point":
                dots[code] = (float(form["coordinates"][0]), float(form["coordinates"][1]))
            else:
                rings.setdefault(code, []).extend(_unbroken(ring) for ring in _rings(form))
    except (KeyError, TypeError, IndexError, ValueError, lzma.LZMAError) as error:
        if isinstance(error, GeometryError):
            raise
        raise GeometryError(f"{source}: no FeatureCollection of polygons with the property iso ({error!r})") from error
    return {code: _shape(rings.get(code, []), dots.get(code)) for code in sorted({*rings, *dots})}


def _rings(form: Mapping[str, Any]) -> Iterator[list[list[float]]]:
    if form["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"geometry of type {form['type']}")
    polygons = form["coordinates"] if form["type"] == "MultiPolygon" else [form["coordinates"]]
    for polygon in polygons:
        yield from polygon


def _unbroken(ring: list[list[float]]) -> Ring:
    """The ring closed, with longitudes that go on past 180° instead of jumping."""
    out: list[Point] = []
    for lon, lat, *_ in ring:
        near = lon - 360 * round((lon - out[-1][0]) / 360) if out else lon
        out.append((float(near), float(lat)))
    if len(out) < 3:
        raise ValueError("a ring of fewer than three points")
    return tuple(out) if out[0] == out[-1] else (*out, out[0])


def _shape(rings: list[Ring], dot: Point | None) -> Shape:
    return Shape(rings=tuple(rings), boxes=tuple(_box(ring) for ring in rings), dot=dot)


def _box(ring: Ring) -> tuple[float, float, float, float]:
    lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
    return min(lons), min(lats), max(lons), max(lats)


def _drawn(shapes: Mapping[str, Shape]) -> Drawing:
    """Lay out the picture: paths, dots, and a view box around them all."""
    land = {code: _land(shape) for code, shape in shapes.items()}
    dotted = [code for code, shape in shapes.items() if shape.dot or sum(map(area, land[code])) < _SMALL]
    spots = [projected(inside_edges(lon), lat) for lon, lat in (_middle(shapes[code]) for code in dotted)]
    large = [points for code in land.keys() - set(dotted) for points in land[code]]
    dots = dict(zip(dotted, placed(spots, large), strict=True))
    # A dot among other countries has its land below it, or a gap would show; an island is the dot alone.
    paths = {code: path(rings) for code, rings in land.items() if rings and (code not in dots or dots[code].inland)}
    ys = [y for points in large for _, y in points] + [dot.y for dot in dots.values()] or [0]
    top, bottom = min(ys) - _MARGIN, max(ys) + _MARGIN
    return Drawing(paths=paths, dots=dots, view_box=f"0 {top} {WIDTH} {bottom - top}")


def _land(shape: Shape) -> list[list[tuple[int, int]]]:
    """The rings of a country that are large enough to draw, in units."""
    every = [rounded(part) for ring in shape.rings for part in cut(ring)]
    return [points for points in every if len(points) > 2 and area(points) >= _TINY]


def _middle(shape: Shape) -> Point:
    """Where the dot goes."""
    if shape.dot:
        return shape.dot
    left, bottom, right, top = max(shape.boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    return (left + right) / 2, (bottom + top) / 2
