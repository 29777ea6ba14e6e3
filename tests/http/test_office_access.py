"""Who may open what: every address of the office, for every kind of visitor."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError, connection
from django.test import Client
from django.urls import URLPattern, reverse

from clarion.campaigns.models import Campaign
from clarion.kernel.keys import read_keys
from clarion.office.urls import campaign_pages
from tests.make import make_campaign, make_event, make_organiser, make_team, make_wave
from tests.office import signed_in, visitor

pytestmark = pytest.mark.django_db

MODERATORS_SEE = {
    "overview", "moderation-queue", "moderation-item", "decide", "correct", "undo", "see-reports", "events", "event",
    "step-event",
}  # fmt: skip
VALUES = {
    "language": "en", "number": 1, "day": "2026-12-01", "decision_id": "0" * 32, "step": "cancel", "what": "signatures",
    "switch": "pause",
}  # fmt: skip
# What is not there until someone makes it.
NOT_THERE = {"picture-file", "edit-update"}


def addresses(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Name and address of every page of a campaign."""
    event = make_event(campaign)
    member = make_organiser(email="member@example.org")
    wave = make_wave(campaign, read_keys(settings.ENV.data.keys))
    values = {**VALUES, "event_id": event.public_id, "organiser_id": member.public_id, "wave_id": wave.public_id}
    for pattern in campaign_pages:
        assert isinstance(pattern, URLPattern)
        needed = pattern.pattern.converters
        kwargs = {"slug": campaign.slug, **{name: values[name] for name in needed}}
        yield str(pattern.name), reverse(f"office:{pattern.name}", kwargs=kwargs)


def statuses(client: Client, address: str) -> set[int]:
    return {client.get(address).status_code, client.post(address).status_code}


def test_a_stranger_is_sent_to_sign_in_whatever_they_ask_for() -> None:
    campaign = make_campaign()
    for name, address in addresses(campaign):
        for response in (visitor().get(address), visitor().post(address)):
            assert response.status_code in (302, 405), name
            if response.status_code == 302:
                assert response["Location"].startswith("/sign-in/"), name
    assert Campaign.objects.get().paused_at is None


def test_an_admin_of_another_team_finds_nothing_here() -> None:
    campaign = make_campaign()
    client = signed_in(make_organiser(team=make_team(owner_email="other@example.org")), again=True)
    for name, address in addresses(campaign):
        assert statuses(client, address) <= {404, 405}, name


def test_a_moderator_reaches_events_and_nothing_of_signatures() -> None:
    campaign = make_campaign()
    client = signed_in(make_organiser(role="moderator"), again=True)
    for name, address in addresses(campaign):
        if name in MODERATORS_SEE:
            assert 403 not in statuses(client, address), name
        else:
            assert statuses(client, address) <= {403, 405}, name


def test_an_admin_opens_every_page() -> None:
    campaign = make_campaign()
    client = signed_in(make_organiser(), again=True)
    for name, address in addresses(campaign):
        status = client.get(address).status_code
        assert status == (404 if name in NOT_THERE else status), name
        assert status in (200, 404, 405), (name, status)
        assert status != 404 or name in NOT_THERE, name


def test_a_session_without_second_factor_reaches_only_enrolment() -> None:
    campaign = make_campaign()
    client = signed_in(make_organiser(), factor=False)
    for name, address in addresses(campaign):
        assert client.get(address)["Location"] == "/enrol/", name
        assert client.post(address)["Location"] == "/enrol/", name
    assert client.get("/you/")["Location"] == "/enrol/"
    assert client.get("/new/")["Location"] == "/enrol/"
    assert client.get("/enrol/").status_code == 200
    assert client.get("/you/app/new/").status_code == 200


def test_another_session_of_someone_who_enrolled_meanwhile_stays_outside() -> None:
    """A link that leaked before its owner enrolled must not open the office afterwards."""
    organiser = make_organiser()
    leaked = signed_in(organiser, factor=False)
    signed_in(organiser)

    assert leaked.get("/")["Location"] == "/enrol/"
    assert leaked.get("/you/passkeys/new/")["Location"].startswith("/second-factor/again/")


def test_a_moderator_of_one_country_does_not_see_the_events_of_another() -> None:
    campaign = make_campaign()
    event = make_event(campaign, state="waiting", country="KE")
    client = signed_in(make_organiser(role="moderator", countries=("SN",)))

    assert client.get(f"/c/{campaign.slug}/moderation/{event.public_id}/").status_code == 404
    assert event.title not in client.get(f"/c/{campaign.slug}/moderation/").content.decode()
    assert event.title not in client.get(f"/c/{campaign.slug}/events/").content.decode()


def test_someone_taken_off_the_team_is_outside_with_their_next_click() -> None:
    make_campaign()
    organiser = make_organiser()
    client = signed_in(organiser)
    assert client.get("/c/clean-water/").status_code == 200

    organiser.memberships.all().delete()

    assert client.get("/c/clean-water/").status_code == 404


def test_the_office_answers_to_its_own_host_only() -> None:
    for host in ("evil.example", "127.0.0.1:8001", "localhost:9999", ""):
        assert Client(headers={"host": host}).get("/healthz").status_code == 421
    assert visitor().get("/healthz").status_code == 200


def test_every_page_says_what_a_browser_may_do_with_it() -> None:
    response = visitor().get("/sign-in/")

    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert "style=" not in response.content.decode()


def test_assets_may_be_kept_for_ever_under_names_that_change() -> None:
    page = visitor().get("/sign-in/").content.decode()
    name = page.split('href="/-/office.')[1].split('"')[0]

    response = visitor().get(f"/-/office.{name}")

    assert response.status_code == 200
    assert "immutable" in response["Cache-Control"]
    assert visitor().get("/-/office.css").status_code == 404
    assert visitor().get("/-/..%2fsettings.py").status_code == 404


@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("gone"), 503), (InterfaceError("closed"), 503), (DataError("a bug"), 500)]
)
def test_records_that_are_away_are_no_bug_and_may_be_asked_again(error: Exception, status: int) -> None:
    """Whatever of the page asks first: the session, who is signed in, or the view."""
    make_campaign()
    client = signed_in(make_organiser())
    client.raise_request_exception = False

    def fail(*_: object) -> None:
        raise error

    with connection.execute_wrapper(fail):
        response = client.get("/c/clean-water/")

    assert response.status_code == status
    assert response.has_header("Retry-After") is (status == 503)
    assert "no-store" in response["Cache-Control"]
