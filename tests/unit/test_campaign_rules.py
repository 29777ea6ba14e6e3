"""How long a campaign keeps personal data."""

from datetime import UTC, date, datetime

from clarion.campaigns.rules import last_day_of_data, newly_ended, personal_data_ended
from clarion.kernel.clock import DAY, HOUR
from tests.make import NOON


def test_the_named_day_wins_over_the_close() -> None:
    assert last_day_of_data(date(2027, 4, 1), NOON) == date(2027, 4, 1)
    assert last_day_of_data(None, NOON) == date(2027, 12, 1)
    assert last_day_of_data(None, None) is None


def test_a_close_at_the_end_of_time_keeps_data_until_then() -> None:
    assert last_day_of_data(None, datetime(9999, 5, 31, tzinfo=UTC)) == date(9999, 5, 31)


def test_a_last_day_that_has_come_ends_data_that_was_held_so_far() -> None:
    today, midnight = NOON.date(), NOON + 12 * HOUR

    assert newly_ended(None, today, NOON) == midnight
    assert newly_ended(today + DAY, today - DAY, NOON) == midnight
    assert newly_ended(today, today - DAY, NOON) is None
    assert newly_ended(today - DAY, today - 2 * DAY, NOON) is None
    assert newly_ended(None, today + DAY, NOON) is None


def test_a_last_day_that_is_taken_away_ends_what_is_older_than_a_year() -> None:
    today = NOON.date()

    assert newly_ended(today + DAY, None, NOON) == NOON + 12 * HOUR - 365 * DAY
    assert newly_ended(today, None, NOON) is None
    assert newly_ended(None, None, NOON) is None


def test_personal_data_is_kept_to_the_end_of_the_last_day() -> None:
    assert personal_data_ended(NOON, NOON.date()) is None
    assert personal_data_ended(NOON + DAY, NOON.date()) == NOON + DAY


def test_without_a_day_personal_data_is_kept_a_year_after_signing() -> None:
    assert personal_data_ended(NOON, None) == NOON - 365 * DAY
