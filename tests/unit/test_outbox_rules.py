"""The cap on mails that strangers cause, rests between attempts, and lanes that share."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from clarion.outbox.rules import LONGEST_PAUSE, MailCap, pause_before, shares
from clarion.worker.domains import RestingDomains


def test_three_mails_from_the_whole_server_while_nothing_is_confirmed_here() -> None:
    cap = MailCap({}, confirmed_here=())

    assert [cap.take(b"h", slug) for slug in ("one", "two", "three", "four")] == [True, True, True, False]


def test_three_for_each_campaign_once_something_is_confirmed_here() -> None:
    cap = MailCap({b"h": ["one", "one", "one"]}, confirmed_here={b"h"})

    assert not cap.take(b"h", "one")
    assert [cap.take(b"h", "two") for _ in range(4)] == [True, True, True, False]


def test_addresses_do_not_share_a_cap() -> None:
    cap = MailCap({b"h": ["one"] * 3}, confirmed_here=())

    assert not cap.take(b"h", "one")
    assert cap.take(b"i", "one")
    assert cap.taken == [(b"i", "one")]


@given(st.integers(1, 60), st.floats(0, 1))
def test_rests_grow_and_end_at_a_few_hours(attempt: int, jitter: float) -> None:
    assert pause_before(attempt, 0) <= pause_before(attempt + 1, 0)
    assert pause_before(attempt, jitter) <= LONGEST_PAUSE * 1.25


def test_a_domain_much_slower_than_the_others_rests_ten_times_as_long_as_its_mail_took() -> None:
    seconds = [0.0]
    domains = RestingDomains(clock=lambda: seconds[0])
    domains.note("a@quick.example", 0.01)
    domains.note("a@slow.example", 3.0)

    assert domains.rest_of("a@quick.example") == timedelta()
    assert domains.rest_of("b@SLOW.example") == timedelta(seconds=30)
    seconds[0] = 31.0
    assert domains.rest_of("b@slow.example") == timedelta()


def test_where_the_host_is_slow_to_everyone_nobody_rests() -> None:
    domains = RestingDomains()
    for domain in ("one.example", "two.example", "one.example"):
        domains.note(f"a@{domain}", 4.0)

    assert domains.rest_of("a@one.example") == domains.rest_of("a@two.example") == timedelta()


def test_a_domain_at_which_the_server_hangs_up_rests_for_minutes() -> None:
    domains = RestingDomains(clock=lambda: 0.0)
    domains.note("a@bad.example", 0.1, hung_up=True)

    assert domains.rest_of("b@bad.example") == timedelta(minutes=5)


def test_domains_whose_rest_is_over_are_forgotten() -> None:
    """Somebody may make up a new domain for every mail."""
    seconds = [0.0]
    domains = RestingDomains(clock=lambda: seconds[0])
    for number in range(1_000):
        domains.note(f"a@bad{number}.example", 0.1, hung_up=True)
    seconds[0] = 301.0

    domains.note("a@worse.example", 0.1, hung_up=True)

    assert set(domains._until) == {"worse.example"}


WEIGHTS = {1: 16, 3: 3, 2: 1}


@given(st.integers(0, 200), st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(0, 500)))
def test_lanes_fill_the_room_and_take_no_more_than_waits(room: int, waiting: dict[int, int]) -> None:
    given_places = shares(room, waiting, WEIGHTS)

    assert sum(given_places.values()) == min(room, sum(waiting.values()))
    assert all(0 <= n <= waiting.get(lane, 0) for lane, n in given_places.items())


def test_a_flood_of_slow_mails_leaves_confirmations_their_part_and_the_rest_too() -> None:
    given_places = shares(100, {1: 500, 2: 5000, 3: 500}, WEIGHTS)

    assert given_places[1] >= 80
    assert given_places[3] >= 15
    assert given_places[2] >= 5
