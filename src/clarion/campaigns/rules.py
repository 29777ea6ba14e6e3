"""What a statement says, when a translation is behind, how long data is kept, ids of wordings. No Django, no clock."""

import hashlib
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from typing import ClassVar, Literal

from clarion.kernel.errors import Refusal

Status = Literal["official", "community", "machine"]
STATUSES: tuple[Status, ...] = ("official", "community", "machine")
KEEP_MONTHS = 12
_KEEP_AFTER_SIGNING = timedelta(days=365)


class SlugTaken(Refusal):
    """The slug belongs to another campaign."""

    code: ClassVar[str] = "slug-taken"


class NoStatement(Refusal):
    """A version must have a statement in the campaign's default language."""

    code: ClassVar[str] = "no-statement"


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing asked for, of someone."""

    text: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class StatementText:
    """One statement as written: its bytes, and what they say. `translates` None: decided when it is saved."""

    language: str
    raw: bytes
    title: str
    body: str
    summary: str = ""
    demands: tuple[Demand, ...] = ()
    dated_on: date | None = None
    translator: str = ""
    status: Status = "official"
    translates: int | None = None
    picture_alt: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the bytes as launched, hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()


@dataclass(frozen=True, slots=True)
class UpdateText:
    """News as written, in one language."""

    posted_on: date
    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """What `campaign.toml` says, with the defaults. The names are those of the model."""

    slug: str
    default_language: str
    organiser_name: str
    organiser_email: str
    organiser_url: str = ""
    authoritative_language: str = ""
    controller_name: str = ""
    controller_address: str = ""
    privacy_contact: str = ""
    accent: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    keep_until: date | None = None
    minimum_age: int = 16
    is_discreet: bool = False
    takes_signatures: bool = True
    takes_events: bool = True
    takes_gifts: bool = True
    count_threshold: int = 5
    never_shown: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence that people agree to at a form's button."""

    wording_id: str
    form: str
    language: str
    text: str


def wording_of(form: str, language: str, text: str) -> Wording:
    """The wording with its id: the same form, language and text have the same id on every server."""
    digest = hashlib.sha256("\0".join((form, language, text)).encode()).hexdigest()
    return Wording(digest[:32], form, language, text)


def has_changed(old: Mapping[str, str], new: Iterable[StatementText]) -> bool:
    """Whether a new version is needed; `old` is the present version's SHA-256 by language."""
    return dict(old) != {one.language: one.sha256 for one in new}


def first_appearance(sha256: str, by_version: Mapping[int, str], otherwise: int) -> int:
    """The version in which these bytes first appeared; `by_version`: that language's SHA-256 by version."""
    return min((number for number, known in by_version.items() if known == sha256), default=otherwise)


def is_behind(translates: int, original_by_version: Mapping[int, str]) -> bool:
    """Whether the default language's bytes changed after the version that was translated.

    `original_by_version`: the default language's SHA-256 by version number. A change taken back is none.
    """
    if not original_by_version:
        return False
    present = original_by_version[max(original_by_version)]
    return original_by_version.get(translates) != present


def last_other_version(original_by_version: Mapping[int, str]) -> int | None:
    """The last version whose original reads differently from the present one; None where there is no other text."""
    if not original_by_version:
        return None
    present = original_by_version[max(original_by_version)]
    return max((number for number, sha256 in original_by_version.items() if sha256 != present), default=None)


def last_day_of_data(keep_until: date | None, closes_at: datetime | None) -> date | None:
    """The last day on which a campaign holds personal data; None where that is twelve months after each signature.

    The day that was named, else twelve months after the close.
    """
    if keep_until is None and closes_at is not None:
        return _months_later(closes_at.astimezone(UTC).date(), KEEP_MONTHS)
    return keep_until


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = min(day.year + years, MAXYEAR), month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def personal_data_ended(now: datetime, last_day: date | None) -> datetime | None:
    """Whoever sent a form up to this moment has their personal data kept no longer; None: everybody's stays.

    `last_day` as of `last_day_of_data`: nobody's goes before it is over, and everybody's after.
    """
    if last_day is None:
        return now - _KEEP_AFTER_SIGNING
    return now if now.astimezone(UTC).date() > last_day else None


def newly_ended(old: date | None, new: date | None, now: datetime) -> datetime | None:
    """Whoever sent a form up to this moment loses their personal data by midnight, because a last day changed so."""
    midnight = datetime.combine(now.astimezone(UTC) + timedelta(days=1), time(), UTC)
    before, after = personal_data_ended(midnight, old), personal_data_ended(midnight, new)
    return after if after and (before is None or before < after) else None
