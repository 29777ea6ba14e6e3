"""A form may be as large as what it carries, and a larger one is answered with what to do."""

import pytest
from django.test import Client

from clarion.calls import limits
from tests.make import make_campaign, make_organiser
from tests.office import opened, signed_in

pytestmark = pytest.mark.django_db
VENUES = "/c/clean-water/call/venues/"
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def admin() -> Client:
    make_campaign()
    return signed_in(make_organiser())


def test_a_table_of_the_largest_size_arrives_in_whatever_script(admin: Client) -> None:
    """Each byte outside Latin letters takes three on its way."""
    letters = (limits.TABLE_BYTES - 100) // 3
    body = "table=id,type,country,city,name%0D%0A" + "%E6%B0%B4" * letters

    answer = admin.post(VENUES, body, content_type=URLENCODED)

    assert answer.status_code == 422
    assert [one.line for one in answer.context["mistakes"]]


def test_a_form_that_is_too_large_says_so_and_what_to_do(admin: Client) -> None:
    before = opened(admin, VENUES)
    body = "table=" + "x" * (4 * limits.TABLE_BYTES)

    answer = admin.post(VENUES, body, content_type=URLENCODED)

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "too large" in page
    assert "at most 5 MB" in page
    assert "no-store" in answer["Cache-Control"]
    assert opened(admin, VENUES) == before


def test_a_form_that_cannot_be_read_is_answered_by_a_page_of_the_office(admin: Client) -> None:
    body = "&".join(f"field{n}=1" for n in range(1500))

    answer = admin.post(VENUES, body, content_type=URLENCODED)

    assert answer.status_code == 400
    assert "This could not be read" in answer.content.decode()
