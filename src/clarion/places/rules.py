"""What a row of a venue list says, and which zone its clocks keep. No Django, no clock."""

from dataclasses import dataclass

from clarion.places.gazetteer import City, cities_of, find_city
from clarion.places.zones import zone_at

VENUE_TYPES = ("mission", "parliament", "ministry", "square", "office", "other")


@dataclass(frozen=True, slots=True)
class VenueRow:
    """One venue as written; `ref` is its `id` in venues.csv. Degrees, or None where they are not known."""

    ref: str
    name: str
    country: str
    type: str = "other"
    operator: str = ""
    city: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None

    @property
    def zone(self) -> str:
        """The zone of its point, else of its city, else the country's only one; empty where none is sure."""
        return zone_of_place(self.country, self.city, self.lat, self.lon)


def zone_of_place(country: str, city: str, lat: float | None = None, lon: float | None = None) -> str:
    """The IANA zone of a place, from its point, its city, or the only zone its country has; else empty."""
    if lat is not None and lon is not None:
        zone = zone_at(lat, lon)
        if zone:
            return zone
    known = find_city(city, country) if city else None
    return known.zone if known else _only_zone(cities_of(country))


def _only_zone(cities: list[City]) -> str:
    zones = {city.zone for city in cities}
    return zones.pop() if len(zones) == 1 else ""
