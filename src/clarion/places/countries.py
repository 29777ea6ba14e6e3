"""Countries and territories: codes, names in every language, and what a host changes about the list.

The list is ISO 3166-1 alpha-2 and XK (Kosovo, a user-assigned code). "ZZ", prefer not to say, is no
country here. Names come from CLDR through Babel.

A host may keep `countries.toml` in the data folder; every part of it may be absent:

    first = ["KE", "UG"]          # at the top of the list, in this order
    hide = ["BV", "HM"]           # neither offered nor accepted

    [merge]                       # accepted, and stored as the other; offered is only the other
    PR = "US"

    [names.CZ]                    # language tag = the name in that language
    en = "Czech Republic"
    pt-br = "República Tcheca"
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError

_ISO = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK
    YE YT ZA ZM ZW
"""

CODES: frozenset[str] = frozenset(_ISO.split())

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_TABLES = {"first", "hide", "merge", "names"}


class CountrySettingsError(ValueError):
    """The host's settings file cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class CountrySettings:
    """What the host changes: see the module's docstring. Language tags in `names` are lower case."""

    first: tuple[str, ...] = ()
    hide: frozenset[str] = frozenset()
    merge: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a country field."""

    code: str
    name: str


NO_SETTINGS = CountrySettings()


def country_name(code: str, language: str, settings: CountrySettings = NO_SETTINGS) -> str:
    """The name of a country in a language (a BCP 47 tag), in English when the language has none.

    Raises KeyError for what is not in `CODES`.
    """
    if code not in CODES:
        raise KeyError(code)
    given = settings.names.get(code, {})
    for tag in _tags(language):
        if tag in given:
            return given[tag]
    return _territories(language).get(code) or _territories("en")[code]


def choices(language: str, settings: CountrySettings = NO_SETTINGS) -> list[Choice]:
    """What a form offers: those the host puts first, then the others in the order of the language."""
    offered = CODES - settings.hide - settings.merge.keys()
    rest = [Choice(code, country_name(code, language, settings)) for code in offered - set(settings.first)]
    rest.sort(key=lambda choice: (_sort_key(choice.name, language), choice.code))
    return [Choice(code, country_name(code, language, settings)) for code in settings.first] + rest


def accepted(settings: CountrySettings = NO_SETTINGS) -> frozenset[str]:
    """The codes that a form or a file may carry: all but the hidden ones, merged ones included."""
    return CODES - settings.hide


def merged(code: str, settings: CountrySettings = NO_SETTINGS) -> str:
    """The code to store for `code`."""
    return settings.merge.get(code, code)


def load_country_settings(path: Path) -> CountrySettings:
    """The host's settings; those of an empty file when there is none.

    Raises CountrySettingsError with all problems at once.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NO_SETTINGS
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CountrySettingsError(path, [str(error)]) from error
    if problems := [*_shape_problems(raw)] or [*_sense_problems(raw)]:
        raise CountrySettingsError(path, problems)
    names = {code: {tag.lower(): name for tag, name in given.items()} for code, given in raw.get("names", {}).items()}
    return CountrySettings(
        first=tuple(raw.get("first", ())),
        hide=frozenset(raw.get("hide", ())),
        merge=dict(raw.get("merge", {})),
        names=names,
    )


def _tags(language: str) -> Iterator[str]:
    """A tag and what it falls back to: zh-hant-tw, zh-hant, zh."""
    parts = language.replace("_", "-").lower().split("-")
    for length in range(len(parts), 0, -1):
        yield "-".join(parts[:length])


@lru_cache(maxsize=512)
def _territories(language: str) -> Mapping[str, str]:
    for tag in _tags(language):
        try:
            return Locale.parse(tag, sep="-").territories
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en").territories


def _sort_key(name: str, language: str) -> tuple[bytes, str]:
    """Order without accents and case. Chinese sorts by pinyin or strokes as its old encodings do."""
    tags = set(_tags(language))
    if "zh" in tags:
        traditional = tags & {"zh-hant", "zh-tw", "zh-hk", "zh-mo"}
        return name.encode("big5hkscs" if traditional else "gb18030", "replace"), name
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain).casefold().encode(), name


def _shape_problems(raw: Mapping[str, object]) -> Iterator[str]:
    """What makes the file unreadable as settings: unknown keys, wrong kinds of value."""
    for key in raw.keys() - _TABLES:
        yield f"{key}: unknown; known are first, hide, merge and names"
    for key in ("first", "hide"):
        value = raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            yield f"{key}: must be a list of country codes"
    merge = raw.get("merge", {})
    if not isinstance(merge, dict) or not all(isinstance(item, str) for item in merge.values()):
        yield 'merge: must be a table such as PR = "US"'
    names = raw.get("names", {})
    if not isinstance(names, dict) or not all(_is_texts(given) for given in names.values()):
        yield 'names: must be tables such as [names.CZ] with en = "Czech Republic"'


def _is_texts(given: object) -> bool:
    return isinstance(given, dict) and all(isinstance(name, str) for name in given.values())


def _sense_problems(raw: Mapping[str, object]) -> Iterator[str]:
    """What is readable and yet makes no sense. `raw` has the right shape."""
    settings = CountrySettings(**{"first": (), "hide": (), "merge": {}, "names": {}, **raw})  # type: ignore[arg-type]
    yield from _unknown_codes(settings)
    hidden, gone = set(settings.hide), set(settings.merge)
    for code in settings.first:
        if code in hidden | gone:
            yield f"first: {code} is hidden or merged"
    if len(set(settings.first)) < len(settings.first):
        yield "first: a code stands there twice"
    for code, target in settings.merge.items():
        if target in hidden | gone:
            yield f"merge: {code} goes to {target}, which is itself hidden or merged"
    for code, given in settings.names.items():
        yield from _name_problems(code, given)


def _unknown_codes(settings: CountrySettings) -> Iterator[str]:
    places = {
        "first": settings.first,
        "hide": settings.hide,
        "merge": [*settings.merge, *settings.merge.values()],
        "names": settings.names,
    }
    for key, codes in places.items():
        for code in codes:
            if code not in CODES:
                yield f"{key}: {code!r} is not a country code (ISO 3166-1 alpha-2, upper case)"


def _name_problems(code: str, given: Mapping[str, str]) -> Iterator[str]:
    for tag, name in given.items():
        if not _TAG.fullmatch(tag.lower()):
            yield f"names.{code}: {tag!r} is not a language tag"
        if not name.strip():
            yield f"names.{code}: the name for {tag} is empty"
