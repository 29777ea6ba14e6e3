"""How the interface speaks one language: strings, plurals, numbers, dates, names."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from babel.numbers import format_decimal

from clarion.kernel.languages import direction, locale_of
from clarion.locale.catalogs import SOURCE_LANGUAGE, catalog

# Babel writes Western digits whatever the numbering system (CLDR: numbers/defaultNumberingSystem).
_ZEROES = {
    "arab": "\u0660", "arabext": "\u06f0", "beng": "\u09e6", "deva": "\u0966", "mymr": "\u1040", "tibt": "\u0f20",
    "adlm": "\U0001e950", "cakm": "\U00011136", "nkoo": "\u07c0", "olck": "\u1c50",
}  # fmt: skip

_PLURAL_PERIOD = 120  # of the numbers below it, one at least is of every category but that of whole millions


@cache
def _digits(numbering_system: str) -> dict[int, int]:
    zero = ord(_ZEROES.get(numbering_system, "0"))
    return {ord("0") + n: zero + n for n in range(10)}


@dataclass(frozen=True, slots=True)
class Voice:
    """One language of the call as the interface speaks it. `spoken` is English where there is no catalogue."""

    language: str
    spoken: str
    locale: Locale
    strings: NullTranslations

    @property
    def direction(self) -> str:
        """Direction of the call's language."""
        return direction(self.language)

    @property
    def is_foreign(self) -> bool:
        """Whether interface text must be marked up as English within the call's language."""
        return self.spoken != self.language.split("-")[0] and self.spoken != self.language

    def gettext(self, message: str) -> str:
        """The string in this language."""
        return self.strings.gettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The string in the plural form of `n`."""
        return self.strings.ngettext(singular, plural, n)

    def plurals(self, singular: str, plural: str) -> dict[str, str]:
        """The string by plural category (CLDR), for a script that counts on: `Intl.PluralRules` names them alike."""
        rule = self.locale.plural_form
        numbers = {rule(n): n for n in (1_000_000, *reversed(range(_PLURAL_PERIOD)), 1)}
        return {category: self.ngettext(singular, plural, n) for category, n in sorted(numbers.items())}

    def pgettext(self, context: str, message: str) -> str:
        """The string in a context."""
        return self.strings.pgettext(context, message)

    def listed(self, *parts: str) -> str:
        """Those of the parts that are there, in one line, with the language's own comma."""
        return self.gettext(", ").join(part for part in parts if part)

    @property
    def numbering(self) -> str:
        """The numbering system (CLDR). Arabic of no country writes its own digits; CLDR 42 made it Western ones."""
        return "arab" if str(self.locale) == "ar" else self.locale.default_numbering_system

    def in_digits(self, text: str) -> str:
        """`text` with its digits as the language writes them."""
        return text.translate(_digits(self.numbering))

    @property
    def tag(self) -> str:
        """What a browser must be told to write numbers and dates as this voice does (BCP 47, extension u)."""
        return f"{str(self.locale).replace('_', '-')}-u-nu-{self.numbering}"

    def number(self, n: int) -> str:
        """A whole number in the language's own digits and grouping."""
        return self.in_digits(format_decimal(n, locale=self.locale, numbering_system=self.numbering))

    def day(self, on: date, *, style: str = "long") -> str:
        """A day without weekday: `long`, `medium` or `short`."""
        return self.in_digits(format_date(on, style, locale=self.locale))

    def weekday_and_day(self, on: date) -> str:
        """A day with its weekday, in full."""
        return self.in_digits(format_date(on, "full", locale=self.locale))

    def short_day(self, on: date) -> str:
        """A day of this year in a few letters, with its weekday."""
        return self.in_digits(format_skeleton("MMMEd", on, locale=self.locale))

    def weekday(self, on: date) -> str:
        """The weekday, short, as it stands alone."""
        return format_date(on, "ccc", locale=self.locale)

    def month(self, on: date) -> str:
        """The month, short, as it stands alone."""
        return format_date(on, "LLL", locale=self.locale)

    def day_number(self, on: date) -> str:
        """The day of the month in the language's digits."""
        return self.number(on.day)

    def time_of_day(self, at: datetime) -> str:
        """Hour and minute as the language writes them; `at` is wall time, naive or with a zone."""
        return self.in_digits(format_time(at.replace(tzinfo=None).time(), "short", locale=self.locale))

    def moment(self, at: datetime, zone: str = "UTC") -> str:
        """Day, hour, minute and zone of an aware moment."""
        there = at.astimezone(ZoneInfo(zone))
        return f"{self.listed(self.day(there.date(), style='medium'), self.time_of_day(there))} {zone}"

    def zone_name(self, at: datetime, zone: str) -> str:
        """The zone's name at that moment, as people there call it."""
        return get_timezone_name(at.astimezone(ZoneInfo(zone)), locale=self.locale)

    def language_name(self, tag: str) -> str:
        """A language's name in this language."""
        name = locale_of(tag).get_display_name(self.locale)
        return name or tag


@cache
def voice(language: str, extra: Path | None = None) -> Voice:
    """The voice of `language`; the interface's part is English where no catalogue speaks it."""
    strings = catalog(language, extra)
    if strings is None:
        return Voice(language, SOURCE_LANGUAGE, locale_of(SOURCE_LANGUAGE), NullTranslations())
    return Voice(language, language, locale_of(language), strings)
