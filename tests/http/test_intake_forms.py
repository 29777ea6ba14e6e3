"""POST of the public process: every form, every refusal, every status."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import pytest

from clarion.inbox.store import InboxBroken, InboxUnavailable
from clarion.kernel.clock import utc_now
from clarion.kernel.files import cities_file, error_page
from clarion.kernel.forms import MAX_BODY_BYTES
from tests.door import EVENT, HOME, HOSTING, SIGN, Door


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Intake with an open campaign."""
    opened = Door(tmp_path)
    yield opened
    opened.close()


def reopened(door: Door, **policy: Any) -> Door:
    """The same data folder, its policy changed."""
    return Door(door.data.root, policy=policy)


def test_a_signature_is_taken_and_answered_with_the_next_step(door: Door) -> None:
    before = utc_now().timestamp()
    reply = door.post(f"{HOME}/sign", SIGN | {"name": "  Ada   Lovelace ", "country": "gb", "postcode": ""})

    assert (reply.status, reply.location, reply.body) == (303, f"{HOME}/check-your-mail/", b"")
    assert reply.headers["cache-control"] == "no-store"
    (taken,) = door.taken()
    assert (taken.form, taken.campaign, taken.language, taken.link) == ("sign", "clean-water", "en", None)
    assert dict(taken.fields) == SIGN | {"version": "2"}
    assert before <= taken.at <= utc_now().timestamp()
    assert not taken.is_slow


def test_a_slash_at_the_end_is_the_same_form(door: Door) -> None:
    assert door.post(f"{HOME}/sign/", SIGN).status == 303


def test_a_text_that_grows_when_it_is_tidied_is_measured_as_it_is_kept(door: Door) -> None:
    """One letter of Hindi becomes two in Unicode NFC, and records have room for 100."""
    form = HOSTING | {"venue": "v1"}

    assert door.post(f"{HOME}/host", form | {"title": "\u095d" * 51}).location == f"{HOME}/refused/host/title-too-long/"
    assert door.post(f"{HOME}/host", form | {"title": "\u095d" * 50}).location == f"{HOME}/check-your-mail/"
    assert len(door.taken()[0].fields["title"]) == 100


def test_version_and_consent_of_the_page_are_kept(door: Door) -> None:
    door.post(f"{HOME}/sign", SIGN | {"version": "1", "consent": "c1"})

    assert (door.taken()[0].fields["version"], door.taken()[0].fields["consent"]) == ("1", "c1")


def test_a_form_of_a_page_that_was_published_this_second_is_taken(door: Door) -> None:
    assert "consent-unknown" in door.post(f"{HOME}/sign", SIGN | {"consent": "c2"}).location

    door.write_policy(consents=("c1", "c2"))

    assert door.post(f"{HOME}/sign", SIGN | {"consent": "c2"}).location == f"{HOME}/check-your-mail/"


def test_the_answer_is_the_same_for_an_address_that_signed_before(door: Door) -> None:
    assert door.post(f"{HOME}/sign", SIGN) == door.post(f"{HOME}/sign", SIGN)


def test_nothing_that_was_sent_can_be_read_in_the_inbox(door: Door) -> None:
    door.post(f"{HOME}/sign", SIGN)

    for file in door.data.inbox.parent.iterdir():
        assert b"ada@example.org" not in file.read_bytes()
        assert b"Lovelace" not in file.read_bytes()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": ""}, "name-missing"),
        ({"name": "x" * 121}, "name-too-long"),
        ({"name": "Ada\u202eecalevoL"}, "name-characters"),
        ({"name": "Ada\nLovelace"}, "name-characters"),
        ({"email": "ada"}, "email-shape"),
        ({"email": ""}, "email-missing"),
        ({"country": "QQ"}, "country-unknown"),
        ({"version": "3"}, "version-unknown"),
        ({"consent": "c9"}, "consent-unknown"),
        ({"country": "QQ", "email": "ada"}, "email-shape"),
    ],
)
def test_a_refused_form_leads_to_the_page_of_its_first_mistake(
    door: Door, changes: dict[str, str], refusal: str
) -> None:
    reply = door.post("/clean-water/ar/sign", SIGN | changes)

    assert (reply.status, reply.location) == (303, f"/clean-water/ar/refused/sign/{refusal}/")
    assert door.taken() == []


def test_a_field_that_stands_twice_is_refused(door: Door) -> None:
    reply = door.post(f"{HOME}/sign", urlencode(SIGN).encode() + b"&email=other%40example.org")

    assert reply.location == f"{HOME}/refused/sign/email-duplicate/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"origin": "null"}, 303),
        ({"origin": "http://call.test"}, 303),
        ({"origin": "http://CALL.test"}, 303),
        ({"sec_fetch_site": "same-origin"}, 303),
        ({"sec_fetch_site": "none"}, 303),
        ({"sec_fetch_site": "same-origin", "origin": "null"}, 303),
        ({"origin": "https://call.test"}, 403),
        ({"origin": "http://call.test:8080"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "http://call.test"}, 403),
        ({"sec_fetch_site": "same-origin", "origin": "http://evil.example"}, 403),
    ],
)
def test_only_our_own_pages_send_forms(door: Door, headers: dict[str, str], status: int) -> None:
    assert door.post(f"{HOME}/sign", SIGN, **headers).status == status
    assert len(door.taken()) == (status == 303)


def test_a_form_that_is_too_long_is_refused_whatever_it_says_of_its_length(door: Door) -> None:
    long = b"name=" + b"x" * MAX_BODY_BYTES

    assert door.post(f"{HOME}/sign", long).status == 413
    assert door.post(f"{HOME}/sign", long, content_length="10").status == 413
    assert door.post(f"{HOME}/sign", b"name=x", content_length=str(MAX_BODY_BYTES + 1)).status == 413
    assert door.post(f"{HOME}/sign", b"name=x", content_length="9" * 5_000).status == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"name=%ff", "application/x-www-form-urlencoded"),
        (b"name=a%00b", "application/x-www-form-urlencoded"),
        (urlencode(SIGN).encode(), "multipart/form-data; boundary=x"),
        (urlencode(SIGN).encode(), "text/plain"),
        (json.dumps(SIGN).encode(), "application/json"),
    ],
)
def test_what_is_no_readable_form_is_400(door: Door, body: bytes, kind: str) -> None:
    assert door.post(f"{HOME}/sign", body, content_type=kind).status == 400
    assert door.taken() == []


@pytest.mark.parametrize(
    "path", ["/other/en/sign", "/clean-water/de/sign", "/clean-water/sign", f"{HOME}/endorse/", "/"]
)
def test_an_address_that_takes_no_form_is_not_found(door: Door, path: str) -> None:
    assert door.post(path, SIGN).status == 404


def test_a_page_that_takes_no_form_says_so(door: Door) -> None:
    door.publish("clean-water/en/thanks/index.html")

    reply = door.post(f"{HOME}/thanks/", SIGN)

    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_every_error_has_its_page_in_the_language_of_the_form(door: Door, status: int) -> None:
    door.publish(error_page(status, "clean-water", "ar"), f"page {status}")
    ways: dict[int, tuple[str, bytes, dict[str, str]]] = {
        400: ("sign", b"name=%ff", {}),
        403: ("sign", b"", {"origin": "http://evil.example"}),
        404: ("endorse", b"", {}),
        413: ("sign", b"x" * 20_000, {}),
    }
    path, body, headers = ways[status]

    reply = door.post(f"/clean-water/ar/{path}", body, **headers)

    assert (reply.status, reply.body) == (status, f"page {status}".encode())


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_a_paused_or_closed_call_takes_no_signature_and_no_proposal(door: Door, state: str) -> None:
    shut = reopened(door, state=state)

    assert shut.post(f"{HOME}/sign", SIGN).location == f"{HOME}/{state}/"
    assert shut.post(f"{HOME}/host/", HOSTING).location == f"{HOME}/{state}/"
    assert shut.post(f"{HOME}/my-data/", {"email": "ada@example.org"}).location == f"{HOME}/received/"
    assert [taken.form for taken in shut.taken()] == ["my-data"]
    shut.close()


def test_a_call_opens_and_closes_at_its_hours(door: Door) -> None:
    now = utc_now().timestamp()
    early, late = reopened(door, opens_at=now + 60), reopened(door, closes_at=now - 60)

    early.write_policy(opens_at=now + 60)
    assert early.post(f"{HOME}/sign", SIGN).location == f"{HOME}/paused/"
    late.write_policy(closes_at=now - 60)
    assert late.post(f"{HOME}/sign", SIGN).location == f"{HOME}/closed/"
    early.close()
    late.close()


def test_a_way_that_is_switched_off_is_not_there(door: Door) -> None:
    rally_only = reopened(door, takes_signatures=False)

    assert rally_only.post(f"{HOME}/sign", SIGN).status == 404
    assert rally_only.post(f"{HOME}/host/", HOSTING).status == 303
    rally_only.close()


def test_a_switch_is_obeyed_within_two_seconds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert door.post(f"{HOME}/sign", SIGN).location == f"{HOME}/check-your-mail/"
    door.write_policy(state="paused")
    monkeypatch.setattr("clarion.intake.policy._READ_EVERY", 0)

    assert door.post(f"{HOME}/sign", SIGN).location == f"{HOME}/paused/"


def test_a_broken_policy_file_leaves_the_last_good_one_in_force(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clarion.intake.policy._READ_EVERY", 0)
    door.post(f"{HOME}/sign", SIGN)
    (door.data.policy / "policy.json").write_text("{", encoding="utf-8")

    assert door.post(f"{HOME}/sign", SIGN).status == 303


def test_before_the_first_policy_forms_are_asked_to_come_back(door: Door) -> None:
    (door.data.policy / "policy.json").unlink()

    reply = door.post(f"{HOME}/sign", SIGN)

    assert (reply.status, reply.headers["retry-after"]) == (503, "3")


def test_a_proposal_is_taken(door: Door) -> None:
    reply = door.post(f"{HOME}/host/", HOSTING)

    assert reply.location == f"{HOME}/check-your-mail/"
    assert door.taken()[0].fields["city"] == "Nairobi"


def test_a_proposal_of_a_day_that_has_passed_is_refused(door: Door) -> None:
    reply = door.post(f"{HOME}/host/", HOSTING | {"date": "2020-01-01", "title": ""})

    assert reply.location == f"{HOME}/refused/host/date-past/"
    assert door.taken() == []


@pytest.mark.parametrize(
    ("changes", "location"),
    [
        ({"city": "NAIRÓBI"}, "check-your-mail/"),
        ({"city": "نيروبي"}, "check-your-mail/"),
        ({"city": "Lodz"}, "check-your-mail/"),
        ({"city": "Atlantis"}, "refused/host/city-unknown/"),
        ({"city": "Atlantis", "venue": "v1"}, "check-your-mail/"),
        ({"city": "Atlantis", "date": "soon"}, "refused/host/city-unknown/"),
        ({"city": "Atlantis", "country": "QQ"}, "refused/host/country-unknown/"),
        ({"city": ""}, "refused/host/city-missing/"),
        ({"venue": "v9"}, "refused/host/venue-unknown/"),
        ({"country": "GB", "city": "Anywhere"}, "check-your-mail/"),
    ],
)
def test_a_city_is_one_of_the_published_list(door: Door, changes: dict[str, str], location: str) -> None:
    door.publish(cities_file("KE"), json.dumps([[1, "Nairobi", "نيروبي"], [2, "Mombasa"], [3, "Łódź"]]))

    assert door.post(f"{HOME}/host/", HOSTING | changes).location == f"{HOME}/{location}"


def test_a_report_names_an_event_that_is_published(door: Door) -> None:
    door.publish(f"clean-water/en/events/{EVENT}/index.html")

    reply = door.post(f"{HOME}/events/{EVENT}/report/", {"reason": "not-real", "note": "nobody\nthere"})

    assert reply.location == f"{HOME}/received/"
    assert (door.taken()[0].target, door.taken()[0].fields["note"]) == (EVENT, "nobody\nthere")
    assert door.post(f"{HOME}/events/{'0' * 32}/report/", {"reason": "not-real"}).status == 404
    assert door.post(f"{HOME}/events/../report/", {"reason": "not-real"}).status == 404


def test_past_the_limit_mails_are_slow_and_past_the_next_forms_are_refused(door: Door) -> None:
    small = Door(door.data.root, CLARION_NETWORK_LIMITS="192.0.2.0/24=2/0.01")

    replies = [small.post(f"{HOME}/sign", SIGN) for _ in range(3)]

    assert [reply.status for reply in replies] == [303, 303, 429]
    assert int(replies[2].headers["retry-after"]) > 0
    small.close()


def test_the_slow_lane_is_marked(door: Door) -> None:
    async def many() -> None:
        body = urlencode(SIGN).encode()
        kind = {"content_type": "application/x-www-form-urlencoded"}
        await asyncio.gather(*(door.asked("POST", f"{HOME}/sign", body, kind) for _ in range(640)))

    began = monotonic()
    asyncio.run(many())

    # Six hundred are quick at once, and meanwhile two more a second.
    assert 40 - 2 * (monotonic() - began) - 1 <= sum(taken.is_slow for taken in door.taken()) <= 40


def test_a_full_queue_is_told_so_and_loses_nobody_who_was_answered(door: Door) -> None:
    narrow = Door(door.data.root, CLARION_INTAKE_QUEUE="10")

    async def many() -> list[int]:
        body = urlencode(SIGN).encode()
        kind = {"content_type": "application/x-www-form-urlencoded"}
        replies = await asyncio.gather(*(narrow.asked("POST", f"{HOME}/sign", body, kind) for _ in range(50)))
        return [reply.status for reply in replies]

    statuses = asyncio.run(many())

    assert set(statuses) == {303, 503}
    assert len(narrow.taken()) == statuses.count(303)
    narrow.close()


@pytest.mark.parametrize(("error", "is_broken"), [(InboxUnavailable, False), (InboxBroken, True)])
def test_a_commit_that_fails_answers_its_whole_batch_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception], is_broken: bool
) -> None:
    """After a failed fsync nothing is taken before a restart; after a full disk the next form may be."""
    broken: list[bool] = []
    door = Door(tmp_path, on_broken=lambda: broken.append(True))
    append = door.intake._writer.append

    def fail(*args: Any, **kwargs: Any) -> None:
        raise error("disk") from sqlite3.OperationalError("disk")

    monkeypatch.setattr(door.intake._writer, "append", fail)
    first = door.post(f"{HOME}/sign", SIGN)
    monkeypatch.setattr(door.intake._writer, "append", append)
    second = door.post(f"{HOME}/sign", SIGN)

    assert (first.status, first.headers["retry-after"]) == (503, "3")
    assert bool(broken) is is_broken
    assert second.status == (503 if is_broken else 303)
    door.close()


def test_no_log_line_says_what_was_sent_or_from_where(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        door.post(f"{HOME}/sign", SIGN)
        door.post(f"{HOME}/sign", b"name=%ff")
        door.intake._tell()

    assert "303: 1" in caplog.text
    assert not any(word in caplog.text for word in ("ada", "Lovelace", "192.0.2", "/clean-water"))


def test_a_call_published_this_second_takes_forms_at_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert door.post(f"{HOME}/sign", SIGN).status == 303
    monkeypatch.setattr("clarion.intake.policy._READ_EVERY", 3600)
    file = door.data.policy / "policy.json"
    policy = json.loads(file.read_text(encoding="utf-8"))
    policy["campaigns"]["new-call"] = policy["campaigns"]["clean-water"]
    file.write_text(json.dumps(policy), encoding="utf-8")

    assert door.post("/new-call/en/sign", SIGN).location == "/new-call/en/check-your-mail/"
