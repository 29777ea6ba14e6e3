"""A clock that starts years ahead erases nobody."""

from pathlib import Path

from clarion.worker.clock import SteadyClock
from tests.make import DAY, HOUR, MINUTE, NOON

YEARS = 3650 * DAY


def test_a_time_far_ahead_is_doubted_until_it_has_held_for_an_hour(tmp_path: Path) -> None:
    running = [10.0]
    clock = SteadyClock(tmp_path / "clock", lambda: running[0])
    assert clock.is_believed(NOON)

    assert not clock.is_believed(NOON + YEARS)
    running[0] += 3599
    assert not clock.is_believed(NOON + YEARS + HOUR - MINUTE)
    assert clock.is_believed(NOON + HOUR)  # it was mended
    assert not clock.is_believed(NOON + YEARS)
    running[0] += 3600
    assert clock.is_believed(NOON + YEARS + HOUR)
    assert clock.is_believed(NOON + YEARS + 2 * HOUR)


def test_what_was_believed_survives_a_restart_and_a_clock_that_is_set_back_is_believed(tmp_path: Path) -> None:
    assert SteadyClock(tmp_path / "clock").is_believed(NOON)
    assert not SteadyClock(tmp_path / "clock").is_believed(NOON + YEARS)
    assert SteadyClock(tmp_path / "clock").is_believed(NOON + 29 * DAY)
    assert SteadyClock(tmp_path / "clock").is_believed(NOON)
    assert not SteadyClock(tmp_path / "clock").is_believed(NOON + 31 * DAY)
