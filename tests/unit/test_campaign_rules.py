"""How long a campaign keeps personal data."""

from datetime import UTC, date, datetime

from clarion.campaigns.rules import is_end_of_data, last_day_of_data, personal_data_ended
from clarion.kernel.clock import DAY
from tests.make import NOON


def test_the_named_day_wins_over_the_close() -> None:
    assert last_day_of_data(date(2027, 4, 1), NOON) == date(2027, 4, 1)
    assert last_day_of_data(None, NOON) == date(2027, 12, 1)
    assert last_day_of_data(None, None) is None


def test_a_close_at_the_end_of_time_keeps_data_until_then() -> None:
    assert last_day_of_data(None, datetime(9999, 5, 31, tzinfo=UTC)) == date(9999, 5, 31)


def test_a_last_day_that_has_come_ends_data_that_was_held_so_far() -> None:
    today = NOON.date()

    assert is_end_of_data(None, today, today)
    assert is_end_of_data(today + DAY, today - DAY, today)
    assert is_end_of_data(today, today - DAY, today)
    assert not is_end_of_data(today, today, today)
    assert not is_end_of_data(today - DAY, today - 2 * DAY, today)
    assert not is_end_of_data(None, today + DAY, today)
    assert not is_end_of_data(today, None, today)


def test_personal_data_is_kept_to_the_end_of_the_last_day() -> None:
    assert personal_data_ended(NOON, NOON.date()) is None
    assert personal_data_ended(NOON + DAY, NOON.date()) == NOON + DAY


def test_without_a_day_personal_data_is_kept_a_year_after_signing() -> None:
    assert personal_data_ended(NOON, None) == NOON - 365 * DAY
