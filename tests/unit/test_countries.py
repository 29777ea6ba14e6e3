"""The list of countries and what a host may change about it."""

from pathlib import Path

import pytest

from clarion.places.countries import (
    CODES,
    CountrySettings,
    CountrySettingsError,
    accepted,
    choices,
    country_name,
    load_country_settings,
    merged,
)


def written(folder: Path, text: str) -> Path:
    """A settings file with this text."""
    path = folder / "countries.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(CountrySettingsError) as caught:
        load_country_settings(written(folder, text))
    return caught.value.problems


def test_the_list_is_iso_and_kosovo() -> None:
    assert len(CODES) == 250
    assert {"XK", "EH", "TW", "PS", "AQ"} <= CODES
    assert not {"ZZ", "EU", "UN", "AN", "UK"} & CODES


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("KE", "en", "Kenya"),
        ("EG", "ar", "مصر"),
        ("DE", "pt-br", "Alemanha"),
        ("CN", "zh-hant", "中國"),
        ("CN", "zh-Hant-TW", "中國"),
        ("FR", "fr_CA", "France"),
        ("KE", "tlh", "Kenya"),
        ("KE", "not a tag!", "Kenya"),
    ],
)
def test_a_name_is_in_the_language_or_in_english(code: str, language: str, name: str) -> None:
    assert country_name(code, language) == name


def test_every_country_has_a_name_in_every_language_tried() -> None:
    for language in ("en", "ar", "am", "ti", "zh", "ku", "xx"):
        assert all(country_name(code, language).strip() for code in CODES)


@pytest.mark.parametrize("code", ["ZZ", "ke", "", "EU"])
def test_what_is_no_country_has_no_name(code: str) -> None:
    with pytest.raises(KeyError):
        country_name(code, "en")


def test_choices_are_sorted_without_regard_to_accents_and_case() -> None:
    names = [choice.name for choice in choices("de")]
    assert names.index("Afghanistan") < names.index("Ägypten") < names.index("Albanien")
    assert len(names) == 250


def test_chinese_is_sorted_by_sound_and_traditional_chinese_by_strokes() -> None:
    assert [choice.code for choice in choices("zh")][:3] == ["AL", "DZ", "AF"]
    strokes = [choice.name for choice in choices("zh-hant")]
    assert strokes.index("中國") < strokes.index("法國")


def test_an_absent_file_changes_nothing(tmp_path: Path) -> None:
    settings = load_country_settings(tmp_path / "countries.toml")
    assert settings == CountrySettings()
    assert accepted(settings) == CODES
    assert merged("PR", settings) == "PR"


def test_a_host_orders_hides_merges_and_renames(tmp_path: Path) -> None:
    text = """
        first = ["UG", "KE"]
        hide = ["BV"]
        [merge]
        PR = "US"
        [names.CZ]
        en = "Czech Republic"
        PT-BR = "República Tcheca"
    """
    settings = load_country_settings(written(tmp_path, text))
    offered = choices("en", settings)
    assert [choice.code for choice in offered[:2]] == ["UG", "KE"]
    assert {"BV", "PR"}.isdisjoint(choice.code for choice in offered)
    assert len({choice.code for choice in offered}) == len(offered) == 248
    assert accepted(settings) == CODES - {"BV"}
    assert merged("PR", settings) == "US"
    assert country_name("CZ", "en-gb", settings) == "Czech Republic"
    assert country_name("CZ", "pt-br", settings) == "República Tcheca"
    assert country_name("CZ", "de", settings) == "Tschechien"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = """
        first = ["KE", "KE", "BV", "ke"]
        hide = ["BV", "ZZ"]
        [merge]
        PR = "BV"
        [names.CZ]
        "in English" = "Czech Republic"
        de = " "
    """
    problems = problems_of(tmp_path, text)
    assert problems == [
        "first: 'ke' is not a country code (ISO 3166-1 alpha-2, upper case)",
        "hide: 'ZZ' is not a country code (ISO 3166-1 alpha-2, upper case)",
        "first: BV is hidden or merged",
        "first: a code stands there twice",
        "merge: PR goes to BV, which is itself hidden or merged",
        "names.CZ: 'in English' is not a language tag",
        "names.CZ: the name for de is empty",
    ]


def test_merging_into_itself_or_in_a_chain_is_a_problem(tmp_path: Path) -> None:
    assert len(problems_of(tmp_path, '[merge]\nPR = "PR"')) == 1
    assert len(problems_of(tmp_path, '[merge]\nPR = "GU"\nGU = "US"')) == 1


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("first = 'KE'", "first: must be a list"),
        ("hide = [1]", "hide: must be a list"),
        ("merge = ['PR']", "merge: must be a table"),
        ("names.CZ = 'Czechia'", "names: must be tables"),
        ("frist = ['KE']", "frist: unknown"),
        ("first = [", ""),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused(tmp_path: Path, text: str, begins: str) -> None:
    (problem,) = problems_of(tmp_path, text)
    assert problem.startswith(begins)


def test_the_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(CountrySettingsError, match=r"countries\.toml: frist: unknown"):
        load_country_settings(written(tmp_path, "frist = []"))
