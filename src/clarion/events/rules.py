"""What an event may do next, when it takes place, and what a moderator should look at twice. No Django, no clock."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Literal

from clarion.kernel.errors import Refusal
from clarion.kernel.ids import RecordId
from clarion.kernel.links import Link, LinkKind
from clarion.kernel.text import folded
from clarion.places.gazetteer import arc, find_city
from clarion.places.zones import WallTimeGap, is_zone, utc_of

DEFAULT_LENGTH = timedelta(hours=2)
SAME_PROPOSAL_WITHIN = timedelta(hours=1)
UNCONFIRMED_LIFE = timedelta(days=7)
CONTACT_LIFE = timedelta(days=30)  # a host's contact, after the end of the event
NEARBY_DEGREES = 0.018  # two kilometres

# ---- states

Step = Literal["confirm", "resubmit", "keep", "ask-for-changes", "refuse", "hide", "cancel", "end"]


@dataclass(frozen=True, slots=True)
class Move:
    """One step: the states from which it may be taken, and the one it leads to."""

    sources: frozenset[str]
    target: str


# What is hidden was public before: a page that does harm can go after the event or its cancelling, too.
MOVES: Mapping[str, Move] = {
    "confirm": Move(frozenset({"unconfirmed"}), "waiting"),
    "resubmit": Move(frozenset({"waiting", "changes-asked"}), "waiting"),
    "keep": Move(frozenset({"waiting"}), "kept"),
    "ask-for-changes": Move(frozenset({"waiting"}), "changes-asked"),
    "refuse": Move(frozenset({"waiting"}), "refused"),
    "hide": Move(frozenset({"kept", "cancelled", "ended"}), "hidden"),
    "cancel": Move(frozenset({"waiting", "changes-asked", "kept"}), "cancelled"),
    "end": Move(frozenset({"kept"}), "ended"),
}
REVISABLE_STATES = frozenset({"kept", "hidden"})  # a change waits beside what was approved


class UnknownVenue(Refusal):
    """No venue of the campaign's lists has this id."""

    code: ClassVar[str] = "unknown-venue"


class UnknownEvent(Refusal):
    """There is no event with this id."""

    code: ClassVar[str] = "unknown-event"


class NotNow(Refusal):
    """The event's state does not allow this step."""

    code: ClassVar[str] = "not-now"


# ---- what an event says


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFields:
    """What an event says, as written. Times are wall times such as 2026-12-10T18:00; `venue` is a venue's id.

    Left empty, country, city, point and zone come from the venue, and the end is two hours after the start.
    `is_centre`: the point is only the centre of the city; people gather somewhere else in it.
    """

    title: str
    starts_local: str
    ends_local: str = ""
    language: str = ""
    kind: str = "rally"
    venue: str = ""
    country: str = ""
    city: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    is_centre: bool = False
    zone: str = ""
    bring: str = ""
    accessibility: str = ""
    public_contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow(EventFields):
    """An event as a call's folder or the office gives it; `row` is the `id` of `events.csv`, if it has one."""

    row: str = ""


PLACE = ("venue", "country", "city", "address")
TIMES = ("starts_local", "ends_local")
TEXTS = ("title", "bring", "accessibility", "public_contact")
CHANGEABLE = (*TEXTS, *PLACE, *TIMES)
_ELSEWHERE = ("venue", "country", "city")  # another one means another point, maybe another zone
_POINT = ("lat", "lon", "is_centre", "zone")
_OF_A_VENUE: Mapping[str, str] = {"country": "", "city": "", "address": ""}  # empty: as the venue has it


def difference(old: EventFields, new: EventFields) -> dict[str, str]:
    """The changeable fields in which `new` differs, with their new values."""
    return {name: getattr(new, name) for name in CHANGEABLE if getattr(new, name) != getattr(old, name)}


def differing(one: EventFields, other: EventFields) -> list[str]:
    """The names of all fields in which they differ, point and zone included."""
    names = (field.name for field in fields(EventFields))
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def is_move(changed: Collection[str]) -> bool:
    """Whether a change of these fields is one of place or time, which is told to those who would come."""
    return any(name in changed for name in (*PLACE, *TIMES))


def is_same_place(one: EventFields, other: EventFields) -> bool:
    """Whether both name the same place, wherever its pin stands."""
    return all(getattr(one, name) == getattr(other, name) for name in PLACE)


def said_before(old: EventFields, changed: Collection[str]) -> dict[str, Any]:
    """What undoes a change of these fields; of the place with point and zone, which somebody may have corrected."""
    is_elsewhere = any(name in changed for name in (*_ELSEWHERE, "address"))
    return {name: getattr(old, name) for name in (*changed, *(_POINT if is_elsewhere else ()))}


def with_changes(now: EventFields, changes: Mapping[str, Any]) -> EventFields:
    """`now` with `changes`; at another place, point and zone are found anew unless told. A point told is exact.

    A pin set for one address in words is not that of another.
    """
    moved = any(name in changes and changes[name] != getattr(now, name) for name in _ELSEWHERE)
    found_anew: dict[str, Any] = {"lat": None, "lon": None, "zone": ""} if moved else {}
    if not now.venue and changes.get("address", now.address) != now.address:
        found_anew |= {"lat": None, "lon": None}
    if found_anew or "lat" in changes:
        found_anew["is_centre"] = False
    known = {field.name for field in fields(EventFields)}
    return replace(now, **{**found_anew, **{name: value for name, value in changes.items() if name in known}})


def edited(now: EventFields, changes: Mapping[str, Any]) -> EventFields:
    """`now` with what someone wrote anew in it; at another venue, what they left of the place comes from there."""
    is_elsewhere = bool(changes.get("venue")) and changes["venue"] != now.venue
    return with_changes(now, {**(_OF_A_VENUE if is_elsewhere else {}), **changes})


def asked_changes(now: EventFields, posted: Mapping[str, str]) -> EventFields:
    """What an event would say after the form of its manage page.

    A field left empty stays as it was, unless it is ticked to be taken out. A city named without a venue leaves
    the venue, an address alone stays with it.
    """
    texts = {name: posted.get(name, "") for name in TEXTS if posted.get(name) or posted.get(f"no_{name}")}
    return with_changes(now, {**texts, **_asked_place(now, posted), **_asked_times(now, posted)})


def _asked_place(now: EventFields, posted: Mapping[str, str]) -> dict[str, str]:
    address = {"address": posted["address"]} if posted.get("address") else {}
    venue, city = posted.get("venue", ""), posted.get("city", "")
    if venue and venue != now.venue:
        return {"venue": venue, **_OF_A_VENUE, **address}
    if city and not venue and (now.venue or not is_same_city(city, now.city, now.country)):
        return {"venue": "", "city": city_name(city, now.country), "address": "", **address}
    return address


def _asked_times(now: EventFields, posted: Mapping[str, str]) -> dict[str, str]:
    if not any(posted.get(name) for name in ("date", "time", "end", "no_end")):
        return {}
    day, clock = now.starts_local.split("T")
    starts, ends = wall_times(posted.get("date") or day, posted.get("time") or clock, posted.get("end", ""))
    if not ends and now.ends_local and not posted.get("no_end"):
        lasted = datetime.fromisoformat(now.ends_local) - datetime.fromisoformat(now.starts_local)
        ends = _written(datetime.fromisoformat(starts) + lasted)
    return {"starts_local": starts, "ends_local": ends}


def same_event_key(*, venue: str, city: str, address: str, title: str) -> tuple[str, ...]:
    """By what a row without id is known again: its venue, or city and address, and its title."""
    place = (venue, "", "") if venue else ("", folded(city), folded(address))
    return (*place, folded(title))


def is_same_city(typed: str, city: str, country: str) -> bool:
    """Whether what was typed names the city, in any script that the gazetteer knows; any word will do for no city."""
    if not city:
        return bool(typed.strip())
    if folded(typed) == folded(city):
        return bool(folded(typed))
    named, known = find_city(typed, country), find_city(city, country)
    return named is not None and known is not None and named.id == known.id


def city_name(typed: str, country: str) -> str:
    """The gazetteer's name of the city that was typed in any script, else what was typed."""
    known = find_city(typed, country)
    return known.name if known else typed


def manage_link(campaign: int, event_id: str, generation: int) -> Link:
    """The personal link of an event's organiser. It does not expire; a new generation ends it."""
    return Link(LinkKind.MANAGE, campaign, RecordId(event_id), generation)


# ---- when


@dataclass(frozen=True, slots=True)
class Times:
    """Wall times and their moments; `is_shifted`: the clocks jump over a time as written, so the next one stands."""

    starts_local: str
    ends_local: str
    starts_at: datetime
    ends_at: datetime
    is_shifted: bool = False


def wall_times(day: str, start: str, end: str = "") -> tuple[str, str]:
    """Wall times of a day and two times of day; an end earlier than the start is on the next day."""
    starts = f"{day}T{start[:5]}"
    if not end or end[:5] == start[:5]:
        return starts, ""
    ends = datetime.fromisoformat(f"{day}T{end[:5]}")
    if end[:5] < start[:5]:
        ends += timedelta(days=1)
    return starts, _written(ends)


def settle_times(starts_local: str, ends_local: str, zone: str) -> Times:
    """The moments of two wall times in a zone; an end that is missing or not after the start is two hours later."""
    starts, starts_at, was_shifted = _moment(starts_local, zone)
    if ends_local:
        ends, ends_at, end_was_shifted = _moment(ends_local, zone)
        if ends_at > starts_at:
            return Times(starts, ends, starts_at, ends_at, was_shifted or end_was_shifted)
    return Times(starts, "", starts_at, starts_at + DEFAULT_LENGTH, was_shifted)


def _moment(local: str, zone: str) -> tuple[str, datetime, bool]:
    """The wall time that stands, its moment, and whether it is later than written (gaps: PEP 495).

    Most gaps are an hour long; Samoa left out a whole day in 2011.
    """
    wall, is_shifted = datetime.fromisoformat(local), False
    while True:
        try:
            return _written(wall), utc_of(wall, zone if is_zone(zone) else "UTC"), is_shifted
        except WallTimeGap:
            wall, is_shifted = wall + timedelta(hours=1), True


def _written(wall: datetime) -> str:
    return wall.isoformat(timespec="minutes")


# ---- what a moderator should look at twice


class Flag(StrEnum):
    """Why an event deserves a second look; the words for it are the office's."""

    OUTSIDE_COUNTRY = "outside-country"
    COPY_NEARBY = "copy-nearby"
    IN_THE_PAST = "in-the-past"
    LINK_IN_TITLE = "link-in-title"
    LOOK_ALIKE_LETTERS = "look-alike-letters"
    CITY_UNKNOWN = "city-unknown"
    CLOCK_CHANGE = "clock-change"  # the time as written does not exist there: moved on by an hour


_LINK = re.compile(r"://|\bwww\.|\b[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?=/|\b)")
_SCRIPTS_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_WORD = re.compile(r"[^\W\d_]+")
# Letters of other scripts that pass for Latin ones (Unicode UTS 39, confusables: the lower-case and capital core).
_LATIN_LOOKS = frozenset("аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅοανιρυκΑΒΕΖΗΙΚΜΝΟΡΤΥΧօսհոց")
_DISGUISES = ("<font>", "<circle>", "<square>")


def title_flags(title: str) -> set[Flag]:
    """What is odd about a title: a link, or letters that pass for others."""
    found: set[Flag] = set()
    if _LINK.search(title):
        found.add(Flag.LINK_IN_TITLE)
    if has_look_alike_letters(title):
        found.add(Flag.LOOK_ALIKE_LETTERS)
    return found


def has_look_alike_letters(text: str) -> bool:
    """Whether a word mixes scripts that look alike, one in disguise stands among others, or letters are ornaments."""
    words = _WORD.findall(text)
    scripts = [_scripts(word) for word in words]
    if any(len(found) > 1 for found in scripts):
        return True
    if any(unicodedata.decomposition(c).startswith(_DISGUISES) for c in text):
        return True
    is_latin = any(found == {"LATIN"} for found in scripts)
    return is_latin and any(len(word) > 2 and _LATIN_LOOKS.issuperset(word) for word in words)


def _scripts(word: str) -> set[str]:
    names = (unicodedata.name(c, "").split(" ")[0] for c in word if not c.isascii())
    latin = {"LATIN"} if any(c.isascii() for c in word) else set()
    return latin | {name for name in names if name in _SCRIPTS_ALIKE}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where and on which day (wall time) something takes place."""

    day: str
    venue: int | None
    lat: float | None
    lon: float | None


def is_copy(one: Spot, other: Spot) -> bool:
    """Whether two events may be one: on the same day, at the same venue or within two kilometres."""
    if one.day != other.day:
        return False
    if one.venue is not None and one.venue == other.venue:
        return True
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return False
    return arc(one.lat, one.lon, other.lat, other.lon) <= NEARBY_DEGREES


def flags_now(stored: list[str], starts_at: datetime, now: datetime) -> list[str]:
    """The flags kept with a text, and whether what it announces lies in the past by now."""
    rest = [flag for flag in stored if flag != Flag.IN_THE_PAST]
    return sorted([*rest, Flag.IN_THE_PAST.value] if starts_at <= now else rest)
