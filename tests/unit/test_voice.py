"""How the interface speaks: digits, dates, plurals, fallback."""

from datetime import UTC, date, datetime

import pytest

from clarion.kernel.languages import direction, is_language, native_name, with_territory
from clarion.locale.voice import voice
from clarion.pages.labels import signature_words

DAY = date(2026, 12, 10)


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "48,213"), ("ar", "٤٨٬٢١٣"), ("de", "48.213"), ("fr", "48\u202f213"), ("fa", "۴۸٬۲۱۳"), ("mr", "४८,२१३")],
)
def test_numbers_are_written_as_the_language_writes_them(language: str, written: str) -> None:
    spoken = voice(language)
    # Languages without a catalogue get English sentences, numbers included.
    assert spoken.number(48_213) == (written if not spoken.is_foreign else "48,213")


def test_dates_carry_the_digits_of_the_language() -> None:
    assert voice("ar").day(DAY) == "١٠ ديسمبر ٢٠٢٦"
    assert voice("ar").time_of_day(datetime(2026, 12, 10, 18, 30)).startswith("٦:٣٠")  # noqa: DTZ001 - wall time
    assert voice("en").weekday_and_day(DAY) == "Thursday, December 10, 2026"


def test_a_short_day_is_ordered_as_the_language_orders_it() -> None:
    spoken = {tag: voice(tag).short_day(DAY) for tag in ("en", "de", "zh", "ar")}
    assert spoken == {"en": "Thu, Dec 10", "de": "Do., 10. Dez.", "zh": "12月10日周四", "ar": "الخميس، ١٠ ديسمبر"}


def test_a_browser_is_told_the_digits() -> None:
    """Browsers write Arabic of no country with Western digits, pages do not."""
    assert [voice(tag).tag for tag in ("ar", "pt-BR", "sw")] == ["ar-u-nu-arab", "pt-BR-u-nu-latn", "en-u-nu-latn"]


def test_moments_name_their_zone() -> None:
    at = datetime(2026, 12, 10, 15, 0, tzinfo=UTC)
    assert voice("en").moment(at, "Africa/Nairobi") == "Dec 10, 2026, 6:00\u202fPM Africa/Nairobi"


def test_a_line_of_parts_has_the_comma_and_the_colon_of_its_language() -> None:
    assert voice("ar").listed("أ", "", "ب") == "أ، ب"
    assert voice("fr").gettext(": ") == "\u00a0: "


def test_russian_plurals_follow_their_own_rule() -> None:
    spoken = voice("ru")
    forms = {
        n: spoken.ngettext("I am at least %(age)s year old.", "I am at least %(age)s years old.", n)
        for n in (1, 3, 5, 21)
    }
    assert forms[1] == forms[21] != forms[5]


def test_a_language_without_a_catalogue_is_marked_as_foreign() -> None:
    spoken = voice("sw")
    assert spoken.is_foreign
    assert spoken.gettext("Name") == "Name"


def test_directions_and_names() -> None:
    assert [direction(tag) for tag in ("ar", "fa", "he", "ur", "en", "az-Arab", "ckb", "zh")] == ["rtl"] * 4 + [
        "ltr"
    ] + ["rtl"] * 2 + ["ltr"]
    assert native_name("fr") == "Français"
    assert is_language("pt-BR")
    assert not is_language("xx")
    assert not is_language("english")


@pytest.mark.parametrize(
    ("tag", "locale"),
    [("pt-BR", "pt_BR"), ("pt", "pt_BR"), ("ar", "ar_EG"), ("zh-Hant", "zh_TW"), ("es-419", "es_419"), ("tlh", "tlh")],
)
def test_a_language_is_written_with_a_territory_where_one_is_known(tag: str, locale: str) -> None:
    assert with_territory(tag) == locale


@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "fr", "pt", "ru", "zh"])
def test_a_script_finds_the_word_that_the_page_would_have_written(language: str) -> None:
    """By the category that `Intl.PluralRules` gives, which Babel knows as well."""
    spoken = voice(language)
    words = signature_words(spoken)

    for n in (*range(1, 300), 1_000_000):
        assert words[spoken.locale.plural_form(n)] == spoken.ngettext("confirmed signature", "confirmed signatures", n)


def test_russian_counts_in_three_words() -> None:
    assert signature_words(voice("ru")) == {
        "few": "подтверждённые подписи", "many": "подтверждённых подписей", "one": "подтверждённая подпись",
    }  # fmt: skip
