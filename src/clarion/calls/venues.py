"""venues.csv: the places that people are asked to gather at."""

import re
from collections.abc import Iterable

from clarion.calls import limits
from clarion.calls.problems import Problems
from clarion.calls.tables import Row, read_rows
from clarion.places.geometry import is_outside
from clarion.places.rules import VENUE_TYPES, VenueRow

FILE = "venues.csv"
COLUMNS = ("id", "type", "operator", "country", "city", "address", "lat", "lon", "name")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_venues(text: str, problems: Problems) -> tuple[VenueRow, ...]:
    """The venues of the file in its order; rows with a mistake may be missing."""
    read = [(row, _venue(row)) for row in read_rows(FILE, text, COLUMNS, ("id", "country", "name"), problems)]
    _refuse_twins(read)
    return tuple(venue for _, venue in read)


def _venue(row: Row) -> VenueRow:
    lat, lon = row.number("lat", 90), row.number("lon", 180)
    venue = VenueRow(
        ref=_ref(row),
        name=row.text("name", limits.NAME, required=True),
        country=row.country("country", required=True),
        type=_type(row),
        operator=row.country("operator"),
        city=row.text("city", limits.CITY),
        address=row.text("address", limits.ADDRESS),
        lat=lat if lon is not None else None,
        lon=lon if lat is not None else None,
    )
    _doubt_point(row, venue, has_half=(lat is None) != (lon is None))
    return venue


def _ref(row: Row) -> str:
    ref = row.text("id", limits.ROW_ID, required=True)
    if ref and not _REF.fullmatch(ref):
        row.wrong(f"The id is {ref!r}.", "Use up to 64 letters, digits, dots, hyphens and underscores.")
    return ref


def _type(row: Row) -> str:
    kind = row.text("type", 40).lower() or "other"
    if kind not in VENUE_TYPES:
        row.wrong(f"The type is {kind!r}.", f"It can be {', '.join(VENUE_TYPES)}.")
        return "other"
    return kind


def _doubt_point(row: Row, venue: VenueRow, *, has_half: bool) -> None:
    if has_half:
        row.wrong("The row has only one of lat and lon.", "Write both, or neither.")
    elif venue.lat is None or venue.lon is None:
        row.doubtful(f"The venue {venue.ref} has no coordinates.", "It is listed, but not found by nearness.")
    elif venue.country and is_outside(venue.lat, venue.lon, venue.country):
        row.doubtful(f"The point of {venue.ref} lies outside {venue.country}.", "Look whether lat and lon are swapped.")


def _refuse_twins(read: Iterable[tuple[Row, VenueRow]]) -> None:
    seen: dict[str, int] = {}
    for row, venue in read:
        if venue.ref and venue.ref in seen:
            row.wrong(f"The id {venue.ref} stands in line {seen[venue.ref]} already.", "Give each venue its own id.")
        seen.setdefault(venue.ref, row.line)
