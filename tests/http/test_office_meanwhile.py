"""A page of the office lies open while somebody else writes: nobody's words are lost without a sign."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from clarion.audit.actions import HOST
from clarion.calls.stored import settings_of
from clarion.campaigns.actions import change_settings, save_version
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import current_version
from clarion.donations.models import GivePage
from clarion.events.actions import take_manage_form
from clarion.events.models import Event
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.office.editing import texts_of
from tests.make import NOON, make_campaign, make_event, make_organiser, make_submission, make_venue
from tests.office import opened, shown, signed_in

pytestmark = pytest.mark.django_db
CALL = "/c/clean-water/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(languages=("en", "fr"))


@pytest.fixture
def admin(campaign: Campaign) -> Client:
    return signed_in(make_organiser(), again=True)


def change_by_host(event: Event, **fields: str) -> None:
    """Its organiser sends the form of its manage page."""
    link = Link(LinkKind.MANAGE, event.campaign_id, event.public_id, event.generation)  # type: ignore[arg-type]
    take_manage_form(make_submission("manage", link=link, at=NOON, do="change", **fields), now=NOON)


def is_told(answer: Any) -> bool:
    return answer.status_code == 422 and "changed this meanwhile" in answer.content.decode()


def send_again(client: Client, address: str, answer: HttpResponse, name: str = "form") -> HttpResponse:
    """Send the page that came back as it stands."""
    return client.post(address, shown(answer.context[name]))  # type: ignore[attr-defined, no-any-return]


def test_a_correction_does_not_bring_back_what_its_organiser_has_bettered(
    admin: Client, campaign: Campaign, keys: Keys
) -> None:
    event = make_event(campaign, keys, state="waiting", title="Cups", bring="Nothing")
    address = f"{CALL}moderation/{event.public_id}/correct/"
    typed = {**opened(admin, address, "correction"), "lat": "-1.3", "lon": "36.9"}
    change_by_host(event, title="Cups on the steps", bring="A cup")

    answer = admin.post(address, typed)

    assert is_told(answer)
    assert "Title, What to bring" in answer.content.decode()
    event.refresh_from_db()
    assert (event.title, event.lat) == ("Cups on the steps", -1.29)
    send_again(admin, address, answer, "correction")
    event.refresh_from_db()
    assert (event.title, event.bring, event.lat, event.lon) == ("Cups on the steps", "A cup", -1.3, 36.9)


def test_a_change_of_an_event_keeps_what_was_typed_and_what_another_wrote(admin: Client, campaign: Campaign) -> None:
    event = make_event(campaign)
    address = f"{CALL}events/{event.public_id}/edit/"
    typed = {**opened(admin, address), "title": "Mine", "starts": "19:00"}
    admin.post(address, {**opened(admin, address), "title": "Theirs", "bring": "A cup"})

    answer = admin.post(address, typed)

    assert is_told(answer)
    event.refresh_from_db()
    assert (event.title, event.starts_local[-5:]) == ("Theirs", "18:00")
    assert send_again(admin, address, answer).status_code == 302
    event.refresh_from_db()
    assert (event.title, event.bring, event.starts_local[-5:]) == ("Mine", "A cup", "19:00")


def test_an_open_settings_page_does_not_turn_a_switch_back(admin: Client, campaign: Campaign) -> None:
    address = CALL + "call/settings/"
    typed = {**opened(admin, address), "accent": "#aa0000"}
    admin.post(CALL + "switches/sign-off/")

    assert admin.post(address, typed).status_code == 302

    campaign.refresh_from_db()
    assert (campaign.takes_signatures, campaign.accent) == (False, "#aa0000")


def test_one_setting_that_two_changed_is_looked_at_again(admin: Client, campaign: Campaign) -> None:
    address = CALL + "call/settings/"
    typed = {**opened(admin, address), "minimum_age": "18"}
    change_settings(campaign, replace(settings_of(campaign), minimum_age=14), by=HOST, now=NOON)

    answer = admin.post(address, typed)

    assert is_told(answer)
    campaign.refresh_from_db()
    assert campaign.minimum_age == 14
    send_again(admin, address, answer)
    campaign.refresh_from_db()
    assert campaign.minimum_age == 18


def test_a_close_at_the_last_second_of_a_day_stays_there(admin: Client, campaign: Campaign) -> None:
    closes_at = datetime(2030, 12, 1, 23, 59, 59, tzinfo=UTC)
    change_settings(campaign, replace(settings_of(campaign), closes_at=closes_at), by=HOST, now=NOON)
    address = CALL + "call/settings/"

    admin.post(address, {**opened(admin, address), "accent": "#aa0000"})
    campaign.refresh_from_db()
    assert (campaign.closes_at, campaign.accent) == (closes_at, "#aa0000")
    admin.post(address, {**opened(admin, address), "closes_at": "2030-12-02T12:00"})
    campaign.refresh_from_db()
    assert campaign.closes_at == datetime(2030, 12, 2, 12, tzinfo=UTC)


def test_seconds_are_shown_only_where_there_are_some(admin: Client, campaign: Campaign) -> None:
    """A browser shows them wherever `step` allows them, and refuses a change of them where it does not."""
    noon, last = datetime(2030, 12, 1, 12, tzinfo=UTC), datetime(2030, 12, 1, 23, 59, 59, tzinfo=UTC)
    change_settings(campaign, replace(settings_of(campaign), opens_at=noon, closes_at=last), by=HOST, now=NOON)
    page = admin.get(CALL + "call/settings/").content.decode()

    opens, closes = re.findall(r'<input type="datetime-local"[^>]*>', page)
    assert 'value="2030-12-01T12:00"' in opens
    assert "step" not in opens
    assert 'value="2030-12-01T23:59:59"' in closes
    assert 'step="1"' in closes


def test_a_draft_that_another_wrote_meanwhile_is_not_lost(admin: Client, campaign: Campaign) -> None:
    address = CALL + "call/text/fr/"
    typed = {**opened(admin, address), "title": "La mienne", "body": "Mon texte."}
    admin.post(address, {**opened(admin, address), "body": "Son texte."})

    answer = admin.post(address, typed)

    assert is_told(answer)
    assert "Mon texte." in answer.content.decode()
    assert "Son texte." in campaign.drafts.get().text
    send_again(admin, address, answer)
    assert "Mon texte." in campaign.drafts.get().text


def test_a_translation_does_not_claim_an_original_that_changed_meanwhile(admin: Client, campaign: Campaign) -> None:
    address = CALL + "call/text/fr/"
    typed = {**opened(admin, address), "title": "De l’eau"}
    admin.post(CALL + "call/text/en/", {**opened(admin, CALL + "call/text/en/"), "title": "Other words"})

    assert is_told(admin.post(address, typed))


def test_an_update_a_give_page_and_the_venues_are_not_written_over(admin: Client, campaign: Campaign) -> None:
    campaign.updates.create(posted_on="2026-12-01", language="en", title="News", body="Good.")
    GivePage.objects.create(campaign=campaign, language="en", title="Give", beneficiary="Water Committee")
    make_venue(campaign)
    for address, mine, theirs in (
        ("call/updates/2026-12-01/en/", {"title": "Mine"}, {"body": "Theirs."}),
        ("call/give/en/", {"title": "Mine"}, {"reference": "Theirs"}),
        ("call/venues/", {"table": "id,type,country,city,name\na,square,KE,Nairobi,Mine\n"}, {}),
    ):
        typed = opened(admin, CALL + address)
        rows = {"table": typed["table"].replace("Main square 1", "Theirs")} if "table" in typed else theirs
        assert admin.post(CALL + address, {**typed, **rows}).status_code == 302, address

        answer = admin.post(CALL + address, {**typed, **mine})

        assert is_told(answer), address
        assert "Mine" in answer.content.decode()
        assert "Theirs" in admin.get(CALL + address).content.decode()
        assert send_again(admin, CALL + address, answer).status_code == 302


def test_what_another_has_changed_meanwhile_is_not_taken_away(admin: Client, campaign: Campaign) -> None:
    campaign.updates.create(posted_on="2026-12-01", language="en", title="News", body="Good.")
    GivePage.objects.create(campaign=campaign, language="en", title="Give", beneficiary="Water Committee")
    for address, theirs, left in (
        (CALL + "call/updates/2026-12-01/en/", {"body": "Theirs."}, campaign.updates),
        (CALL + "call/give/en/", {"reference": "Theirs"}, campaign.give_pages),
    ):
        typed = opened(admin, address)
        admin.post(address, {**typed, **theirs})

        answer = admin.post(address, {**typed, "remove": "yes"})

        assert is_told(answer), address
        assert "then take it away again" in answer.content.decode()
        assert left.count() == 1
        admin.post(address, {**shown(answer.context["form"]), "remove": "yes"})
        assert left.count() == 0


def test_a_notice_in_one_language_leaves_that_in_another(admin: Client, campaign: Campaign) -> None:
    address = CALL + "switches/notice/"
    typed = opened(admin, CALL + "switches/", "notice_form")
    admin.post(address, {**typed, "notice-fr": "À midi."})

    assert admin.post(address, {**typed, "notice-en": "At noon."}).status_code == 302
    campaign.refresh_from_db()
    assert campaign.notice == {"fr": "À midi.", "en": "At noon."}
    assert is_told(admin.post(address, {**typed, "notice-en": "At one."}))


def test_a_notice_that_another_changed_meanwhile_is_not_taken_away(admin: Client, campaign: Campaign) -> None:
    address = CALL + "switches/notice/"
    admin.post(address, {"notice-fr": "À midi."})
    typed = opened(admin, CALL + "switches/", "notice_form")
    admin.post(address, {**typed, "notice-en": "At noon, at the other gate."})

    answer = admin.post(address, {**typed, "remove": "yes"})

    assert is_told(answer)
    assert "at the other gate" in answer.content.decode()
    campaign.refresh_from_db()
    assert campaign.notice == {"fr": "À midi.", "en": "At noon, at the other gate."}
    admin.post(address, {**shown(answer.context["notice_form"]), "remove": "yes"})
    campaign.refresh_from_db()
    assert campaign.notice == {}


def test_a_draft_that_another_changed_meanwhile_is_not_thrown_away(admin: Client, campaign: Campaign) -> None:
    french = CALL + "call/text/fr/"
    for page, more in ((CALL + "call/", {}), (french, {"what": "language"})):
        admin.post(french, {**opened(admin, french), "body": f"Avant {page}"})
        seen = hidden(admin.get(page).content.decode(), "call/text/fr/drop/")
        admin.post(french, {**opened(admin, french), "body": f"Son texte, {page}"})

        answer = admin.post(french + "drop/", {"seen": seen, **more})

        assert answer.status_code == 422, page
        assert "changed this draft meanwhile" in answer.content.decode()
        assert f"Son texte, {page}" in campaign.drafts.get().text
        seen = hidden(admin.get(page).content.decode(), "call/text/fr/drop/")
        assert admin.post(french + "drop/", {"seen": seen, **more}).status_code == 302
        assert [one.text for one in campaign.drafts.all()] == ([""] if more else [])


def test_a_version_holds_the_drafts_that_its_reviewer_saw_and_no_other(admin: Client, campaign: Campaign) -> None:
    for page in ("call/changes/", "call/"):
        french = CALL + "call/text/fr/"
        admin.post(french, {**opened(admin, french), "title": f"Relu {page}"})
        seen = hidden(admin.get(CALL + page).content.decode())
        admin.post(french, {**opened(admin, french), "body": f"Pas relu {page}"})

        answer = admin.post(CALL + "call/save/", {"seen": seen})

        assert answer.status_code == 422
        assert "changed the drafts meanwhile" in answer.content.decode()
        assert f"Pas relu {page}" in answer.content.decode()
        assert campaign.drafts.count() == 1
        number = current_version(campaign).number
        assert admin.post(CALL + "call/save/", {"seen": hidden(answer.content.decode())}).status_code == 302
        assert current_version(campaign).number == number + 1
        assert not campaign.drafts.exists()


def test_a_version_is_not_saved_over_one_that_came_meanwhile(admin: Client, campaign: Campaign) -> None:
    """The same drafts on top of other texts are another version."""
    french = CALL + "call/text/fr/"
    admin.post(french, {**opened(admin, french), "title": "De l’eau"})
    seen = hidden(admin.get(CALL + "call/changes/").content.decode())
    saved = texts_of(campaign).saved
    launched = replace(saved["en"], raw=b"---\ntitle: Other words\n---\nWater.\n", title="Other words")
    save_version(campaign, [launched, saved["fr"]], by=HOST, now=NOON)

    for posted in ({"seen": seen}, {}):
        assert admin.post(CALL + "call/save/", posted).status_code == 422
    assert current_version(campaign).number == 2


def hidden(page: str, address: str = "call/save/") -> str:
    """The mark in the form that is sent to this address: the one that saves a version."""
    found = re.search(address + r'">.*?name="seen" value="([^"]*)"', page, re.DOTALL)
    assert found
    return found.group(1)
