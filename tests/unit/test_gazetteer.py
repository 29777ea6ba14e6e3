"""Cities: found by names in any script, by place, by id."""

import json
import lzma
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.kernel.text import folded
from clarion.places.countries import CODES
from clarion.places.gazetteer import (
    City,
    arc,
    cities,
    cities_of,
    city,
    completion_rows,
    find_cities,
    find_city,
    largest_names,
    nearest_city,
)
from clarion.places.zones import is_zone

NAIROBI = 184745


def names(found: list[City]) -> list[str]:
    return [row.name for row in found]


def test_every_city_has_a_known_country_a_zone_and_a_place() -> None:
    assert len(cities()) > 30_000
    for row in cities():
        assert row.country in CODES
        assert is_zone(row.zone)
        assert -90 <= row.lat <= 90
        assert -180 <= row.lon <= 180


def test_every_inhabited_country_has_a_city() -> None:
    assert CODES - {row.country for row in cities()} == {"AQ", "BV", "HM", "IO", "UM"}


def test_the_file_is_small_and_its_ids_are_unique() -> None:
    packed = (files("clarion.places") / "data" / "cities.tsv.xz").read_bytes()
    assert len(packed) < 1_200_000
    assert lzma.decompress(packed).count(b"\n") + 1 == len({row.id for row in cities()})


def test_a_city_by_its_id() -> None:
    found = city(NAIROBI)
    assert found is not None
    assert (found.name, found.country, found.zone) == ("Nairobi", "KE", "Africa/Nairobi")
    assert city(-1) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("القاهرة", "Cairo"),
        ("القاهره", "Cairo"),
        ("北京", "Beijing"),
        ("Київ", "Kyiv"),
        ("МОСКВА", "Moscow"),
        ("서울", "Seoul"),
        ("München", "Munich"),
        ("muenchen", "Munich"),
        ("sao paulo", "São Paulo"),
        ("N'Djamena", "N'Djamena"),
        ("አዲስ አበባ", "Addis Ababa"),
        ("दिल्ली", "Delhi"),
    ],
)
def test_a_city_is_found_in_any_script(text: str, name: str) -> None:
    assert names(find_cities(text, limit=1)) == [name]


def test_a_beginning_is_enough_and_the_most_populous_comes_first() -> None:
    found = find_cities("Mom", "KE")
    assert names(found)[0] == "Mombasa"
    people = [row.population for row in find_cities("Na", "KE")]
    assert people == sorted(people, reverse=True)


def test_an_exact_name_comes_before_more_populous_beginnings() -> None:
    found = find_cities("York", "GB")
    assert found[0].name == "York"
    assert names(find_cities("Paris", "US"))[0] == "Paris"


@pytest.mark.parametrize(("text", "limit"), [("", 8), ("  ", 8), ("-", 8), ("zzzzqq", 8), ("a", 0), ("a", -1)])
def test_nothing_is_found(text: str, limit: int) -> None:
    assert find_cities(text, limit=limit) == []


def test_each_city_is_found_once_and_within_the_limit() -> None:
    found = find_cities("a", limit=50)
    assert len(found) == len({row.id for row in found}) == 50


def test_the_exact_name_within_the_country_only() -> None:
    nairobi = find_city("nairobi ", "ke")
    assert nairobi is not None
    assert nairobi.id == NAIROBI
    assert find_city("Nairobi", "UG") is None
    assert find_city("Nairob", "KE") is None
    assert find_city("", "KE") is None
    assert find_city("Nairobi", "ZZ") is None


def test_of_several_with_one_name_the_most_populous_is_meant() -> None:
    found = find_city("Springfield", "US")
    assert found is not None
    assert found.population == max(row.population for row in cities_of("US") if row.name == "Springfield")


def test_the_nearest_city() -> None:
    assert nearest_city(-1.3, 36.9, "KE").country == "KE"
    assert nearest_city(48.86, 2.35).name == "Paris"
    assert nearest_city(-1.28, 36.82, "TZ").country == "TZ"
    with pytest.raises(LookupError):
        nearest_city(0.0, 0.0, "BV")


@pytest.mark.parametrize(("lat", "lon"), [(-16.8, 180.0), (-16.8, -180.0), (0.0, -150.0), (88.0, 20.0), (-80.0, 0.0)])
def test_nothing_is_nearer_than_the_nearest(lat: float, lon: float) -> None:
    best = min(arc(lat, lon, row.lat, row.lon) for row in cities())
    near = nearest_city(lat, lon)
    assert arc(lat, lon, near.lat, near.lon) == pytest.approx(best)


def test_rows_for_completion_are_small_and_plain() -> None:
    rows = completion_rows("KE")
    assert rows[0][:2] == [NAIROBI, "Nairobi"]
    assert "نيروبي" in rows[0] or "نايروبي" in rows[0]
    assert len(json.dumps(rows, ensure_ascii=False).encode()) < 20_000
    assert completion_rows("BV") == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Saint-Étienne", "saint etienne"),
        (" ŁÓDŹ ", "lodz"),
        ("Straße", "strasse"),
        ("İzmir", "izmir"),
        ("St. John’s", "st johns"),
        ("𝓐bidjan", "abidjan"),
    ],
)
def test_folding(text: str, key: str) -> None:
    assert folded(text) == key


@given(st.text(max_size=20))
def test_folding_is_stable_and_blind_to_case_of_its_result(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(max_size=12))
def test_no_text_breaks_the_search(text: str) -> None:
    assert len(find_cities(text, "KE", limit=3)) <= 3
    find_city(text, "KE")


@pytest.mark.parametrize("country", ["ke", "US", "VA", "XX"])
def test_the_largest_cities_names_are_those_of_the_cities(country: str) -> None:
    assert largest_names(country, 200) == tuple(dict.fromkeys(row.name for row in cities_of(country)[:200]))
