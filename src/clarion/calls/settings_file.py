"""campaign.toml: its keys, their defaults, and the line of each."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

from clarion.calls import limits
from clarion.calls.folder import SETTINGS
from clarion.calls.problems import Problems
from clarion.calls.texts import check_language
from clarion.campaigns.rules import CampaignSettings
from clarion.kernel.addresses import can_send
from clarion.kernel.slugs import RESERVED, is_slug
from clarion.kernel.text import tidy
from clarion.places.countries import CODES

_KEYS = (
    "slug", "default_language", "authoritative_language", "accent", "opens_at", "closes_at", "keep_until",
    "minimum_age", "organiser.name", "organiser.email", "organiser.url", "controller.legal_name",
    "controller.postal_address", "controller.privacy_contact", "ways.sign", "ways.events", "ways.give",
    "counts.threshold", "counts.never_shown", "mail.discreet",
)  # fmt: skip
_TABLES = frozenset(key.partition(".")[0] for key in _KEYS if "." in key)
_HEADER = re.compile(r"\s*\[\s*([\w.\s\"'-]+?)\s*\]\s*(?:#.*)?")
_KEY = re.compile(r"\s*([\w.\"'-]+(?:\s*\.\s*[\w\"'-]+)*)\s*=")
_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_ACCENT = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(slots=True)
class SettingsFile:
    """The file's values by dotted key, each with its line; what is wrong is noted as it is read."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    problems: Problems

    def line(self, key: str) -> int:
        """Where a key stands, or its table; else 1."""
        return self.lines.get(key) or self.lines.get(key.partition(".")[0]) or 1

    def wrong(self, key: str, wrong: str, right: str) -> None:
        """Note a mistake at a key."""
        self.problems.wrong(SETTINGS, self.line(key), wrong, right)

    def text(self, key: str, max_length: int, *, required: bool = False, example: str = "…") -> str:
        """A text on one line, trimmed; empty where it is absent, which is a mistake if it is `required`."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            self.wrong(key, f"`{key}` is not a text.", f"Write it in quotes: {_written(key, example)}")
            return ""
        if required and not value.strip():
            self.wrong(key, f"`{key}` is missing.", f"Write {_written(key, example)}")
        return self.problems.check_text(SETTINGS, self.line(key), f"`{key}`", tidy(value), max_length)

    def switch(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.wrong(key, f"`{key}` is {value!r}.", "Write true or false, without quotes.")
        return default

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds."""
        value = self.values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.wrong(key, f"`{key}` is {value!r}.", f"Write a whole number from {low} to {high}, without quotes.")
        return default

    def moment(self, key: str) -> datetime | None:
        """A moment with its zone, in UTC."""
        value = self.values.get(key)
        if value is None:
            return None
        read = _as_datetime(value)
        if read is None or read.tzinfo is None:
            self.wrong(key, f"`{key}` is not a moment with its zone.", f"Write {key} = 2026-12-01T09:00:00+01:00")
            return None
        return read.astimezone(UTC)

    def day(self, key: str) -> date | None:
        """A day."""
        value = self.values.get(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.wrong(key, f"`{key}` is not a day.", f"Write {key} = 2027-12-01")
            return None


def read_settings(text: str, problems: Problems) -> tuple[CampaignSettings, SettingsFile] | None:
    """What campaign.toml says; None where it cannot be read at all, which is noted."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _ERROR_LINE.search(str(error))
        line = int(found.group(1)) if found else max(text.count("\n"), 1)
        problems.wrong(
            SETTINGS,
            line,
            f"This is not TOML: {_ERROR_LINE.sub('', str(error)).strip()}.",
            'Write `name = "text"`, in quotes.',
        )
        return None
    file = SettingsFile(_flat(raw), _lines(text), problems)
    _refuse_unknown(file, raw)
    settings = _settings(file)
    _check_slug(file, settings.slug)
    _check_languages(file, settings)
    _check_organiser(file, settings)
    _check_accent(file, settings.accent)
    _check_times(file, settings)
    return settings, file


def _settings(file: SettingsFile) -> CampaignSettings:
    return CampaignSettings(
        slug=file.text("slug", 200, required=True, example="clean-water"),
        default_language=file.text("default_language", 12, required=True, example="en"),
        authoritative_language=file.text("authoritative_language", 12),
        organiser_name=file.text("organiser.name", limits.NAME, required=True, example="Water Committee"),
        organiser_email=file.text("organiser.email", 254, required=True, example="office@example.org"),
        organiser_url=file.text("organiser.url", limits.URL),
        controller_name=file.text("controller.legal_name", limits.NAME),
        controller_address=file.text("controller.postal_address", limits.POSTAL_ADDRESS),
        privacy_contact=file.text("controller.privacy_contact", limits.NAME),
        accent=file.text("accent", 20).lower(),
        opens_at=file.moment("opens_at"),
        closes_at=file.moment("closes_at"),
        keep_until=file.day("keep_until"),
        minimum_age=file.number("minimum_age", 16, 0, limits.AGE),
        is_discreet=file.switch("mail.discreet", False),
        takes_signatures=file.switch("ways.sign", True),
        takes_events=file.switch("ways.events", True),
        takes_gifts=file.switch("ways.give", True),
        count_threshold=file.number("counts.threshold", 5, 1, limits.THRESHOLD),
        never_shown=_countries(file, "counts.never_shown"),
    )


def _countries(file: SettingsFile, key: str) -> tuple[str, ...]:
    value = file.values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        file.wrong(key, f"`{key}` is not a list of country codes.", f"Write {_written(key, '', list_of=['XX'])}")
        return ()
    for code in value:
        if code.upper() not in CODES:
            file.wrong(key, f"{code!r} in `{key}` is not a country code.", "Use two letters of ISO 3166-1, such as KE.")
    return tuple(sorted({code.upper() for code in value}))


def _check_slug(file: SettingsFile, slug: str) -> None:
    if slug in RESERVED:
        file.wrong("slug", f"`slug` {slug!r} is a reserved word.", "Choose another one.")
    elif slug and not is_slug(slug):
        file.wrong("slug", f"`slug` is {slug!r}.", "Use 2 to 40 of a-z, 0-9 and the hyphen, such as clean-water.")


def _check_languages(file: SettingsFile, settings: CampaignSettings) -> None:
    for key in ("default_language", "authoritative_language"):
        tag = getattr(settings, key)
        if tag:
            check_language(SETTINGS, tag, file.problems, file.line(key))


def _check_organiser(file: SettingsFile, settings: CampaignSettings) -> None:
    if settings.organiser_email and not can_send(settings.organiser_email):
        file.wrong(
            "organiser.email",
            f"{settings.organiser_email!r} is not an e-mail address that can send everywhere.",
            "Write office@example.org: before the @ only letters without accents, digits and .-_+",
        )
    url = settings.organiser_url
    if url and not re.fullmatch(r"https?://[^\s/?#]+\.[^\s]*|https?://localhost\S*", url):
        file.wrong("organiser.url", f"{url!r} is not a web address.", "Write https://example.org.")


def _check_accent(file: SettingsFile, accent: str) -> None:
    if accent and not _ACCENT.fullmatch(accent):
        file.wrong("accent", f"`accent` is {accent!r}.", 'Write a colour of six digits: accent = "#0b6e99"')


def _check_times(file: SettingsFile, settings: CampaignSettings) -> None:
    opens, closes, keep = settings.opens_at, settings.closes_at, settings.keep_until
    if opens and closes and closes <= opens:
        file.wrong("closes_at", "`closes_at` is not after `opens_at`.", "Let the campaign close after it opens.")
    if closes and keep and keep < closes.date():
        file.wrong(
            "keep_until", "`keep_until` is before the campaign closes.", "Keep signatures until it closes at least."
        )


def warn_of_past(file: SettingsFile, settings: CampaignSettings, now: datetime) -> None:
    """Note dates that have passed."""
    if settings.closes_at and settings.closes_at <= now:
        file.problems.doubtful(
            SETTINGS, file.line("closes_at"), "`closes_at` has passed.", "The campaign takes no signatures any more."
        )
    if settings.keep_until and settings.keep_until <= now.date():
        file.problems.doubtful(
            SETTINGS, file.line("keep_until"), "`keep_until` has passed.", "Personal data is erased at once."
        )


def _refuse_unknown(file: SettingsFile, raw: Mapping[str, Any]) -> None:
    for table in _TABLES & raw.keys():
        if not isinstance(raw[table], dict):
            file.wrong(table, f"`{table}` is not a table.", f"Write [{table}] on a line of its own.")
    for key in file.values:
        if key not in _KEYS and key not in _TABLES:
            near = get_close_matches(key, _KEYS, 1)
            file.wrong(key, f"`{key}` is not known here.", f"Did you mean `{near[0]}`?" if near else "Take it out.")


def _flat(raw: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in raw.items():
        if isinstance(value, dict) and not prefix:
            flat.update(_flat(value, f"{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _lines(text: str) -> dict[str, int]:
    """The line of each table and dotted key."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            table = _plain_key([header.group(1)])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(_plain_key([table, key.group(1)]), number)
    return lines


def _plain_key(parts: Iterable[str]) -> str:
    return ".".join(re.sub(r"[\s\"']", "", part) for part in parts if part)


def _as_datetime(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _written(key: str, example: str, list_of: list[str] | None = None) -> str:
    table, _, name = key.rpartition(".")
    value = str(list_of).replace("'", '"') if list_of is not None else f'"{example}"'
    return f"{name} = {value}" + (f" below [{table}]." if table else ".")
