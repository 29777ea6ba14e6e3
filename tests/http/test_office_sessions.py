"""A session lasts from its last use, and a form that comes too late says how to keep what was written."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from clarion.kernel.clock import utc_now
from tests.make import HOUR, MINUTE, make_campaign, make_organiser
from tests.office import signed_in

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
