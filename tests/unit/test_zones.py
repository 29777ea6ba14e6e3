"""Zones of points, and moments of wall times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.places.zones import UnknownZone, WallTimeGap, is_zone, utc_of, zone_at

ZONES = ["Africa/Nairobi", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("lat", "lon", "zone"),
    [
        (-1.29, 36.82, "Africa/Nairobi"),
        (27.7, 85.32, "Asia/Kathmandu"),
        (-16.5, -68.15, "America/La_Paz"),
        (0.0, -140.0, None),
        (91.0, 0.0, None),
        (0.0, 181.0, None),
        (float("nan"), 0.0, None),
    ],
)
def test_the_zone_of_a_point(lat: float, lon: float, zone: str | None) -> None:
    assert zone_at(lat, lon) == zone


@pytest.mark.parametrize(
    "name", ["", "Nairobi", "africa/nairobi", "../../etc/passwd", "localtime", "Factory", "+03:00"]
)
def test_what_is_no_zone(name: str) -> None:
    assert not is_zone(name)
    with pytest.raises(UnknownZone):
        utc_of(wall("2026-12-10T18:00"), name)


def test_a_wall_time_has_its_moment() -> None:
    assert utc_of(wall("2026-12-10T18:00"), "Africa/Nairobi") == datetime(2026, 12, 10, 15, tzinfo=UTC)
    assert utc_of(wall("2026-12-10T18:00"), "Asia/Kathmandu") == datetime(2026, 12, 10, 12, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-03-29T02:00", "Europe/Berlin"),
        ("2026-03-29T02:59", "Europe/Berlin"),
        ("2026-03-08T02:30", "America/New_York"),
        ("2011-12-30T12:00", "Pacific/Apia"),
    ],
)
def test_a_time_that_the_clocks_jump_over_is_refused(text: str, zone: str) -> None:
    with pytest.raises(WallTimeGap, match=zone):
        utc_of(wall(text), zone)


def test_the_minutes_beside_a_gap_exist() -> None:
    before = utc_of(wall("2026-03-29T01:59"), "Europe/Berlin")
    after = utc_of(wall("2026-03-29T03:00"), "Europe/Berlin")
    assert after - before == timedelta(minutes=1)


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert utc_of(wall("2026-10-25T02:30"), "Europe/Berlin") == first
    assert utc_of(wall("2026-10-25T02:30").replace(fold=1), "Europe/Berlin") == first


def test_a_time_with_a_zone_is_no_wall_time() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        utc_of(datetime(2026, 12, 10, tzinfo=UTC), "Europe/Berlin")


@given(st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_a_moment_shows_the_wall_time_it_came_from(moment: datetime, zone: str) -> None:
    try:
        there = utc_of(moment, zone)
    except WallTimeGap:
        return
    assert there.tzinfo is UTC
    assert there.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == moment.replace(fold=0)
