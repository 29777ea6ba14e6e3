"""What counts, what is shown of it, and which forms are one: pure decisions."""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clarion.kernel.forms import NO_COUNTRY

CONFIRM_WITHIN = timedelta(days=7)  # from the attempt to send the mail
SAME_FORM_WITHIN = timedelta(minutes=10)
KEEP_SEALED_ADDRESS = timedelta(hours=1)  # of a withdrawn record, for its last mail


@dataclass(frozen=True, slots=True)
class Figures:
    """The published numbers of a campaign, thresholds applied. The parts add up to `total`, and so do the days."""

    total: int
    by_country: Mapping[str, int]
    other: int
    by_day: Mapping[str, int]
    as_of: datetime
    frozen_since: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """What `counts.json` says."""
        return {
            "total": self.total,
            "by_country": dict(self.by_country),
            "other": self.other,
            "by_day": dict(self.by_day),
            "as_of": self.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def read_figures(counts: Mapping[str, Any], *, frozen_since: datetime) -> Figures:
    """The figures that `counts.json` said when they were frozen."""
    return Figures(
        counts["total"],
        counts["by_country"],
        counts["other"],
        counts["by_day"],
        datetime.fromisoformat(counts["as_of"]),
        frozen_since,
    )


def figures(
    tallies: Iterable[tuple[date, str, int]],
    *,
    threshold: int,
    never_shown: Collection[str],
    as_of: datetime,
) -> Figures:
    """What may be published of tallies by day and country (design: Counts).

    A country's number moves in steps of `threshold`; what is left of it, and all of a country that is never
    shown or that people preferred not to say, stands under `other`.
    """
    days: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    for day, country, count in tallies:
        days[day.isoformat()] += count
        countries[country] += count
    shown = _shown(countries, threshold=threshold, never_shown=never_shown)
    total = countries.total()
    by_day = {day: n for day, n in sorted(days.items()) if n}
    return Figures(total, shown, total - sum(shown.values()), by_day, as_of)


def no_finer(frozen: Figures, *, threshold: int, never_shown: Collection[str]) -> Figures:
    """Frozen figures as far as the campaign lets them be shown by now: whoever hides a country means at once.

    What may not be shown any more stands under `other`; what stood there stays.
    """
    shown = _shown(frozen.by_country, threshold=threshold, never_shown=never_shown)
    return replace(frozen, by_country=shown, other=frozen.total - sum(shown.values()))


def _shown(countries: Mapping[str, int], *, threshold: int, never_shown: Collection[str]) -> dict[str, int]:
    hidden = {NO_COUNTRY, "", *never_shown}
    steps = {code: in_steps(n, threshold) for code, n in sorted(countries.items()) if code not in hidden}
    return {code: n for code, n in steps.items() if n}


def in_steps(count: int, step: int) -> int:
    """`count` rounded down to a whole number of steps; a step of 0 or 1 leaves it exact."""
    return count - count % max(step, 1)


@dataclass(frozen=True, slots=True)
class SignForm:
    """What one accepted sign form says, bound to a version and a consent wording."""

    id: str
    address_hash: bytes
    name: str
    email: str
    postcode: str
    country: str
    version: int
    language: str
    consent: str
    at: datetime
    is_slow: bool = False
    networks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlierForm:
    """What is compared of a form that stands already; `name` as its box says."""

    name: str
    country: str
    version: int
    at: datetime


def is_same_form(form: SignForm, earlier: EarlierForm) -> bool:
    """Whether two forms of one canonical address are one: they say the same within ten minutes."""
    return (
        form.country == earlier.country
        and form.version == earlier.version
        and abs(form.at - earlier.at) <= SAME_FORM_WITHIN
        and form.name == earlier.name
    )


@dataclass(frozen=True, slots=True)
class Vote:
    """A press of "confirm" on a good link; `address_hash` of the address typed, where the link asks for it."""

    record: str
    campaign: int
    at: datetime
    is_typed: bool = False
    address_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending signature as far as counting looks at it."""

    pk: int
    record: str
    campaign: int
    address_hash: bytes
    country: str


@dataclass(slots=True)
class Counted:
    """Which pending rows become confirmed, and when each was."""

    rows: list[tuple[Waiting, datetime]] = field(default_factory=list)

    def sums(self, held: Container[int] = ()) -> dict[tuple[int, date, str], int]:
        """What to add to the tallies: campaign, UTC day on which intake accepted, country. `held` rows do not count."""
        counting = ((row, at) for row, at in self.rows if row.pk not in held)
        return dict(Counter((row.campaign, at.astimezone(UTC).date(), row.country) for row, at in counting))


def count_votes(
    votes: Iterable[Vote], waiting: Mapping[str, Waiting], counted: Collection[tuple[int, bytes]]
) -> Counted:
    """Which rows `votes` make count: the first of an address in a campaign, earliest press first.

    `waiting` holds pending rows by id, `counted` the addresses that count already. Repeats, links of another
    campaign and typed addresses that do not match change nothing.
    """
    taken = set(counted)
    result = Counted()
    for vote in sorted(votes, key=lambda vote: vote.at):
        row = waiting.get(vote.record)
        if row is None or row.campaign != vote.campaign or (row.campaign, row.address_hash) in taken:
            continue
        if vote.is_typed and vote.address_hash != row.address_hash:
            continue
        taken.add((row.campaign, row.address_hash))
        result.rows.append((row, vote.at))
    return result
