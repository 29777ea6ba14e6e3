"""Addresses with tokens: what opens, what a button does, and that looking changes nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from clarion.intake import posting
from clarion.kernel.clock import HOUR, utc_now
from clarion.kernel.links import LinkKind
from tests.door import EVENT, HOME, Door, Exchanged


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Intake with every token page."""
    opened = Door(tmp_path)
    opened.publish_token_pages()
    yield opened
    opened.close()


def manage(token: str, event: str = EVENT) -> str:
    """Address of a manage page."""
    return f"{HOME}/events/{event}/manage/{token}"


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        (LinkKind.CONFIRM, "confirm"),
        (LinkKind.CONFIRM_TYPED, "confirm-typed"),
        (LinkKind.CONFIRM_EVENT, "confirm-event"),
        (LinkKind.CONFIRM_EVENT_TYPED, "confirm-event-typed"),
    ],
)
def test_a_confirm_link_opens_the_page_of_its_kind_and_a_quiet_second_one(
    door: Door, kind: LinkKind, page: str
) -> None:
    address = f"{HOME}/confirm/{door.token(kind)}"

    assert door.get(address).body.decode() == page
    assert door.get(f"{address}?not-me").body.decode() == f"{page} not me"
    assert door.get(f"{address}?utm=1").body.decode() == page


def test_withdraw_and_manage_links_open_their_pages(door: Door) -> None:
    assert door.get(f"{HOME}/withdraw/{door.token(LinkKind.WITHDRAW)}").body == b"withdraw"
    assert door.get(manage(door.token(LinkKind.MANAGE, record=EVENT))).body == b"manage"


def test_pages_that_a_token_opens_are_stored_nowhere_and_tell_no_referrer(door: Door) -> None:
    address = f"{HOME}/confirm/{door.token(LinkKind.CONFIRM)}"
    replies = [
        door.get(address), door.get(f"{HOME}/confirm/x"), door.get(f"{HOME}/confirm/x/y/"), door.post(address, b"%ff"),
        door.post(address, {"answer": "yes"}), door.get(address, if_none_match="*"),
    ]  # fmt: skip

    assert {reply.headers["cache-control"] for reply in replies} == {"no-store"}
    assert {reply.headers["referrer-policy"] for reply in replies} == {"no-referrer"}
    assert replies[-1].status == 200


def test_looking_changes_nothing_ever(door: Door) -> None:
    addresses = [
        f"{HOME}/confirm/{door.token(LinkKind.CONFIRM)}", f"{HOME}/confirm/{door.token(LinkKind.CONFIRM)}?not-me",
        f"{HOME}/withdraw/{door.token(LinkKind.WITHDRAW)}", manage(door.token(LinkKind.MANAGE, record=EVENT)),
        f"{HOME}/sign?name=Ada&email=ada%40example.org&country=GB", f"{HOME}/confirm/x?answer=yes",
    ]  # fmt: skip
    for address in addresses:
        for method in ("GET", "HEAD"):
            assert {door.get(address, method=method).status for _ in range(20)} <= {200, 303}

    assert door.taken() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_garbled_and_foreign_tokens_lead_to_the_page_about_bad_links(door: Door, method: str) -> None:
    good = door.token(LinkKind.CONFIRM)
    changed = good[:20] + ("A" if good[20] != "A" else "B") + good[21:]
    addresses = [
        f"{HOME}/confirm/{changed}", f"{HOME}/confirm/{good[:-1]}", f"{HOME}/confirm/{good}A", f"{HOME}/confirm/é",
        f"{HOME}/confirm/{door.token(LinkKind.WITHDRAW)}", f"{HOME}/withdraw/{good}",
        f"{HOME}/confirm/{door.token(LinkKind.CONFIRM, campaign=8)}",
        manage(door.token(LinkKind.MANAGE)), manage(door.token(LinkKind.MANAGE, record=EVENT, gen=1)),
        manage(door.token(LinkKind.WITHDRAW, record=EVENT)),
    ]  # fmt: skip
    for address in addresses:
        reply = door.get(address) if method == "GET" else door.post(address, {"answer": "yes", "do": "cancel"})
        assert (reply.status, reply.location) == (303, f"{HOME}/bad-link/")

    assert door.taken() == []


@pytest.mark.parametrize("answer", ["yes", "not-me"])
def test_an_expired_link_says_so_kindly(door: Door, answer: str) -> None:
    address = f"{HOME}/confirm/{door.token(LinkKind.CONFIRM, days=-0.01)}"

    assert door.get(address).location == f"{HOME}/expired/"
    assert door.post(address, {"answer": answer}).location == f"{HOME}/expired/"
    assert door.taken() == []


def test_a_press_in_the_last_second_counts_however_slowly_it_comes_in(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told "thank you" is counted: expiry is judged by the moment with which the form is handed over."""
    token = door.token(LinkKind.CONFIRM, days=1 / 24)
    real = Exchanged.__call__

    async def slowly(exchange: Exchanged) -> bytes:
        monkeypatch.setattr(posting, "utc_now", lambda: utc_now() + 2 * HOUR)
        return await real(exchange)

    monkeypatch.setattr(Exchanged, "__call__", slowly)
    reply = door.post(f"{HOME}/confirm/{token}", {"answer": "yes"})

    (taken,) = door.taken()
    assert reply.location == f"{HOME}/thanks/"
    assert taken.link is not None
    assert not taken.link.is_expired(taken.accepted_at)


def test_a_link_outlives_the_language_in_which_it_was_mailed(door: Door) -> None:
    """A translation may be taken back; the right to withdraw is not."""
    token = door.token(LinkKind.WITHDRAW)

    reply = door.get(f"/clean-water/sw/withdraw/{token}?x=1")

    assert (reply.status, reply.location) == (303, f"{HOME}/withdraw/{token}?x=1")
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert door.get(f"/clean-water/sw/withdraw/{token[:-1]}").status == 404
    assert door.get(f"/no-such-call/sw/withdraw/{token}").status == 404


def test_the_button_of_a_page_in_a_language_that_went_meanwhile_still_withdraws(door: Door) -> None:
    token = door.token(LinkKind.WITHDRAW)

    reply = door.post(f"/clean-water/sw/withdraw/{token}", {"email": "x"})

    assert (reply.status, reply.location) == (303, f"{HOME}/received/")
    assert door.taken()[0].language == "en"
    assert door.post(f"/no-such-call/sw/withdraw/{token}", {"email": "x"}).status == 404


def test_a_network_that_guesses_links_is_asked_to_wait_and_others_are_not(door: Door) -> None:
    body = {"content_type": "application/x-www-form-urlencoded"}

    async def guess() -> list[int]:
        path = f"{HOME}/confirm/{door.token(LinkKind.CONFIRM)[:-4]}AAAA"
        return [(await door.asked("POST", path, b"answer=yes", body)).status for _ in range(510)]

    statuses = asyncio.run(guess())
    good = f"{HOME}/confirm/{door.token(LinkKind.CONFIRM)}"

    assert (statuses[0], statuses[-1]) == (303, 429)
    assert door.ask("POST", good, b"answer=yes", body, client="198.51.100.9").status == 303


def test_withdraw_and_manage_links_never_expire(door: Door) -> None:
    assert door.post(f"{HOME}/withdraw/{door.token(LinkKind.WITHDRAW, days=-99)}", {"email": "x"}).status == 303
    assert door.taken()[0].form == "withdraw"


@pytest.mark.parametrize(
    ("kind", "answer", "page"),
    [
        (LinkKind.CONFIRM, "yes", "thanks"),
        (LinkKind.CONFIRM_TYPED, "yes", "thanks"),
        (LinkKind.CONFIRM_EVENT, "yes", "received"),
        (LinkKind.CONFIRM_EVENT_TYPED, "yes", "received"),
        (LinkKind.CONFIRM, "not-me", "not-me"),
        (LinkKind.CONFIRM_EVENT, "not-me", "not-me"),
    ],
)
def test_the_button_hands_over_the_link_and_the_answer(door: Door, kind: LinkKind, answer: str, page: str) -> None:
    reply = door.post(f"{HOME}/confirm/{door.token(kind, record=EVENT)}", {"answer": answer})

    assert (reply.status, reply.location) == (303, f"{HOME}/{page}/")
    (taken,) = door.taken()
    assert taken.link is not None
    assert (taken.form, taken.link.kind, taken.link.record, taken.fields) == (
        "confirm", kind, EVENT, {"answer": answer},
    )  # fmt: skip


def test_a_typed_address_goes_along_and_the_answer_is_the_same_without(door: Door) -> None:
    address = f"{HOME}/confirm/{door.token(LinkKind.CONFIRM_TYPED)}"
    emails = ("ada@example.org", "", "x" * 300, "a\tb", "not an address")

    replies = [door.post(address, {"answer": "yes", "email": email}) for email in emails]

    assert {(reply.status, reply.location) for reply in replies} == {(303, f"{HOME}/thanks/")}
    assert [taken.fields.get("email") for taken in door.taken()] == [
        "ada@example.org", None, None, "a b", "not an address",
    ]  # fmt: skip


@pytest.mark.parametrize("body", [b"", b"answer=maybe", b"answer=yes&answer=not-me"])
def test_a_post_without_a_clear_answer_decides_nothing(door: Door, body: bytes) -> None:
    assert door.post(f"{HOME}/confirm/{door.token(LinkKind.CONFIRM)}", body).status == 400
    assert door.taken() == []


def test_a_token_is_right_enough_wherever_the_form_was_sent_from(door: Door) -> None:
    """Mail programs show pages within their own."""
    reply = door.post(
        f"{HOME}/confirm/{door.token(LinkKind.CONFIRM)}",
        {"answer": "yes"},
        sec_fetch_site="cross-site",
        origin="https://mail.example",
    )

    assert reply.location == f"{HOME}/thanks/"


def test_links_work_while_the_call_is_closed(door: Door) -> None:
    closed = Door(door.data.root, policy={"state": "closed", "takes_signatures": False, "takes_events": False})

    assert closed.post(f"{HOME}/confirm/{closed.token(LinkKind.CONFIRM)}", {"answer": "yes"}).status == 303
    assert closed.post(f"{HOME}/withdraw/{closed.token(LinkKind.WITHDRAW)}", {}).location == f"{HOME}/received/"
    assert len(closed.taken()) == 2
    closed.close()


def test_an_organiser_changes_or_cancels_by_link(door: Door) -> None:
    address = manage(door.token(LinkKind.MANAGE, record=EVENT))

    assert door.post(address, {"do": "change", "time": "19:00"}).location == f"{HOME}/received/"
    assert door.post(address, {"do": "cancel", "city": "Nairobi"}).location == f"{HOME}/received/"
    assert door.post(address, {"do": "erase"}).location == f"{HOME}/refused/manage/do-unknown/"
    change, cancel = door.taken()
    assert (change.target, change.fields) == (EVENT, {"do": "change", "time": "19:00"})
    assert cancel.fields == {"do": "cancel", "city": "Nairobi"}


def test_a_change_to_a_day_that_has_passed_is_answered_like_any_other(door: Door) -> None:
    address = manage(door.token(LinkKind.MANAGE, record=EVENT))

    assert door.post(address, {"do": "change", "date": "2020-01-01"}).location == f"{HOME}/received/"


def test_a_link_of_a_campaign_that_is_gone_is_not_found(door: Door) -> None:
    assert door.get(f"/other/en/confirm/{door.token(LinkKind.CONFIRM)}").status == 404
    assert door.post(f"/other/en/confirm/{door.token(LinkKind.CONFIRM)}", {"answer": "yes"}).status == 404
