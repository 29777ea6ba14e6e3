"""Which backups are kept, and that nothing else in their folder is touched."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clarion.cli.retention import drop_old_backups

NOW = datetime(2026, 12, 2, 12, 15, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty days of backups, one every six hours."""
    for number in range(60 * 4):
        (tmp_path / f"clarion-{NOW - number * 6 * HOUR:%Y%m%dT%H%M%SZ}.tar.age").touch()
    return tmp_path


def left(folder: Path) -> list[str]:
    return [path.name[8:19] for path in sorted(folder.glob("clarion-*"), reverse=True)]


def test_the_last_of_each_day_and_week_are_kept(folder: Path) -> None:
    dropped = drop_old_backups(folder, daily=4, weekly=4, now=NOW)

    of_the_last_day = ["20261202T12", "20261202T06", "20261202T00", "20261201T18"]
    of_days = ["20261130T18", "20261129T18"]  # the last day is one of the four, the first of December another
    of_weeks = ["20261122T18", "20261115T18"]  # the Sundays; this week and the last are among the days
    assert left(folder) == of_the_last_day + of_days + of_weeks
    assert dropped == 60 * 4 - 8


def test_weeks_alone_may_be_kept(folder: Path) -> None:
    drop_old_backups(folder, daily=0, weekly=2, now=NOW)

    assert left(folder) == ["20261202T12", "20261202T06", "20261202T00", "20261201T18", "20261129T18"]


def test_a_machine_that_was_off_keeps_what_it_had(tmp_path: Path) -> None:
    for days in (0, 100, 200, 300):
        (tmp_path / f"clarion-{NOW - days * DAY:%Y%m%dT%H%M%SZ}.tar").touch()

    assert drop_old_backups(tmp_path, daily=3, weekly=1, now=NOW) == 1
    assert len(left(tmp_path)) == 3


def test_nothing_else_is_touched(folder: Path) -> None:
    others = [
        "keys.tar.age",
        "clarion-notes.txt",
        "clarion-20200101T000000Z.tar.age.copy",
        "other-20200101T000000Z.tar",
    ]
    for name in others:
        (folder / name).touch()

    drop_old_backups(folder, daily=1, weekly=1, now=NOW)

    assert {path.name for path in folder.iterdir()} >= set(others)


def test_what_a_killed_backup_left_goes_after_a_day(tmp_path: Path) -> None:
    old, young = (tmp_path / f".clarion-2026120{day}T000000Z.tar.age.partial" for day in (1, 2))
    for path, age in ((old, 2 * DAY), (young, HOUR)):
        path.touch()
        at = (NOW - age).timestamp()
        os.utime(path, (at, at))

    drop_old_backups(tmp_path, daily=1, weekly=1, now=NOW)

    assert list(tmp_path.iterdir()) == [young]
