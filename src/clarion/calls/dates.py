"""Finding the day that a dateline says, in the words of many languages."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from clarion.kernel.languages import locale_of

_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_DOTTED = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\b")
_SLASHED = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
_WORD = re.compile(r"[^\W\d_]+\.?")
_NUMBERS = re.compile(r"\d+")
_FEW_LETTERS = 20  # beside the day a dateline has a place, a weekday, an "of"


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day, and whether the line says hardly anything else (a dateline, not a sentence)."""

    day: date
    is_whole_line: bool


def day_in(line: str, language: str) -> FoundDay | None:
    """The day that a short line says, or None. Days such as 3/4/2026, which may be two, are not guessed."""
    plain = "".join(str(unicodedata.digit(c, c)) for c in line)
    found = next(_numeric_days(plain), None)
    if found is not None:
        return FoundDay(found, sum(c.isalpha() for c in plain) <= _FEW_LETTERS)
    return _worded_day(plain, language)


def _numeric_days(text: str) -> Iterator[date]:
    for pattern, order in ((_ISO, (1, 2, 3)), (_CJK, (1, 2, 3)), (_DOTTED, (3, 2, 1))):
        for found in pattern.finditer(text):
            yield from _day(*(int(found.group(part)) for part in order))
    for found in _SLASHED.finditer(text):
        first, second, year = (int(part) for part in found.groups())
        if first > 12 or first == second:
            yield from _day(year, second, first)
        elif second > 12:
            yield from _day(year, first, second)


def _worded_day(text: str, language: str) -> FoundDay | None:
    months = _months(language)
    words = [word for word in _WORD.findall(text) if word.rstrip(".").casefold() in months]
    numbers = [int(number) for number in _NUMBERS.findall(text) if len(number) <= 4]
    years = [number for number in numbers if 1900 <= number <= 2200]
    days = [number for number in numbers if 1 <= number <= 31]
    if len(words) != 1 or len(years) != 1 or len(days) != 1:
        return None
    month = months[words[0].rstrip(".").casefold()]
    rest = sum(c.isalpha() for c in text) - sum(c.isalpha() for c in words[0])
    return next((FoundDay(day, rest <= _FEW_LETTERS) for day in _day(years[0], month, days[0])), None)


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


@cache
def _months(language: str) -> dict[str, int]:
    """The names of the months, in the language and in English, as written in a date and alone."""
    names: dict[str, int] = {}
    for tag in ("en", language):
        for context in ("stand-alone", "format"):
            for width in ("abbreviated", "wide"):
                for number, name in locale_of(tag).months[context][width].items():
                    names[name.rstrip(".").casefold()] = number
    return {name: number for name, number in names.items() if not name.isdigit()}
