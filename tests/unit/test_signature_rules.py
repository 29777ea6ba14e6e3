"""Which forms are one, and whose confirmation counts."""

from hypothesis import given
from hypothesis import strategies as st

from clarion.signatures.rules import EarlierForm, SignForm, Vote, Waiting, count_votes, is_same_form
from tests.make import MINUTE, NOON

FORM = SignForm("f" * 32, b"h" * 16, "Amina", "amina@example.com", "", "KE", 1, "en", "sign-en", NOON)


def test_the_same_words_within_ten_minutes_are_one_form() -> None:
    assert is_same_form(FORM, EarlierForm("Amina", "KE", 1, NOON - 10 * MINUTE))


def test_later_or_different_words_are_a_form_of_their_own() -> None:
    others = [
        EarlierForm("Amina", "KE", 1, NOON - 11 * MINUTE),
        EarlierForm("Amina O.", "KE", 1, NOON),
        EarlierForm("Amina", "UG", 1, NOON),
        EarlierForm("Amina", "KE", 2, NOON),
    ]
    assert not any(is_same_form(FORM, other) for other in others)


RECORDS = st.sampled_from(["a", "b", "c", "d"])
VOTES = st.lists(st.builds(Vote, RECORDS, st.just(1), st.integers(0, 90).map(lambda n: NOON + n * MINUTE)))
WAITING = {
    record: Waiting(n, record, 1, address, "KE")
    for n, (record, address) in enumerate([("a", b"one"), ("b", b"one"), ("c", b"two"), ("d", b"three")])
}


@given(VOTES)
def test_an_address_counts_once_however_often_it_is_confirmed(votes: list[Vote]) -> None:
    counted = count_votes(votes, WAITING, counted=set())

    addresses = [row.address_hash for row, _ in counted.rows]
    assert len(addresses) == len(set(addresses))
    assert set(addresses) == {WAITING[vote.record].address_hash for vote in votes}
    assert sum(counted.sums().values()) == len(addresses)


@given(VOTES)
def test_an_address_that_counts_already_is_passed_over(votes: list[Vote]) -> None:
    assert count_votes(votes, WAITING, counted={(1, b"one"), (1, b"two"), (1, b"three")}).rows == []


def test_the_first_that_is_confirmed_counts_at_the_moment_of_its_press() -> None:
    votes = [Vote("b", 1, NOON + 2 * MINUTE), Vote("a", 1, NOON + MINUTE)]

    [(row, at)] = count_votes(votes, WAITING, counted=set()).rows

    assert (row.record, at) == ("a", NOON + MINUTE)


def test_a_link_of_another_campaign_counts_nothing() -> None:
    assert count_votes([Vote("a", 2, NOON)], WAITING, counted=set()).rows == []


def test_a_link_that_asks_for_the_address_needs_the_right_one() -> None:
    for typed in (None, b"two"):
        assert count_votes([Vote("a", 1, NOON, True, typed)], WAITING, counted=set()).rows == []
    assert len(count_votes([Vote("a", 1, NOON, True, b"one")], WAITING, counted=set()).rows) == 1
