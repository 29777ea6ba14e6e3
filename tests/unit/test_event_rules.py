"""Wall times, states, what a change asks for, and what a moderator should look at twice."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.events.rules import (
    MOVES,
    EventFields,
    Flag,
    Spot,
    asked_changes,
    city_name,
    difference,
    edited,
    flags_now,
    has_look_alike_letters,
    is_copy,
    is_same_city,
    same_event_key,
    settle_times,
    title_flags,
    wall_times,
    with_changes,
)

RALLY = EventFields(
    title="Cups on the steps", starts_local="2026-12-10T18:00", country="KE", city="Nairobi", address="Uhuru Park",
    lat=-1.29, lon=36.82, zone="Africa/Nairobi", bring="A cup",
)  # fmt: skip


def test_an_event_without_an_end_lasts_two_hours() -> None:
    times = settle_times("2026-12-10T18:00", "", "Africa/Nairobi")

    assert times.starts_at == datetime(2026, 12, 10, 15, 0, tzinfo=UTC)
    assert times.ends_at - times.starts_at == timedelta(hours=2)
    assert times.ends_local == ""


def test_at_another_venue_what_was_not_written_anew_comes_from_there() -> None:
    moved = edited(RALLY, {"venue": "de-berlin"})
    assert (moved.country, moved.city, moved.address, moved.lat, moved.zone) == ("", "", "", None, "")
    assert edited(RALLY, {"venue": "de-berlin", "address": "North gate"}).address == "North gate"
    assert edited(RALLY, {"venue": "de-berlin", "zone": "Europe/Paris"}).zone == "Europe/Paris"

    left = edited(moved, {"venue": "", "country": "DE", "city": "Berlin"})
    assert (left.country, left.city, left.zone) == ("DE", "Berlin", "")
    assert edited(RALLY, {"bring": "A jug"}) == with_changes(RALLY, {"bring": "A jug"})


def test_an_end_before_the_start_is_on_the_next_day() -> None:
    assert wall_times("2026-12-31", "22:00", "01:30") == ("2026-12-31T22:00", "2027-01-01T01:30")
    assert wall_times("2026-12-10", "18:00", "20:00") == ("2026-12-10T18:00", "2026-12-10T20:00")


def test_an_end_like_the_start_is_no_end() -> None:
    assert wall_times("2026-12-10", "18:00:00", "18:00") == ("2026-12-10T18:00", "")


def test_a_time_that_the_clocks_jump_over_is_an_hour_later() -> None:
    times = settle_times("2027-03-28T02:30", "", "Europe/Berlin")

    assert times.starts_local == "2027-03-28T03:30"
    assert times.starts_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert times.is_shifted


def test_a_day_that_was_left_out_still_gives_a_moment() -> None:
    """Samoa had no 30 December 2011."""
    times = settle_times("2011-12-30T10:00", "", "Pacific/Apia")

    assert times.starts_local == "2011-12-31T00:00"
    assert times.is_shifted


def test_an_ambiguous_time_is_the_first_of_two() -> None:
    assert settle_times("2026-10-25T02:30", "", "Europe/Berlin").starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(
    st.dates(date(2000, 1, 1), date(2199, 12, 30)),
    st.times(),
    st.times(),
    st.sampled_from(["Africa/Nairobi", "Europe/Berlin", "Australia/Lord_Howe", "America/Caracas", "nowhere"]),
)
def test_every_event_ends_after_it_starts(day: date, start: time, end: time, zone: str) -> None:
    starts, ends = wall_times(day.isoformat(), f"{start:%H:%M}", f"{end:%H:%M}")
    times = settle_times(starts, ends, zone)

    assert times.ends_at > times.starts_at


def test_the_steps_are_those_of_the_story() -> None:
    assert {(step, source, move.target) for step, move in MOVES.items() for source in move.sources} == {
        ("confirm", "unconfirmed", "waiting"),
        ("resubmit", "waiting", "waiting"),
        ("resubmit", "changes-asked", "waiting"),
        ("keep", "waiting", "kept"),
        ("ask-for-changes", "waiting", "changes-asked"),
        ("refuse", "waiting", "refused"),
        ("hide", "kept", "hidden"),
        ("hide", "cancelled", "hidden"),
        ("hide", "ended", "hidden"),
        ("cancel", "waiting", "cancelled"),
        ("cancel", "changes-asked", "cancelled"),
        ("cancel", "kept", "cancelled"),
        ("end", "kept", "ended"),
    }


def test_an_empty_change_asks_for_nothing() -> None:
    assert asked_changes(RALLY, {"title": "", "city": ""}) == RALLY


def test_a_later_hour_keeps_how_long_it_lasts() -> None:
    long = with_changes(RALLY, {"ends_local": "2026-12-10T21:00"})

    changed = asked_changes(long, {"time": "19:00"})

    assert difference(long, changed) == {"starts_local": "2026-12-10T19:00", "ends_local": "2026-12-10T22:00"}


def test_another_city_leaves_the_venue_and_finds_zone_and_point_anew() -> None:
    at_venue = with_changes(RALLY, {"venue": "ke-parliament"})

    changed = asked_changes(at_venue, {"city": "Mombasa", "address": "Treasury Square"})

    assert (changed.venue, changed.city, changed.address) == ("", "Mombasa", "Treasury Square")
    assert (changed.lat, changed.lon, changed.zone) == (None, None, "")


def test_the_same_city_typed_again_is_no_change() -> None:
    assert asked_changes(RALLY, {"city": "nairobi"}) == RALLY


def test_an_address_alone_stays_in_the_city() -> None:
    changed = asked_changes(RALLY, {"address": "Uhuru Park, north gate"})

    assert difference(RALLY, changed) == {"address": "Uhuru Park, north gate"}
    assert changed.zone == "Africa/Nairobi"


def test_a_pin_does_not_stay_for_another_address_in_words() -> None:
    """It would be called exact, and lead to where nobody is any more."""
    assert asked_changes(RALLY, {"address": "Uhuru Park, north gate"}).lat is None
    at_venue = with_changes(RALLY, {"venue": "ke-parliament", "lat": -1.29, "lon": 36.82})
    assert asked_changes(at_venue, {"address": "Main gate"}).lat == -1.29
    assert with_changes(RALLY, {"address": "Main gate", "lat": -1.3, "lon": 36.9}).lat == -1.3


def test_a_venue_replaces_place_in_words() -> None:
    changed = asked_changes(RALLY, {"venue": "ke-parliament"})

    assert (changed.venue, changed.country, changed.city, changed.address) == ("ke-parliament", "", "", "")


@pytest.mark.parametrize("typed", ["Nairobi", " NAIROBI ", "naïrobi", "نيروبي", "内罗毕"])
def test_a_city_is_known_in_any_script(typed: str) -> None:
    assert is_same_city(typed, "Nairobi", "KE")
    assert city_name(typed, "KE") == "Nairobi"


@pytest.mark.parametrize("typed", ["", "  ", "Mombasa", "Nair"])
def test_another_city_or_nothing_is_not_the_city(typed: str) -> None:
    assert not is_same_city(typed, "Nairobi", "KE")


@pytest.mark.parametrize(
    "title", ["Come to example.org now", "www.example", "https://x.y", "see bit.ly/abc", "Вода: вода.рф"]
)
def test_a_link_in_a_title_is_flagged(title: str) -> None:
    assert Flag.LINK_IN_TITLE in title_flags(title)


@pytest.mark.parametrize("title", ["Wаter for all", "раураl water", "раура Water day", "𝐖ater", "Ⓦater", "Ωater"])
def test_letters_in_disguise_are_flagged(title: str) -> None:
    assert has_look_alike_letters(title)


@pytest.mark.parametrize(
    "title",
    [
        "Cups on the steps",
        "Maji safi kwa kila shule",
        "Чистая вода в каждой школе",
        "Вода и COVID",
        "Νερό για όλους",
        "水与学校 rally",
        "مياه نظيفة لكل مدرسة",
        "Água limpa, já! 2026",
        "St. Mary's Square",
    ],
)
def test_ordinary_titles_in_many_scripts_pass(title: str) -> None:
    assert title_flags(title) == set()


def test_any_word_will_do_where_no_city_is_known() -> None:
    assert is_same_city("here", "", "BV")
    assert not is_same_city(" ", "", "BV")


def test_an_end_that_the_clocks_put_before_the_start_is_left_out() -> None:
    """Clocks go back from 3:00 to 2:00, and the first 2:10 is meant."""
    assert settle_times("2026-10-25T03:10", "2026-10-25T02:10", "Europe/Berlin").ends_local == ""


def test_copies_are_near_and_on_the_same_day() -> None:
    here = Spot("2026-12-10", None, -1.29, 36.82)

    assert is_copy(here, Spot("2026-12-10", None, -1.30, 36.82))
    assert is_copy(Spot("2026-12-10", 7, None, None), Spot("2026-12-10", 7, -1.0, 36.0))
    assert not is_copy(here, Spot("2026-12-11", None, -1.29, 36.82))
    assert not is_copy(here, Spot("2026-12-10", None, -1.35, 36.82))
    assert not is_copy(here, Spot("2026-12-10", None, None, None))


def test_a_row_is_known_again_by_place_and_title() -> None:
    key = same_event_key(venue="", city="Nairobi", address="Uhuru  Park", title="Cups on the Steps")

    assert key == same_event_key(venue="", city="nairobi", address="Uhuru Park", title="cups on the steps")
    assert key != same_event_key(venue="", city="Nairobi", address="Uhuru Park", title="March")
    at_venue = same_event_key(venue="ke-1", city="Nairobi", address="", title="March")
    assert at_venue == same_event_key(venue="ke-1", city="", address="x", title="March")


def test_being_in_the_past_comes_with_time() -> None:
    starts_at = datetime(2026, 12, 10, 15, 0, tzinfo=UTC)

    assert flags_now(["copy-nearby"], starts_at, starts_at - timedelta(days=1)) == ["copy-nearby"]
    assert flags_now(["copy-nearby"], starts_at, starts_at) == ["copy-nearby", "in-the-past"]
    assert flags_now(["in-the-past"], starts_at, starts_at - timedelta(days=1)) == []
