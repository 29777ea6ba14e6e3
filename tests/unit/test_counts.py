"""What may be published of the sums: exact in total, coarse by country, and always adding up."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clarion.signatures.rules import figures, in_steps, no_finer, read_figures
from tests.make import DAY, NOON

COUNTRIES = st.sampled_from(["KE", "FR", "BR", "CN", "DE", "XK", "ZZ"])
DAYS = st.integers(0, 20).map(lambda n: date(2026, 12, 1) + timedelta(days=n))
TALLIES = st.dictionaries(st.tuples(DAYS, COUNTRIES), st.integers(0, 40)).map(
    lambda sums: [(day, country, n) for (day, country), n in sums.items()]
)
THRESHOLDS = st.integers(0, 12)
HIDDEN = st.sets(COUNTRIES)


@given(TALLIES, THRESHOLDS, HIDDEN)
def test_parts_and_days_add_up_to_an_exact_total(
    tallies: list[tuple[date, str, int]], threshold: int, hidden: set[str]
) -> None:
    shown = figures(tallies, threshold=threshold, never_shown=hidden, as_of=NOON)

    assert shown.total == sum(n for _, _, n in tallies)
    assert sum(shown.by_country.values()) + shown.other == shown.total
    assert sum(shown.by_day.values()) == shown.total
    assert shown.other >= 0


@given(TALLIES, THRESHOLDS, HIDDEN)
def test_a_country_moves_in_steps_and_hidden_ones_never_show(
    tallies: list[tuple[date, str, int]], threshold: int, hidden: set[str]
) -> None:
    shown = figures(tallies, threshold=threshold, never_shown=hidden, as_of=NOON).by_country

    assert all(n % max(threshold, 1) == 0 and n > 0 for n in shown.values())
    assert not set(shown) & (hidden | {"ZZ"})


def test_a_threshold_of_one_is_exact() -> None:
    shown = figures([(NOON.date(), "KE", 3), (NOON.date(), "FR", 1)], threshold=1, never_shown=[], as_of=NOON)

    assert shown.by_country == {"FR": 1, "KE": 3}
    assert shown.other == 0


def test_four_of_a_country_stand_under_other_and_five_are_shown() -> None:
    assert [in_steps(n, 5) for n in (4, 5, 9, 10)] == [0, 5, 5, 10]


def test_counts_json_has_all_its_keys_when_nobody_signed() -> None:
    empty = figures([], threshold=5, never_shown=[], as_of=NOON)

    assert empty.to_json() == {"total": 0, "by_country": {}, "other": 0, "by_day": {}, "as_of": "2026-12-01T12:00:00Z"}


def test_frozen_figures_come_back_as_they_were() -> None:
    shown = figures([(NOON.date(), "KE", 7)], threshold=5, never_shown=[], as_of=NOON)

    again = read_figures(shown.to_json(), frozen_since=NOON + DAY)

    assert again.to_json() == shown.to_json()
    assert again.frozen_since == NOON + DAY


@given(TALLIES, THRESHOLDS, THRESHOLDS, HIDDEN)
def test_frozen_figures_are_never_finer_than_the_campaign_says_now_and_still_add_up(
    tallies: list[tuple[date, str, int]], before: int, threshold: int, hidden: set[str]
) -> None:
    frozen = figures(tallies, threshold=before, never_shown=[], as_of=NOON)

    shown = no_finer(frozen, threshold=threshold, never_shown=hidden)
    assert sum(shown.by_country.values()) + shown.other == shown.total == frozen.total
    assert all(n % max(threshold, 1) == 0 and 0 < n <= frozen.by_country[code] for code, n in shown.by_country.items())
    assert not set(shown.by_country) & hidden
