"""From what was written to what is stored: the venue, the place, the zone, the moments, and the flags."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from clarion.events.queries import copies_of, venue_of
from clarion.events.rules import EventFields, Flag, Spot, Times, UnknownVenue, settle_times, title_flags
from clarion.places.gazetteer import City, cities_of, find_city, nearest_city
from clarion.places.geometry import is_outside
from clarion.places.models import Venue
from clarion.places.zones import is_zone, zone_at


@dataclass(frozen=True, slots=True)
class Settled:
    """An event's fields with nothing left open, and what follows from them."""

    fields: EventFields
    venue: Venue | None
    times: Times
    flags: tuple[str, ...]

    @property
    def columns(self) -> dict[str, Any]:
        """As the columns of `Event`."""
        said, times = self.fields, self.times
        names = ("title", "language", "kind", "country", "city", "address", "lat", "lon", "is_centre", "zone")
        more = ("starts_local", "ends_local", "bring", "accessibility", "public_contact")
        return {
            **{name: getattr(said, name) for name in (*names, *more)},
            "venue": self.venue,
            "starts_at": times.starts_at,
            "ends_at": times.ends_at,
            "flags": list(self.flags),
        }


def settle(
    campaign: Campaign, written: EventFields, *, now: datetime, event: Event | None = None, is_ours: bool = False
) -> Settled:
    """What `written` comes to in this campaign. Raises `UnknownVenue`.

    `event`: the one that says so already: it is no copy of itself, and keeps a venue that has left the list.
    `is_ours`: the campaign's own, which nobody moderates, so it gets no flags.
    """
    is_same_venue = event is not None and event.venue is not None and event.venue.ref == written.venue
    venue = event.venue if event and is_same_venue else venue_of(campaign, written.venue)
    if written.venue and venue is None:
        raise UnknownVenue(f"No venue of this campaign has the id {written.venue}.")
    placed, city = _placed(written, venue, event)
    times = settle_times(placed.starts_local, placed.ends_local, placed.zone)
    fields = replace(placed, starts_local=times.starts_local, ends_local=times.ends_local)
    spot = Spot(fields.starts_local[:10], venue.pk if venue else None, fields.lat, fields.lon)
    is_ours = is_ours or (event is not None and event.origin != Event.Origin.PROPOSAL)
    flags = set() if is_ours else _flags(campaign, fields, spot, city, times, event, now)
    return Settled(fields, venue, times, tuple(sorted(flag.value for flag in flags)))


def _placed(written: EventFields, venue: Venue | None, event: Event | None) -> tuple[EventFields, City | None]:
    """The fields with country, city, point and zone; and the city, if the gazetteer has it.

    Where no exact point is known, that of the city stands for it and is marked as such. An event that moves within its
    country to a city that nobody knows keeps its zone: else 18:00 in Honolulu became 18:00 in New York.
    """
    country = written.country or (venue.country if venue else "")
    lat, lon = written.lat, written.lon
    if venue and (lat is None or lon is None):
        lat, lon = venue.lat, venue.lon
    city = written.city or (venue.city if venue else "") or _city_near(lat, lon, country)
    told = written.zone or (venue.zone if venue else "")
    is_looked_up = venue is None or lat is None or lon is None
    known = find_city(city, country) if city and is_looked_up else None
    before = event.zone if event and event.country == country else ""
    zone = _zone(told, lat, lon, known, before or _main_zone(country))
    is_centre = written.is_centre and lat is not None
    if known and (lat is None or lon is None):
        lat, lon, is_centre = known.lat, known.lon, True
    return replace(written, country=country, city=city, lat=lat, lon=lon, is_centre=is_centre, zone=zone), known


def _city_near(lat: float | None, lon: float | None, country: str) -> str:
    if lat is None or lon is None or not cities_of(country):
        return ""
    return nearest_city(lat, lon, country).name


def _zone(told: str, lat: float | None, lon: float | None, city: City | None, otherwise: str) -> str:
    """The zone that was told, else the point's, the city's; where none of them is known, `otherwise`."""
    if is_zone(told):
        return told
    at_point = zone_at(lat, lon) if lat is not None and lon is not None else None
    return at_point or (city.zone if city else otherwise)


def _main_zone(country: str) -> str:
    """That of the country's largest city, else UTC."""
    return next((row.zone for row in cities_of(country)), "UTC")


def _flags(
    campaign: Campaign,
    fields: EventFields,
    spot: Spot,
    city: City | None,
    times: Times,
    event: Event | None,
    now: datetime,
) -> set[Flag]:
    """What a moderator should look at twice."""
    stands = event is not None and event.starts_local == times.starts_local and Flag.CLOCK_CHANGE in event.flags
    is_pinned = fields.lat is not None and fields.lon is not None
    found = {
        Flag.CLOCK_CHANGE: times.is_shifted or stands,
        Flag.IN_THE_PAST: times.starts_at <= now,
        Flag.OUTSIDE_COUNTRY: is_pinned and is_outside(fields.lat or 0.0, fields.lon or 0.0, fields.country),
        Flag.CITY_UNKNOWN: spot.venue is None and city is None,
        Flag.COPY_NEARBY: bool(copies_of(campaign, spot, event.public_id if event else "")),
    }
    return title_flags(fields.title) | {flag for flag, is_so in found.items() if is_so}
