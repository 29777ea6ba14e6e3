"""events.csv: the events that are known already."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from clarion.calls import limits
from clarion.calls.problems import Problems
from clarion.calls.tables import Row, read_rows
from clarion.calls.texts import check_language
from clarion.events.rules import EventRow, same_event_key
from clarion.kernel.forms import EVENT_KINDS
from clarion.places.gazetteer import find_city
from clarion.places.rules import VenueRow, zone_of_place
from clarion.places.zones import WallTimeGap, is_zone, utc_of

FILE = "events.csv"
COLUMNS = (
    "title", "venue_id", "country", "city", "address", "starts_at", "zone", "language", "kind", "ends_at", "id",
    "bring", "accessibility", "public_contact",
)  # fmt: skip
_WALL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::00)?")


def read_events(
    text: str, venues: Mapping[str, VenueRow], default_language: str, now: datetime, problems: Problems
) -> tuple[EventRow, ...]:
    """The events of the file in its order, gaps filled from their venues; rows with a mistake may be missing."""
    rows = read_rows(FILE, text, COLUMNS, ("title", "starts_at"), problems)
    read = [(row, _event(row, venues, default_language, now)) for row in rows]
    _refuse_twins(read)
    return tuple(event for _, event in read if event)


def _event(row: Row, venues: Mapping[str, VenueRow], default_language: str, now: datetime) -> EventRow:
    venue = _venue(row, venues)
    country = row.country("country", required=venue is None) or (venue.country if venue else "")
    city = row.text("city", limits.CITY) or (venue.city if venue else "")
    if venue and country and venue.country and country != venue.country:
        row.wrong(
            f"The venue {venue.ref} is in {venue.country}, not in {country}.", "Correct the country or the venue."
        )
    if not city:
        row.wrong("The row has no city.", "Write the city, or the nearest one.")
    event = EventRow(
        title=row.text("title", limits.EVENT_TITLE, required=True),
        country=country,
        city=city,
        starts_local=_wall_time(row, "starts_at", required=True),
        ends_local=_wall_time(row, "ends_at"),
        zone=_zone(row, venue, country, city),
        language=_language(row, default_language),
        kind=_kind(row),
        venue=venue.ref if venue else "",
        address=row.text("address", limits.ADDRESS) or (venue.address if venue else ""),
        row=row.text("id", limits.ROW_ID),
        bring=row.text("bring", limits.EVENT_TEXT),
        accessibility=row.text("accessibility", limits.EVENT_TEXT),
        public_contact=row.text("public_contact", limits.ADDRESS),
    )
    _doubt_city(row, event)
    _check_times(row, event, now)
    return event


def _venue(row: Row, venues: Mapping[str, VenueRow]) -> VenueRow | None:
    ref = row.text("venue_id", limits.ROW_ID)
    if ref and ref not in venues:
        row.wrong(
            f"The venue {ref} is not in venues.csv.", "Add it there, or leave venue_id empty and write the address."
        )
        return VenueRow(ref, "", row.cells.get("country", "").upper())
    return venues.get(ref)


def _wall_time(row: Row, column: str, *, required: bool = False) -> str:
    text = row.text(column, 40, required=required)
    if not text:
        return ""
    shape = _WALL_TIME.fullmatch(text)
    try:
        return f"{datetime.fromisoformat(f'{shape[1]}T{shape[2]}'):%Y-%m-%dT%H:%M}" if shape else _no_time(row, column)
    except ValueError:
        return _no_time(row, column)


def _no_time(row: Row, column: str) -> str:
    text = row.cells.get(column, "")
    row.wrong(f"The {column} is {text!r}.", "Write what clocks show there, without a zone: 2026-12-10T18:00.")
    return ""


def _zone(row: Row, venue: VenueRow | None, country: str, city: str) -> str:
    zone = row.text("zone", limits.ROW_ID)
    if zone and not is_zone(zone):
        row.wrong(f"The zone is {zone!r}.", "Use a name of the IANA list, such as Africa/Nairobi.")
        return ""
    zone = zone or (venue.zone if venue else "") or zone_of_place(country, city)
    if not zone and country:
        row.wrong("The time zone of this place is not known.", "Fill in the column `zone`, such as Africa/Nairobi.")
    return zone


def _language(row: Row, default_language: str) -> str:
    tag = row.text("language", 40) or default_language
    check_language(row.file, tag, row.problems, row.line)
    return tag


def _kind(row: Row) -> str:
    kind = row.text("kind", 40).lower() or "rally"
    if kind not in EVENT_KINDS:
        row.wrong(f"The kind is {kind!r}.", f"It can be {', '.join(EVENT_KINDS)}.")
    return kind


def _doubt_city(row: Row, event: EventRow) -> None:
    if not event.venue and event.city and event.country and find_city(event.city, event.country) is None:
        row.doubtful(f"{event.city} is not among the cities known in {event.country}.", "It is listed without a point.")


def _check_times(row: Row, event: EventRow, now: datetime) -> None:
    starts_at = _moment(row, "starts_at", event.starts_local, event.zone)
    ends_at = _moment(row, "ends_at", event.ends_local, event.zone)
    if starts_at and ends_at and ends_at <= starts_at:
        row.wrong("The event ends before it starts.", "Correct ends_at, or leave it empty: then it lasts two hours.")
    if starts_at and starts_at < now:
        row.doubtful(f"The event of {event.starts_local[:10]} has passed.", "It is shown among past events.")


def _moment(row: Row, column: str, wall: str, zone: str) -> datetime | None:
    if not wall or not zone:
        return None
    try:
        return utc_of(datetime.fromisoformat(wall), zone).astimezone(UTC)
    except (WallTimeGap, OverflowError):
        row.wrong(f"The {column} {wall} does not exist in {zone}: clocks jump over it.", "Choose an hour later.")
        return None


def _refuse_twins(read: Iterable[tuple[Row, EventRow]]) -> None:
    ids: dict[str, int] = {}
    places: dict[tuple[str, ...], int] = {}
    for row, event in read:
        key = same_event_key(venue=event.venue, city=event.city, address=event.address, title=event.title)
        if event.row and event.row in ids:
            row.wrong(f"The id {event.row} stands in line {ids[event.row]} already.", "Give each event its own id.")
        elif not event.row and key in places:
            row.wrong(f"Line {places[key]} has the same place and title.", "Give both an `id`, or drop one.")
        ids.setdefault(event.row, row.line)
        if not event.row:
            places.setdefault(key, row.line)
