"""The public forms: their fields in order, their limits, and the codes with which each may be refused.

`intake` checks a posted form against this table, `pages` draws the fields and writes one page for every refusal.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, NamedTuple

from clarion.kernel.addresses import MAX_LENGTH as MAX_ADDRESS_LENGTH
from clarion.kernel.addresses import is_address
from clarion.kernel.clock import DAY
from clarion.kernel.languages import is_language
from clarion.kernel.text import has_control_characters, tidy, tidy_lines

FormName = Literal["sign", "host", "report", "my-data", "manage", "confirm", "withdraw"]
Kind = Literal[
    "line",
    "lines",
    "email",
    "country",
    "version",
    "consent",
    "choice",
    "date",
    "time",
    "language",
    "tick",
    "city",
    "venue",
]

EVENT_KINDS = ("rally", "vigil", "march", "talk", "workshop", "concert", "other")
REPORT_REASONS = ("not-real", "wrong-place", "dangerous", "hateful", "private-home", "other")
TAKEN_OUT = ("end", "bring", "accessibility", "public_contact")  # of an event, by a tick: an empty field stays
MANAGE_VERBS = ("change", "cancel", "uncancel", "new-link")
NO_COUNTRY = "ZZ"  # "prefer not to say": for people, not for events
MAX_BODY_BYTES = 16_384

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d(?::00)?")


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a public form; `max_length` in characters. `choices` of a country: accepted besides the list.

    `is_ahead`: a day that may not be over.
    """

    name: str
    kind: Kind = "line"
    required: bool = False
    max_length: int = 200
    choices: tuple[str, ...] = ()
    is_ahead: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes by which this field may be refused."""
        missing = ("missing",) if self.required or self.name in _EITHER_VENUE_OR else ()
        own = (_CHECKS[self.kind].code,) if self.kind in _CHECKS else ()
        past = ("past",) if self.is_ahead else ()
        return (*missing, "duplicate", "too-long", "characters", *own, *past)


@dataclass(frozen=True, slots=True)
class Form:
    """One public form."""

    name: FormName
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field of this name; raises `KeyError`."""
        return next(field for field in self.fields if field.name == name)


@dataclass(frozen=True, slots=True)
class FieldRefusal:
    """Why a form was refused: the first field in form order, and the code."""

    form: FormName
    field: str
    code: str


_EITHER_VENUE_OR = ("country", "city", "address")  # of the host form: needed where no venue is named

EMAIL = Field("email", "email", required=True, max_length=MAX_ADDRESS_LENGTH)
_EVENT_TEXT = (
    Field("bring", "lines", max_length=500),
    Field("accessibility", "lines", max_length=500),
)

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("sign", (
            Field("name", required=True, max_length=120),
            EMAIL,
            Field("country", "country", required=True, max_length=2, choices=(NO_COUNTRY,)),
            Field("postcode", max_length=16),
            Field("version", "version", max_length=9),
            Field("consent", "consent", max_length=32),
        )),
        Form("host", (
            Field("venue", "venue", max_length=64),
            Field("country", "country", max_length=2),
            Field("city", "city", max_length=100),
            Field("address", max_length=200),
            Field("date", "date", required=True, max_length=10, is_ahead=True),
            Field("time", "time", required=True, max_length=8),
            Field("end", "time", max_length=8),
            Field("title", required=True, max_length=100),
            Field("kind", "choice", required=True, max_length=20, choices=EVENT_KINDS),
            Field("language", "language", required=True, max_length=12),
            *_EVENT_TEXT,
            Field("public_contact", max_length=200),
            Field("name", required=True, max_length=120),
            EMAIL,
            Field("adult", "tick", required=True, max_length=3),
            Field("consent", "consent", max_length=32),
        )),
        Form("report", (
            Field("reason", "choice", required=True, max_length=20, choices=REPORT_REASONS),
            Field("note", "lines", max_length=500),
        )),
        Form("my-data", (EMAIL,)),
        Form("manage", (
            Field("do", "choice", required=True, max_length=8, choices=MANAGE_VERBS),
            Field("title", max_length=100),
            Field("venue", "venue", max_length=64),
            Field("city", max_length=100),
            Field("address", max_length=200),
            Field("date", "date", max_length=10),
            Field("time", "time", max_length=8),
            Field("end", "time", max_length=8),
            *_EVENT_TEXT,
            Field("public_contact", max_length=200),
            *(Field(f"no_{name}", "tick", max_length=3) for name in TAKEN_OUT),
        )),
        # These two are never refused by field: the answer is the same whatever was typed.
        Form("confirm", (
            Field("answer", "choice", max_length=6, choices=("yes", "not-me")),
            Field("email", max_length=MAX_ADDRESS_LENGTH),
        )),
        Form("withdraw", (Field("email", max_length=MAX_ADDRESS_LENGTH),)),
    )
}  # fmt: skip

REFUSABLE: tuple[FormName, ...] = ("sign", "host", "report", "my-data", "manage")


def all_refusals() -> Iterator[FieldRefusal]:
    """Every refusal that a page must be ready for."""
    for name in REFUSABLE:
        for field in FORMS[name].fields:
            for code in field.codes:
                yield FieldRefusal(name, field.name, code)


@dataclass(frozen=True, slots=True)
class Known:
    """What intake knows, against which some fields are checked."""

    countries: Collection[str]
    versions: int
    consents: Collection[str]
    venues: Collection[str]


def tidied(form: Form, posted: Mapping[str, str]) -> dict[str, str]:
    """The form's own fields, trimmed, in Unicode NFC; unknown inputs and empty values are left out."""
    values: dict[str, str] = {}
    for field in form.fields:
        raw = posted.get(field.name)
        if not raw:
            continue
        value = tidy_lines(raw) if field.kind == "lines" else tidy(raw)
        if value:
            values[field.name] = value.upper() if field.kind == "country" else value
    return values


def check_form(
    form: Form,
    posted: Mapping[str, str],
    values: Mapping[str, str],
    duplicates: Collection[str],
    known: Known,
    at: datetime,
) -> FieldRefusal | None:
    """The first refusal in form order, or None where the form may be taken. `values`: what `posted` is when `tidied`.

    `at`: the moment by which days are judged.
    Lengths are those of the tidied value, which is what records must hold: NFC makes some texts longer.
    """
    for field in form.fields:
        code = _refusal_code(field, posted, values, duplicates, known)
        if code is None and form.name == "host":
            code = _host_refusal_code(field, values, at)
        if code is not None:
            return FieldRefusal(form.name, field.name, code)
    return None


def _refusal_code(
    field: Field, posted: Mapping[str, str], values: Mapping[str, str], duplicates: Collection[str], known: Known
) -> str | None:
    if field.name in duplicates:
        return "duplicate"
    value = values.get(field.name)
    if value is None:
        return "missing" if field.required else None
    if len(value) > field.max_length:
        return "too-long"
    if has_control_characters(posted[field.name].strip(), lines=field.kind == "lines"):
        return "characters"
    check = _CHECKS.get(field.kind)
    return None if check is None or check.is_good(value, field, known) else check.code


def _host_refusal_code(field: Field, values: Mapping[str, str], at: datetime) -> str | None:
    if field.name in _EITHER_VENUE_OR and "venue" not in values and field.name not in values:
        return "missing"
    return "past" if field.is_ahead and is_over(values[field.name], at) else None


def is_over(day: str, at: datetime) -> bool:
    """Whether a day as YYYY-MM-DD is over in every zone; the last are twelve hours behind UTC."""
    return date.fromisoformat(day) < at.date() - DAY


def is_date(text: str) -> bool:
    """Whether `text` is a day as YYYY-MM-DD, of a year that zones and calendars can count with."""
    try:
        return bool(_DATE.fullmatch(text)) and 2000 <= date.fromisoformat(text).year < 2200
    except ValueError:
        return False


def is_time(text: str) -> bool:
    """Whether `text` is a time of day as HH:MM."""
    try:
        return bool(_TIME.fullmatch(text)) and time.fromisoformat(text) is not None
    except ValueError:
        return False


class _Check(NamedTuple):
    """What a kind of field is asked besides what all are asked, and the code of its refusal."""

    code: str
    is_good: Callable[[str, Field, Known], bool]


def _is_version(value: str, known: Known) -> bool:
    return value.isascii() and value.isdigit() and 1 <= int(value) <= known.versions


_CHECKS: Mapping[Kind, _Check] = {
    "email": _Check("shape", lambda value, field, known: is_address(value)),
    "country": _Check("unknown", lambda value, field, known: value in known.countries or value in field.choices),
    "version": _Check("unknown", lambda value, field, known: _is_version(value, known)),
    "consent": _Check("unknown", lambda value, field, known: value in known.consents),
    "choice": _Check("unknown", lambda value, field, known: value in field.choices),
    "date": _Check("shape", lambda value, field, known: is_date(value)),
    "time": _Check("shape", lambda value, field, known: is_time(value)),
    "language": _Check("unknown", lambda value, field, known: is_language(value)),
    "city": _Check("unknown", lambda value, field, known: True),  # looked up where the lists of cities are
    "venue": _Check("unknown", lambda value, field, known: value in known.venues),
}
