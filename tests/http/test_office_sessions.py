"""A session lasts from its last use, and a form that comes too late says how to keep what was written."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from clarion.kernel.clock import utc_now
from tests.make import HOUR, MINUTE, make_campaign, make_organiser
from tests.office import HOST, signed_in

pytestmark = pytest.mark.django_db
CALL = "/c/clean-water/"


@pytest.fixture
def admin() -> Client:
    make_campaign()
    return signed_in(make_organiser())


def status_after(client: Client, passed: timedelta, address: str = CALL) -> int:
    with time_machine.travel(utc_now() + passed, tick=False):
        return client.get(address).status_code


def test_a_session_that_is_used_all_day_does_not_end_at_night(admin: Client) -> None:
    assert [status_after(admin, hours * HOUR) for hours in (8, 16, 24)] == [200, 200, 200]

    assert admin.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 12 * 3600
    assert status_after(admin, 37 * HOUR) == 302


def test_a_session_is_stored_once_an_hour_and_not_with_every_page(admin: Client) -> None:
    ends = Session.objects.get().expire_date
    assert status_after(admin, 59 * MINUTE) == 200
    assert Session.objects.get().expire_date == ends

    assert status_after(admin, 61 * MINUTE) == 200
    later = Session.objects.get().expire_date
    assert later - ends > HOUR
    assert status_after(admin, 119 * MINUTE) == 200
    assert Session.objects.get().expire_date == later


def test_a_page_that_nobody_is_at_does_not_keep_its_session(admin: Client) -> None:
    assert status_after(admin, 8 * HOUR, CALL + "switches/state/") == 200
    assert status_after(admin, 13 * HOUR) == 302


def test_what_was_written_is_not_lost_with_the_session(admin: Client) -> None:
    """Going back shows an empty form in most browsers: no page of the office may be kept by them."""
    typed = {
        "title": "Safe water <now>", "body": "\nThe first line.\nThe second.", "summary": "安全な水",
        "seen": "title:1f body:2e",
    }  # fmt: skip
    for address in ("call/text/en/", "call/give/en/"):
        with time_machine.travel(utc_now() + 13 * HOUR, tick=False):
            answer = admin.post(CALL + address, typed)

        assert answer.status_code == 403, address
        page = answer.content.decode()
        assert "sign in again in another tab" in page
        assert "Safe water &lt;now&gt;</textarea>" in page
        assert ">\n\nThe first line.\nThe second.</textarea>" in page
        assert "安全な水</textarea>" in page
        assert "title:1f" not in page
        with time_machine.travel(utc_now() + 13 * HOUR, tick=False):
            assert admin.post(CALL + "switches/pause/")["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(("origin", "is_ours"), [("http://localhost:8001", True), ("https://evil.example", False)])
def test_a_form_from_before_signing_in_shows_what_was_written_in_it(origin: str, is_ours: bool) -> None:
    """Another site can send what it likes: it is not shown on a page of ours."""
    client = Client(enforce_csrf_checks=True, headers={"host": HOST, "origin": origin})

    answer = client.post(CALL + "call/text/en/", {"title": "Safe water", "password": "correct horse", "seen": "a b"})

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "This form was not sent" in page
    assert "another tab" in page
    assert ("Safe water</textarea>" in page) == is_ours
    assert "correct horse" not in page
