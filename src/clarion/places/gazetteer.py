"""Cities of the world and their names in many scripts, from GeoNames (CC BY 4.0; `data/README.md`).

The file is read at first use. A search by country builds the index of that country only.
"""

import lzma
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import asin, cos, degrees, radians, sin, sqrt

from clarion.kernel.text import folded


@dataclass(frozen=True, slots=True)
class City:
    """One city: GeoNames' id, name and country; degrees; IANA zone; people; other names."""

    id: int
    name: str
    country: str
    lat: float
    lon: float
    zone: str
    population: int
    names: tuple[str, ...]


@cache
def cities() -> tuple[City, ...]:
    """All cities, by country, the most populous first."""
    return tuple(_city(line.split("\t")) for line in _lines())


def _lines() -> list[str]:
    packed = (files("clarion.places") / "data" / "cities.tsv.xz").read_bytes()
    return lzma.decompress(packed).decode().split("\n")


def city(id: int) -> City | None:
    """The city with this GeoNames id."""
    return _by_id().get(id)


def cities_of(country: str) -> list[City]:
    """The cities of a country (ISO code), the most populous first; none for an unknown code."""
    return list(_by_country().get(country.upper(), ()))


def largest_names(country: str, limit: int) -> tuple[str, ...]:
    """The names of a country's cities, the most populous first, each once; a tenth of the memory of the cities."""
    return tuple(dict.fromkeys(_names_by_country(limit).get(country.upper(), ())))


@cache
def _names_by_country(limit: int) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for line in _lines():
        _, name, country, _ = line.split("\t", 3)
        here = names.setdefault(country, [])
        if len(here) < limit:
            here.append(name)
    return names


def find_cities(text: str, country: str | None = None, limit: int = 8) -> list[City]:
    """Cities of which a name begins with `text`: those with exactly that name first, then by people."""
    key = folded(text)
    if not key:
        return []
    index, rows = _index(country and country.upper())
    low = bisect_left(index, (key, 0))
    high = bisect_left(index, (key + "\U0010ffff", 0))
    exact: dict[int, bool] = {}
    for name, at in index[low:high]:
        exact[at] = exact.get(at, False) or name == key
    found = sorted(exact, key=lambda at: (not exact[at], -rows[at].population, at))
    return [rows[at] for at in found[: max(limit, 0)]]


def find_city(text: str, country: str) -> City | None:
    """The most populous city of the country that has exactly this name, case and accents aside."""
    key = folded(text)
    index, rows = _index(country.upper())
    low = bisect_left(index, (key, 0))
    high = bisect_left(index, (key, len(rows)))
    # Rows stand by people, so the lowest position is the most populous.
    return rows[index[low][1]] if key and low < high else None


def nearest_city(lat: float, lon: float, country: str | None = None) -> City:
    """The city nearest to a point in degrees. Raises LookupError where a country has none."""
    rows = _by_latitude(country and country.upper())
    if not rows:
        raise LookupError(f"no city is known in {country}")
    near = rows[0]
    for reach in (0.5, 2.0, 8.0, 180.0):
        low = bisect_left(rows, lat - reach, key=_latitude)
        window = rows[low : bisect_left(rows, lat + reach, key=_latitude)]
        if window:
            near = min(window, key=lambda row: (arc(lat, lon, row.lat, row.lon), row.id))
            if arc(lat, lon, near.lat, near.lon) <= reach:
                break
    return near


def completion_rows(country: str) -> list[list[int | str]]:
    """What a page needs to complete a name: `[id, name, other names …]` for each city of the country."""
    return [[row.id, row.name, *row.names] for row in cities_of(country)]


def arc(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The angle between two points in degrees (one is 111 km)."""
    high, low = radians(lat), radians(other_lat)
    half = sin((high - low) / 2) ** 2 + cos(high) * cos(low) * sin(radians(lon - other_lon) / 2) ** 2
    return degrees(2 * asin(min(1.0, sqrt(half))))


def _city(cells: list[str]) -> City:
    number, name, country, lat, lon, zone, population, *names = cells
    return City(int(number), name, country, float(lat), float(lon), zone, int(population), tuple(names))


def _latitude(row: City) -> float:
    return row.lat


@cache
def _by_id() -> dict[int, City]:
    return {row.id: row for row in cities()}


@cache
def _by_country() -> dict[str, list[City]]:
    rows: dict[str, list[City]] = {}
    for row in cities():
        rows.setdefault(row.country, []).append(row)
    return rows


@cache
def _by_latitude(country: str | None) -> list[City]:
    return sorted(_rows(country), key=_latitude)


def _rows(country: str | None) -> list[City]:
    return _by_country().get(country, []) if country else list(cities())


@cache
def _index(country: str | None) -> tuple[list[tuple[str, int]], list[City]]:
    """Every folded name with the position of its city, in order; and the cities."""
    rows = _rows(country)
    pairs = {(folded(name), at) for at, row in enumerate(rows) for name in (row.name, *row.names)}
    return sorted(pairs), rows
