"""Language tags (BCP 47): whether one is known, how it is written, which way it runs."""

import re
from functools import cache

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global

_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")
_RTL_SCRIPTS = frozenset({"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg", "Mand", "Samr"})
_RTL_LANGUAGES = frozenset({"ar", "he", "fa", "ur", "ps", "sd", "ug", "yi", "dv", "ckb", "syr", "nqo", "ks"})
# Half of what CLDR says of a language; a process keeps all that it has read of each that it speaks.
_UNUSED = (
    "unit_patterns", "compound_unit_patterns", "unit_display_names", "currency_names", "currency_names_plural",
    "currency_formats", "currency_unit_patterns", "compact_currency_formats", "compact_decimal_formats",
    "scientific_formats", "interval_formats", "date_fields",
)  # fmt: skip


@cache
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def is_language(tag: str) -> bool:
    """Whether `tag` is a well-formed tag of a language that CLDR knows."""
    return bool(_TAG.fullmatch(tag)) and (_locale(tag) is not None or _english_name(tag) is not None)


def _english_name(tag: str) -> str | None:
    return locale_of("en").languages.get(tag.split("-")[0])


def direction(tag: str) -> str:
    """`rtl` or `ltr`."""
    parts = tag.split("-")
    for part in parts[1:]:
        if len(part) == 4:
            return "rtl" if part in _RTL_SCRIPTS else "ltr"
    if parts[0] in _RTL_LANGUAGES:
        return "rtl"
    locale = _locale(tag)
    return "rtl" if locale and locale.text_direction == "rtl" else "ltr"


def with_territory(tag: str) -> str:
    """Language and territory, `pt_BR`; where the tag names none, that in which CLDR takes it to be written.

    Language alone where CLDR does not know.
    """
    likely: str = get_global("likely_subtags").get(tag.replace("-", "_"), "")
    named = [part for part in (*tag.split("-")[1:], *likely.split("_")[1:]) if len(part) < 4]
    return "_".join((tag.split("-")[0], *named[:1]))


def native_name(tag: str) -> str:
    """The language's own name for itself, capitalised; its English name or the tag where CLDR has none."""
    locale = _locale(tag)
    name = (locale.get_display_name() if locale else None) or _english_name(tag) or tag
    return name[:1].upper() + name[1:]


@cache
def locale_of(tag: str) -> Locale:
    """Babel's locale for `tag`, without what is not used; English where CLDR has none."""
    found = _locale(tag) or Locale("en")
    kept = localedata.load(str(found))
    for name in _UNUSED:
        kept.pop(name, None)
    return found
