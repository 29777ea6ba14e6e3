"""Changing an event in the office: what was not touched stays, and what follows from a change is found anew."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from clarion.audit.models import Entry
from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from tests.make import NOON, make_campaign, make_event, make_organiser, make_venue
from tests.office import opened, signed_in

pytestmark = pytest.mark.django_db
EVENTS = "/c/clean-water/events/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def admin(campaign: Campaign) -> Client:
    return signed_in(make_organiser())


def change(admin: Client, event: Event, **typed: str) -> Event:
    """What the event says after someone changed these fields of its page."""
    address = f"{EVENTS}{event.public_id}/edit/"
    answer = admin.post(address, {**opened(admin, address), **typed})
    assert answer.status_code == 302, answer.context["form"].errors
    return Event.objects.select_related("venue").get(pk=event.pk)


def test_another_venue_brings_its_country_city_and_zone(admin: Client, campaign: Campaign) -> None:
    nairobi = make_venue(campaign)
    berlin = {"city": "Berlin", "lat": 52.5186, "lon": 13.3762, "zone": "Europe/Berlin", "name": "Reichstag"}
    make_venue(campaign, ref="de-berlin", country="DE", address="Platz der Republik 1", **berlin)
    event = make_event(campaign, venue=nairobi, lat=nairobi.lat, lon=nairobi.lon, address="Main gate")

    moved = change(admin, event, venue="de-berlin")

    assert (moved.country, moved.city, moved.address, moved.zone) == ("DE", "Berlin", "", "Europe/Berlin")
    assert (moved.lat, moved.lon) == (52.5186, 13.3762)
    assert moved.starts_at == datetime(2026, 12, 10, 17, 0, tzinfo=UTC)


def test_another_city_brings_its_zone(admin: Client, campaign: Campaign) -> None:
    moved = change(admin, make_event(campaign), country="DE", city="Berlin")

    assert (moved.zone, moved.starts_local) == ("Europe/Berlin", "2026-12-10T18:00")
    assert moved.starts_at == datetime(2026, 12, 10, 17, 0, tzinfo=UTC)
    assert moved.lat == pytest.approx(52.5, abs=0.1)


def test_a_place_that_was_not_touched_keeps_its_pin_and_zone(admin: Client, campaign: Campaign) -> None:
    event = make_event(campaign, lat=-1.3, lon=36.9, zone="Africa/Kampala")

    changed = change(admin, event, title="Jugs on the steps")

    assert (changed.title, changed.lat, changed.lon, changed.zone) == (
        "Jugs on the steps",
        -1.3,
        36.9,
        "Africa/Kampala",
    )
    assert (changed.moved_at, changed.sequence) == (None, 0)


def test_an_event_of_several_days_ends_when_it_did(admin: Client, campaign: Campaign) -> None:
    ends = {"ends_local": "2026-12-12T12:00", "ends_at": datetime(2026, 12, 12, 9, 0, tzinfo=UTC)}
    event = make_event(campaign, **ends)

    changed = change(admin, event, bring="A cup")

    assert (changed.bring, changed.ends_local, changed.ends_at) == ("A cup", "2026-12-12T12:00", ends["ends_at"])
    assert (changed.moved_at, changed.sequence) == (None, 0)
    assert change(admin, event, ends_day="2026-12-13").ends_local == "2026-12-13T12:00"


def test_an_evening_moves_to_another_day_as_a_whole(admin: Client, campaign: Campaign) -> None:
    event = make_event(campaign, ends_local="2026-12-10T20:00")

    changed = change(admin, event, day="2026-12-11")

    assert (changed.starts_local, changed.ends_local) == ("2026-12-11T18:00", "2026-12-11T20:00")
    assert change(admin, event, ends="01:00").ends_local == "2026-12-12T01:00"


@pytest.mark.parametrize(
    ("typed", "field", "why"),
    [
        ({"ends": "19:00", "ends_day": "2026-12-09"}, "ends_day", "before it starts"),
        ({"ends": "18:00", "ends_day": "2026-12-10"}, "ends_day", "before it starts"),
        ({"ends_day": "2026-12-12"}, "ends", "at what time"),
    ],
)
def test_an_end_that_cannot_be_is_told_at_its_field(
    admin: Client, campaign: Campaign, typed: dict[str, str], field: str, why: str
) -> None:
    address = f"{EVENTS}{make_event(campaign).public_id}/edit/"

    answer = admin.post(address, {**opened(admin, address), **typed})

    assert answer.status_code == 422
    assert why in str(answer.context["form"].errors[field])


def test_a_page_that_was_sent_as_it_was_changes_nothing(admin: Client, campaign: Campaign) -> None:
    event = make_event(campaign, changed_at=NOON)

    assert change(admin, event).changed_at == NOON
    assert not Entry.objects.exists()


def test_country_venue_and_language_are_chosen_from_lists(admin: Client, campaign: Campaign) -> None:
    make_venue(campaign)
    gone = make_venue(campaign, ref="de-berlin", country="DE", city="Berlin", name="Reichstag", is_gone=True)
    event = make_event(campaign, venue=gone, country="DE", city="Berlin")

    new = admin.get(f"{EVENTS}new/").content.decode()
    edit = admin.get(f"{EVENTS}{event.public_id}/edit/").content.decode()

    assert '<option value="ZM">Zambia</option>' in new
    assert '<optgroup label="Kenya">' in new
    assert '<optgroup label="Germany">' not in new
    assert '<option value="de-berlin" selected>Berlin: Reichstag</option>' in edit
    assert '<option value="en" selected>English</option>' in new


@pytest.mark.parametrize(
    ("typed", "field", "why"),
    [
        ({"country": "Zambia"}, "country", "Select a valid choice"),
        ({"city": "Nairobbi"}, "city", "Nairobi"),
        ({"city": "Lusaka"}, "city", "not on the list of cities (Kenya)"),
        ({"country": "ZM"}, "city", "not on the list of cities (Zambia)"),
        ({"venue": "ke-square", "country": "DE"}, "country", "The country of this venue: Kenya."),
    ],
)
def test_a_place_that_cannot_be_found_is_told_at_its_field(
    admin: Client, campaign: Campaign, typed: dict[str, str], field: str, why: str
) -> None:
    make_venue(campaign, ref="ke-square")
    address = f"{EVENTS}{make_event(campaign).public_id}/edit/"

    answer = admin.post(address, {**opened(admin, address), **typed})

    assert answer.status_code == 422
    assert why in str(answer.context["form"].errors[field])


def test_a_city_that_was_not_touched_is_no_mistake(admin: Client, campaign: Campaign) -> None:
    assert change(admin, make_event(campaign, city="Kwetu"), title="Jugs").title == "Jugs"
