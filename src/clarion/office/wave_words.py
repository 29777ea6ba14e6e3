"""Waves in words and figures: why one is held, what its signatures look like, when they came."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count
from django.db.models.functions import TruncMinute
from django.template.defaultfilters import date as date_format
from markupsafe import Markup

from clarion.kernel.keys import KeyRing
from clarion.kernel.sealing import unlock_fields
from clarion.pages.plots import Bar, bars, columns
from clarion.places.countries import country_name
from clarion.signatures.models import Signature, Wave
from clarion.signatures.wave_rules import has_digits, people_who_may

STATES: Mapping[str, str] = {"held": "held", "released": "released: it counts", "voided": "voided: it never counts"}
_MOST_COLUMNS = 48
_COLUMN_MINUTES = (1, 5, 15, 60, 360, 1440)
_SAMPLE = 200
_SHAPES_SHOWN = 8
_COUNTRIES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Shapes:
    """Of how many signatures the shapes were taken; shape of the name, mail domain, how often."""

    of: int
    rows: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Spread:
    """Over how many different values the signatures of a wave are spread; None once the marks are gone."""

    names: int
    domains: int
    networks: int


def reason_of(wave: Wave, keys: KeyRing) -> str:
    """Why a wave is held, as a sentence. What very many share (a name, a mail domain) is said; nobody's own is."""
    found: Mapping[str, int] = wave.found
    size, of = intcomma(found["size"]), intcomma(found["of"])
    names, networks = _so_many(found["names"], "different name"), _so_many(found["networks"], "network")
    within = f"{size} signatures confirmed within one hour"
    match wave.kind:
        case "names":
            return f"{within}, of {of} in all, bear {_name_shared(wave, keys)} and came from only {networks}."
        case "domain":
            return f"{within} have addresses at {_domain_shared(wave, keys)}, under only {names}."
        case "network":
            return f"{within} were sent from one network, under only {names}."
        case "mailboxes":
            return f"{within} were sent from one network, all with addresses at {_domain_shared(wave, keys)}."
    people = found["people"]
    country = country_name(wave.country, "en")
    return (
        f"{within} are from one country ({country}), where {intcomma(people)} live: "
        f"{intcomma(people_who_may(people))} are believed."
    )


def _so_many(n: int, what: str) -> str:
    return f"{intcomma(n)} {what}{'' if n == 1 else 's'}"


def _name_shared(wave: Wave, keys: KeyRing) -> str:
    name = _said_by_one(wave, keys).get("name", "")
    if not name:
        return "one name"
    return "names with digits in them" if has_digits(name) else f"one name, “{name}”"


def _domain_shared(wave: Wave, keys: KeyRing) -> str:
    return _said_by_one(wave, keys).get("email", "").rpartition("@")[2] or "one mail domain"


def _said_by_one(wave: Wave, keys: KeyRing) -> Mapping[str, str]:
    box = Signature.objects.filter(wave=wave, box__isnull=False).values_list("box", flat=True).first()
    return unlock_fields(keys, bytes(box)) if box else {}


def shapes_of(wave: Wave, keys: KeyRing) -> Shapes:
    """What the newest look like, the most frequent first; nothing in it tells whose one is."""
    rows = Signature.objects.filter(wave=wave, box__isnull=False).order_by("-confirmed_at", "-pk")
    said = [unlock_fields(keys, bytes(box)) for box in rows.values_list("box", flat=True)[:_SAMPLE] if box]
    found = Counter((name_shape(one["name"]), one["email"].rpartition("@")[2]) for one in said)
    return Shapes(len(said), [(name, domain, n) for (name, domain), n in found.most_common(_SHAPES_SHOWN)])


def name_shape(name: str) -> str:
    """A name as letters and digits without their values: `Aaaaa Aaaa 00`."""
    return "".join(_stand_in(c) for c in name)


def _stand_in(c: str) -> str:
    if c.isdigit():
        return "0"
    if c.isupper():
        return "A"
    return "a" if c.isalpha() else c


def spread_of(wave: Wave) -> Spread | None:
    """How different the signatures of a wave are, as long as they can be compared."""
    members = Signature.objects.filter(wave=wave, domain_mark__isnull=False)
    numbers = members.aggregate(
        n=Count("pk"),
        names=Count("name_mark", distinct=True),
        domains=Count("domain_mark", distinct=True),
        networks=Count("network_mark", distinct=True),
    )
    return Spread(numbers["names"], numbers["domains"], numbers["networks"]) if numbers["n"] else None


def columns_of_time(wave: Wave) -> list[tuple[datetime, int]]:
    """How many were confirmed when, in even steps from the first to the last."""
    rows = Signature.objects.filter(wave=wave, confirmed_at__isnull=False).annotate(minute=TruncMinute("confirmed_at"))
    minutes = dict(rows.values("minute").annotate(n=Count("pk")).values_list("minute", "n"))
    return in_columns(minutes)


def in_columns(minutes: Mapping[datetime, int]) -> list[tuple[datetime, int]]:
    """Minutes gathered into at most 48 even columns, unless they span weeks; empty ones are 0."""
    if not minutes:
        return []
    first, last = min(minutes), max(minutes)
    span = (last - first) / timedelta(minutes=1)
    wide = next((one for one in _COLUMN_MINUTES if span / one < _MOST_COLUMNS), _COLUMN_MINUTES[-1])
    step = timedelta(minutes=wide)
    start = first - (first - first.replace(hour=0, minute=0)) % step
    heights = [0] * ((last - start) // step + 1)
    for minute, n in minutes.items():
        heights[(minute - start) // step] += n
    return [(start + at * step, n) for at, n in enumerate(heights)]


def plot_of_time(steps: Sequence[tuple[datetime, int]]) -> Markup:
    """Columns over time."""
    rows = [Bar(date_format(at, "j M, H:i"), n, intcomma(n)) for at, n in steps]
    return columns(rows, label="Confirmed over time")


def countries_of(wave: Wave) -> list[tuple[str, int]]:
    """The countries of a wave with most signatures, by their English names."""
    rows = Signature.objects.filter(wave=wave).values("country").annotate(n=Count("pk")).order_by("-n", "country")
    found = rows.values_list("country", "n")[:_COUNTRIES_SHOWN]
    return [(country_name(code, "en") if code and code != "ZZ" else "Not said", n) for code, n in found]


def plot_of_countries(rows: Sequence[tuple[str, int]]) -> Markup:
    """Bars by country."""
    return bars([Bar(name, n, intcomma(n)) for name, n in rows], label="By country")
