"""What admins do: the call and its versions, switches, search, exports, settings."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoAssertNumQueries

from clarion.audit.actions import HOST
from clarion.audit.models import Entry
from clarion.campaigns.models import Campaign, Draft, Statement
from clarion.campaigns.queries import current_statements, current_version, languages_behind
from clarion.donations.models import GivePage
from clarion.kernel.clock import utc_now
from clarion.kernel.keys import Keys
from clarion.machines.actions import note_heartbeat
from clarion.machines.models import Heartbeat
from clarion.organisers import actions
from clarion.outbox.models import Mail
from clarion.places.models import Venue, VenueList
from clarion.signatures.models import Signature
from tests.make import DAY, NOON, make_campaign, make_event, make_organiser, make_signature, make_team, make_venue
from tests.office import opened, shown, signed_in

pytestmark = pytest.mark.django_db
CALL = "/c/clean-water/"
PAST, FUTURE = datetime(2020, 10, 20, 8, tzinfo=UTC), datetime(2096, 12, 20, 8, tzinfo=UTC)
TEXT = {"title": "Clean water", "summary": "", "body": "All of it.", "demands": "Wells | ministries\nPumps"}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(languages=("en", "fr"))


@pytest.fixture
def admin(campaign: Campaign) -> Client:
    return signed_in(make_organiser(), again=True)


def said(page: str) -> str:
    """What a page says, its tags aside."""
    words = re.sub(r"</?(?:a|b|time)\b[^>]*>", "", page)
    return " ".join(re.sub(r"<[^>]*>", " ", words).split())


def said_on(admin: Client, path: str) -> str:
    return said(admin.get(CALL + path).content.decode())


def promised() -> list[str]:
    return [row.args_kwargs["kwargs"]["name"] for row in DBTaskResult.objects.order_by("enqueued_at")]


def noticed() -> list[str]:
    return [mail.detail["what"] for mail in Mail.objects.filter(kind="notice-to-admins").order_by("pk")]


# ---- the call


def save(admin: Client) -> None:
    """Look at what changes, then save it as the next version."""
    admin.post(CALL + "call/save/", {"seen": admin.get(CALL + "call/changes/").context["texts"].mark})


def test_drafts_become_one_version_together(admin: Client, campaign: Campaign) -> None:
    admin.post(CALL + "call/text/en/", TEXT)
    admin.post(CALL + "call/text/fr/", {**TEXT, "title": "De l’eau", "status": "community", "is_present": "on"})
    assert current_version(campaign).number == 1
    assert promised() == []
    assert "De l’eau" in admin.get(CALL + "call/changes/").content.decode()

    save(admin)

    statements = current_statements(campaign)
    assert current_version(campaign).number == 2
    assert statements["en"].demands == [{"text": "Wells", "to": "ministries"}, {"text": "Pumps", "to": ""}]
    assert (statements["fr"].status, statements["fr"].translates) == ("community", 2)
    assert promised() == ["publish-campaign"]
    assert not Draft.objects.exists()


def test_saving_what_did_not_change_makes_no_version(admin: Client, campaign: Campaign) -> None:
    save(admin)
    assert current_version(campaign).number == 1


def test_a_mistake_in_a_text_is_told_and_kept_out(admin: Client) -> None:
    answer = admin.post(CALL + "call/text/en/", {**TEXT, "body": "<b onclick=x>Hello</b>"})

    assert answer.status_code == 422
    assert "HTML" in answer.content.decode()
    assert not Draft.objects.exists()


def test_the_preview_shows_drafts_and_can_run_nothing(admin: Client) -> None:
    admin.post(CALL + "call/text/en/", {**TEXT, "title": "Water, and now"})

    page = admin.get(CALL + "call/preview/en/page/")

    assert "Water, and now" in page.content.decode()
    assert "sandbox allow-same-origin" in page["Content-Security-Policy"]
    assert "script-src" not in page["Content-Security-Policy"]
    assert admin.get(CALL + "call/preview.css")["Content-Type"].startswith("text/css")


def test_a_language_comes_and_goes_with_a_version(admin: Client, campaign: Campaign) -> None:
    assert admin.post(CALL + "call/add-language/", {"language": "xx-YY"}).status_code == 422
    assert admin.post(CALL + "call/add-language/", {"language": "ar"})["Location"].endswith("/call/text/ar/")
    admin.post(CALL + "call/text/ar/", {**TEXT, "title": "ماء", "status": "machine", "is_present": "on"})
    assert admin.get(CALL + "call/preview/ar/page/").status_code == 200
    admin.post(CALL + "call/text/fr/drop/", {"what": "language", "seen": ""})
    save(admin)

    assert set(current_statements(campaign)) == {"en", "ar"}
    assert admin.get(CALL + "call/versions/2/").status_code == 200


def folded(page: str, words: str) -> bool:
    """Whether the button of these words stands in a fold, so that one tap on the page cannot press it."""
    before = re.split(rf"<button[^>]*>{words}</button>", page)
    assert len(before) == 2, words
    return before[0].count("<details") > before[0].count("</details>")


def test_what_throws_a_draft_away_asks_first(admin: Client) -> None:
    french = CALL + "call/text/fr/"
    assert "the saved text stays" in admin.get(french).content.decode()
    admin.post(french, {**opened(admin, french), "title": "De l’eau"})

    assert folded(admin.get(CALL + "call/").content.decode(), "Yes, throw this draft away")
    page = admin.get(french).content.decode()
    assert folded(page, "Yes, take it out")
    assert "Its draft is lost at once" in page


def test_what_changes_is_shown_part_by_part_as_a_reader_finds_it(admin: Client) -> None:
    admin.post(CALL + "call/text/fr/", {**TEXT, "title": "De l’eau", "status": "community", "is_present": "on"})
    asked = "Safe water | ministries\nClean toilets"
    admin.post(CALL + "call/text/en/", {**opened(admin, CALL + "call/text/en/"), "demands": asked})

    draft = admin.get(CALL + "call/changes/")
    save(admin)
    saved = admin.get(CALL + "call/versions/2/")

    for page in (draft, saved):
        parts = {one.language: {part.label: part for part in one.parts} for one in page.context["comparisons"]}
        assert list(parts["en"]) == ["What we ask for"]
        lines = [(line.kind, line.text) for line in parts["en"]["What we ask for"].lines]
        assert [text for kind, text in lines if kind == "added"] == asked.split("\n")
        assert "Title" in parts["fr"]
        assert "title:" not in page.content.decode()


def follows(campaign: Campaign, language: str) -> int:
    """The version that the saved text of a language translates."""
    return current_statements(campaign)[language].translates


def test_a_translation_of_an_older_text_says_so_whether_it_is_new_or_was_there(
    admin: Client, campaign: Campaign
) -> None:
    """What its file does not say, the records know: first appearance made the next version of it."""
    for one in Statement.objects.all():
        Statement.objects.filter(pk=one.pk).update(sha256=hashlib.sha256(one.raw).hexdigest())
    behind = {**TEXT, "title": "De l’eau", "status": "community"}
    refused = admin.post(CALL + "call/text/ar/", behind)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["is_present"])
    admin.post(CALL + "call/text/en/", TEXT)
    admin.post(CALL + "call/text/ar/", behind)
    save(admin)
    assert (current_version(campaign).number, follows(campaign, "ar"), follows(campaign, "fr")) == (2, 1, 1)

    assert "is_present" not in opened(admin, CALL + "call/text/fr/")
    assert admin.get(CALL + "call/").content.decode().count("behind</span> version 1") == 2
    admin.post(CALL + "call/text/fr/", behind)
    save(admin)

    assert (current_version(campaign).number, follows(campaign, "fr"), follows(campaign, "ar")) == (3, 1, 1)
    assert languages_behind(campaign) == {"fr", "ar"}
    admin.post(CALL + "call/text/fr/", {**behind, "is_present": "on"})
    save(admin)
    assert (follows(campaign, "fr"), languages_behind(campaign)) == (3, {"ar"})


def test_a_pasted_text_is_previewed_and_then_published() -> None:
    organiser = make_organiser()
    client = signed_in(organiser)
    pasted = {
        "title": "", "text": "Water for all\n\nEvery school needs it.", "language": "en", "slug": "",
        "organiser_name": "Committee", "organiser_email": organiser.email,
    }  # fmt: skip

    answer = client.post("/new/", pasted)

    assert answer["Location"] == "/c/water-for-all/call/preview/en/"
    campaign = Campaign.objects.get()
    assert not campaign.is_published
    assert "Publish" in client.get(answer["Location"]).content.decode()
    client.post("/c/water-for-all/call/publish/")
    campaign.refresh_from_db()
    assert campaign.is_published
    assert promised() == ["publish-campaign"]
    assert "taken" in client.post("/new/", {**pasted, "slug": "water-for-all"}).content.decode()


def test_nothing_is_published_while_its_preview_shows_drafts() -> None:
    """The public would see another text than the one that was looked at."""
    campaign = make_campaign(is_published=False, languages=("en", "fr"))
    admin = signed_in(make_organiser())
    pages = (CALL, CALL + "call/", CALL + "call/preview/en/")
    publish, save = 'action="/c/clean-water/call/publish/"', "Save as version 2"
    assert all(publish in admin.get(page).content.decode() for page in pages)
    admin.post(CALL + "call/text/en/", TEXT)
    for page in pages:
        assert publish not in admin.get(page).content.decode()
        assert save in admin.get(page).content.decode()

    answer = admin.post(CALL + "call/publish/", follow=True)

    assert answer.redirect_chain == [(CALL + "call/changes/", 302)]
    assert "1 draft is not saved, so the public would not see it. Save it as version 2" in answer.content.decode()
    admin.post(CALL + "call/text/fr/", {**TEXT, "title": "De l’eau", "status": "community", "is_present": "on"})
    assert "2 drafts are not saved" in admin.post(CALL + "call/publish/", follow=True).content.decode()
    campaign.refresh_from_db()
    assert not campaign.is_published
    assert promised() == []


def test_drafts_are_saved_and_published_in_one_press(admin: Client, campaign: Campaign) -> None:
    draft = make_campaign("new-wells", is_published=False)
    for call in (CALL, "/c/new-wells/"):
        admin.post(call + "call/text/en/", {**TEXT, "title": "New wells"})
    assert 'name="publish"' not in admin.get(CALL + "call/changes/").content.decode()
    page = admin.get("/c/new-wells/call/changes/")
    assert 'name="publish"' in page.content.decode()
    seen = page.context["texts"].mark

    assert admin.post("/c/new-wells/call/save/", {"seen": "another", "publish": "yes"}).status_code == 422
    draft.refresh_from_db()
    assert not draft.is_published
    admin.post("/c/new-wells/call/save/", {"seen": seen, "publish": "yes"})

    draft.refresh_from_db()
    assert draft.is_published
    assert current_statements(draft)["en"].title == "New wells"
    assert promised() == ["publish-campaign"]


def test_a_call_that_nobody_has_seen_is_discarded_and_its_address_is_free(admin: Client, campaign: Campaign) -> None:
    draft = make_campaign("my-tpyo", is_published=False)
    shared = make_venue(campaign).venue_list
    make_venue(draft)
    draft.venue_lists.add(shared)
    assert "/c/my-tpyo/call/discard/" in admin.get("/c/my-tpyo/call/preview/en/").content.decode()
    assert "/call/discard/" not in admin.get(CALL + "call/").content.decode()

    assert admin.post("/c/my-tpyo/call/discard/")["Location"] == "/"
    assert admin.post(CALL + "call/discard/")["Location"] == CALL

    assert list(Campaign.objects.all()) == [campaign]
    assert [one.name for one in VenueList.objects.all()] == [campaign.slug]
    entry = Entry.objects.get()
    assert (entry.verb, entry.object, entry.team) == ("discarded", "my-tpyo", str(draft.team.pk))


def test_a_new_call_is_one_step_from_the_only_one(admin: Client, campaign: Campaign) -> None:
    assert admin.get("/start/")["Location"] == CALL
    assert 'href="/new/"' in admin.get(CALL).content.decode()
    assert 'href="/new/"' in admin.get("/").content.decode()
    moderator = signed_in(make_organiser(role="moderator"))
    assert 'href="/new/"' not in moderator.get(CALL).content.decode()


def test_settings_are_checked_as_those_of_a_folder_are(admin: Client, campaign: Campaign) -> None:
    form = {
        "organiser_name": "Committee", "organiser_email": "office@example.org", "minimum_age": "16",
        "count_threshold": "1", "takes_signatures": "on", "takes_events": "on", "accent": "red",
    }  # fmt: skip
    assert admin.post(CALL + "call/settings/", form).status_code == 422
    assert (
        admin.post(CALL + "call/settings/", {**form, "accent": "#aa0000", "never_shown": "ke, ug"}).status_code == 302
    )

    campaign.refresh_from_db()
    assert (campaign.accent, campaign.count_threshold, campaign.never_shown) == ("#aa0000", 1, ["KE", "UG"])
    assert not campaign.takes_gifts


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("accent", {"accent": "red"}, "Write # and six digits, such as #0b6e99."),
        ("authoritative_language", {"authoritative_language": "xx"}, "xx is not one of the available choices"),
        ("never_shown", {"never_shown": "ke, kenya"}, "KENYA is no code of a country."),
        ("closes_at", {"opens_at": "2090-12-01T12:00", "closes_at": "2090-12-01T12:00"}, "after it opens"),
        ("keep_until", {"closes_at": "2090-12-01T12:00", "keep_until": "2090-11-30"}, "until it closes at least"),
    ],
)
def test_a_wrong_setting_is_told_at_its_field_and_not_as_that_of_a_file(
    admin: Client, field: str, typed: dict[str, str], said: str
) -> None:
    address = CALL + "call/settings/"

    answer = admin.post(address, {**opened(admin, address), **typed})

    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert said in errors[field][0]
    assert "Nothing is saved yet" in answer.content.decode()


def test_the_language_that_decides_is_one_of_the_call(admin: Client, campaign: Campaign) -> None:
    address = CALL + "call/settings/"
    select = re.search(r'<select name="authoritative_language".*?</select>', admin.get(address).content.decode(), re.S)
    assert select
    assert re.findall(r'<option value="(\w*)"', select[0]) == ["", "en", "fr"]

    assert admin.post(address, {**opened(admin, address), "authoritative_language": "fr"}).status_code == 302

    campaign.refresh_from_db()
    assert campaign.authoritative_language == "fr"
    assert opened(admin, address)["authoritative_language"] == "fr"
    assert admin.post(CALL + "call/picture/").context["form"]["authoritative_language"].value() == "fr"


def test_what_only_the_check_of_files_finds_stands_on_top(admin: Client) -> None:
    address = CALL + "call/settings/"

    answer = admin.post(address, {**opened(admin, address), "organiser_url": "ftp://example.org"})

    assert list(answer.context["form"].errors) == ["__all__"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"keep_until": "2026-11-30"}, "Yes, erase now. The last day of data, 30 November 2026, has passed: names"),
        (
            {"closes_at": "2025-11-30T12:00"},
            "Yes, erase now. The last day of data, 30 November 2026, has passed: names",
        ),
        ({"keep_until": "2026-12-01"}, "Yes, erase tonight. Today is the last day of data: names"),
    ],
)
def test_a_last_day_of_data_that_has_come_is_asked_for_before_all_is_erased(
    campaign: Campaign, keys: Keys, typed: dict[str, str], said: str
) -> None:
    """A slip of the year would take every name and address for good."""
    address = CALL + "call/settings/"
    with time_machine.travel(NOON, tick=False):
        client = signed_in(make_organiser())
        form = {**opened(client, address), "accent": "#aa0000", **typed}
        of_nobody = client.post(address, form).content.decode()
        make_signature(campaign, keys)
        of_one = client.post(address, form).content.decode()
        make_signature(campaign, keys)
        make_signature(make_campaign("another-call"), keys)
        make_event(campaign, keys)
        make_event(campaign)
        asked = client.post(address, form)

        assert f"{said} and addresses of whoever signs are erased" in of_nobody
        assert f"{said} and addresses of the one signature are erased" in of_one
        assert f"{said} and addresses of all 2 signatures and of the organiser of 1 event are erased" in (
            asked.content.decode()
        )
        assert asked.status_code == 422
        assert "erases" not in shown(asked.context["form"])
        campaign.refresh_from_db()
        assert (campaign.keep_until, campaign.closes_at, campaign.accent) == (None, None, "")
        assert client.post(address, {**shown(asked.context["form"]), "erases": "on"}).status_code == 302
        campaign.refresh_from_db()
        assert campaign.accent == "#aa0000"
        assert (campaign.keep_until or campaign.closes_at) is not None
        assert client.post(address, {**opened(client, address), "accent": "#00aa00"}).status_code == 302


def test_taking_the_last_day_away_is_asked_for_where_some_signed_more_than_a_year_ago(
    campaign: Campaign, keys: Keys
) -> None:
    """Whoever lets a call go on after its end may not think of the first who signed."""
    address = CALL + "call/settings/"
    campaign.closes_at = NOON + 99 * DAY
    campaign.save()
    with time_machine.travel(NOON, tick=False):
        client = signed_in(make_organiser())
        form = {**opened(client, address), "closes_at": ""}
        make_signature(campaign, keys, signed_at=NOON - 400 * DAY)
        make_signature(campaign, keys, signed_at=NOON - 300 * DAY)
        asked = client.post(address, form)

        assert "Yes, erase. Without a last day data is kept for twelve months: names and addresses of 1 signature" in (
            asked.content.decode()
        )
        campaign.refresh_from_db()
        assert campaign.closes_at
        Signature.objects.filter(signed_at__lt=NOON - 365 * DAY).delete()
        assert client.post(address, form).status_code == 302


def test_another_day_needs_no_tick(admin: Client, campaign: Campaign) -> None:
    address = CALL + "call/settings/"
    asked = admin.post(address, {**opened(admin, address), "keep_until": "2020-01-01"})
    assert asked.status_code == 422

    assert admin.post(address, {**shown(asked.context["form"]), "keep_until": "2099-01-01"}).status_code == 302

    campaign.refresh_from_db()
    assert campaign.keep_until == date(2099, 1, 1)


def test_venues_are_a_table_whose_mistakes_have_lines(admin: Client) -> None:
    header = "id,type,operator,country,city,address,lat,lon,name\n"
    bad = admin.post(CALL + "call/venues/", {"table": header + "one,square,,,Nairobi,,,,Square"})
    assert bad.status_code == 422
    assert "Line 2" in bad.content.decode()

    admin.post(CALL + "call/venues/", {"table": header + "one,square,,KE,Nairobi,,-1.29,36.82,Square"})

    assert Venue.objects.get().name == "Square"
    assert promised() == ["publish-campaign"]


def test_changed_ways_to_give_are_told_to_every_other_admin(admin: Client) -> None:
    make_organiser()
    give = {"title": "Give", "beneficiary": "Water Committee"}
    bad = admin.post(CALL + "call/give/en/", {**give, "iban": "DE89370400440532013001"})
    assert bad.status_code == 422

    good = admin.post(CALL + "call/give/en/", {**give, "iban": "DE89 3704 0044 0532 0130 00"})
    assert good.status_code == 302, good.context["form"].errors

    assert GivePage.objects.get().iban == "DE89370400440532013000"
    assert noticed() == ["give-changed"]


def test_another_account_is_typed_once_and_stands_in_every_language(admin: Client, campaign: Campaign) -> None:
    make_organiser()
    french = {"language": "fr", "title": "Donner", "beneficiary": "Comité de l’eau", "iban": "DE89370400440532013000"}
    english = {"language": "en", "title": "Give", "beneficiary": "Water Committee", "iban": "DE89370400440532013000"}
    for one in (french, english):
        GivePage.objects.create(campaign=campaign, reference=f"Water {one['language']}", **one)
    address = CALL + "call/give/fr/"

    admin.post(address, {**opened(admin, address), "title": "Donnez"})
    assert [page.beneficiary for page in campaign.give_pages.order_by("language")] == [
        "Water Committee", "Comité de l’eau",
    ]  # fmt: skip
    admin.post(address, {**opened(admin, address), "iban": "FR76 3000 6000 0112 3456 7890 189", "bic": "AGRIFRPP882"})

    pages = campaign.give_pages.order_by("language")
    assert [(page.title, page.reference) for page in pages] == [("Give", "Water en"), ("Donnez", "Water fr")]
    account = ("Comité de l’eau", "FR7630006000011234567890189", "AGRIFRPP882")
    assert {(page.beneficiary, page.iban, page.bic) for page in pages} == {account}
    assert noticed() == ["give-changed"] * 2
    answer = admin.post(address, {**opened(admin, address), "iban": "FR7630006000011234567890180"})
    assert answer.content.decode().count("is not an IBAN") == 1


def test_an_update_says_that_other_languages_do_not_see_it(admin: Client) -> None:
    make_campaign("one-language")
    said = "Only readers of this language see it: post it in each."

    assert said in admin.get(CALL + "call/updates/new/").content.decode()
    assert said not in admin.get("/c/one-language/call/updates/new/").content.decode()


def test_an_update_is_posted_changed_and_taken_away(admin: Client, campaign: Campaign) -> None:
    news = {"language": "en", "posted_on": "2026-12-01", "title": "News", "body": "Good."}
    admin.post(CALL + "call/updates/new/", news)
    admin.post(CALL + "call/updates/2026-12-01/en/", {**news, "title": "Better news"})
    assert campaign.updates.get().title == "Better news"

    admin.post(CALL + "call/updates/2026-12-01/en/", {"remove": "yes"})

    assert not campaign.updates.exists()


def test_whatever_is_taken_away_asks_first(admin: Client, campaign: Campaign) -> None:
    campaign.updates.create(posted_on="2026-12-01", language="en", title="News", body="Good.")
    GivePage.objects.create(campaign=campaign, language="en", title="Give")
    Campaign.objects.filter(pk=campaign.pk).update(notice={"en": "At noon."}, picture=b"a picture")
    member = make_organiser()
    for address, words in (
        ("call/updates/2026-12-01/en/", "Yes, take it away"),
        ("call/give/en/", "Yes, take this page away"),
        ("call/settings/", "Yes, take the picture away"),
        ("switches/", "Yes, take the notice away"),
        (f"team/{member.public_id}/", "Yes, take them off the team"),
    ):
        page = admin.get(CALL + address).content.decode()
        assert folded(page, words), address
        assert page.count('name="remove"') == (0 if "team" in address else 1)


# ---- switches


@pytest.mark.parametrize(
    ("switch", "job"),
    [
        ("pause", "publish-switches"),
        ("close", "publish-switches"),
        ("freeze", "publish-counts"),
        ("sign-off", "publish-campaign"),
        ("events-off", "publish-campaign"),
        ("give-off", "publish-campaign"),
    ],
)
def test_a_switch_promises_its_job(admin: Client, switch: str, job: str) -> None:
    admin.post(f"{CALL}switches/{switch}/")
    assert job in promised()


def test_switches_go_back(admin: Client, campaign: Campaign) -> None:
    for switch in ("pause", "resume", "close", "reopen", "freeze", "unfreeze", "sign-off", "sign-on"):
        admin.post(f"{CALL}switches/{switch}/")
    campaign.refresh_from_db()
    assert (campaign.paused_at, campaign.closed_at, campaign.takes_signatures) == (None, None, True)
    assert admin.post(CALL + "switches/nonsense/").status_code == 404


def test_a_close_is_mailed_to_every_other_admin(admin: Client) -> None:
    make_organiser()
    admin.post(CALL + "switches/close/")
    assert noticed() == ["closed"]


def test_a_close_can_be_taken_back_and_says_so_before(admin: Client) -> None:
    before = said_on(admin, "switches/")
    assert "Open Pausing stops" in before
    assert "Not closed Closing ends the campaign: the pages stay, nothing new is taken, and every other admin" in before
    assert "is mailed. It can be taken back. Close …" in before

    admin.post(CALL + "switches/close/")
    after = said_on(admin, "switches/")
    assert re.search(r" Closed Since [^.]+ UTC. Open again ", after)
    assert "Pausing" not in after


def test_a_call_closed_by_its_day_offers_no_switch_to_close_it(admin: Client) -> None:
    Campaign.objects.update(closes_at=PAST, paused_at=PAST)
    page = admin.get(CALL + "switches/").content.decode()

    assert " Closed Since 20 Oct 2020, 08:00 UTC, by the day under Settings. " in said(page)
    assert f'<a href="{CALL}call/settings/#id_closes_at">Settings</a>' in page
    assert not re.search(r"switches/(close|reopen|pause|resume)/", page)


def test_a_call_that_opens_later_says_when_beside_the_switch(admin: Client) -> None:
    Campaign.objects.update(opens_at=FUTURE)
    page = admin.get(CALL + "switches/").content.decode()

    assert " Opens 20 Dec 2096, 08:00 UTC Nothing is taken before; the moment stands under Settings. " in said(page)
    assert f'<a href="{CALL}call/settings/#id_opens_at">Settings</a>' in page
    assert f'action="{CALL}switches/pause/"' in page


def test_a_notice_stands_in_each_language(admin: Client, campaign: Campaign) -> None:
    admin.post(CALL + "switches/notice/", {"notice-en": "Moved to noon.", "notice-fr": ""})
    campaign.refresh_from_db()
    assert campaign.notice == {"en": "Moved to noon."}
    assert promised() == ["publish-switches"]


def test_a_notice_that_cannot_stand_is_refused_with_its_field_and_kept(admin: Client, campaign: Campaign) -> None:
    for wrong, why in (("Moved\u202e to noon", "U+202E"), ("x" * 301, "at most 300")):
        answer = admin.post(CALL + "switches/notice/", {"notice-en": "Fine", "notice-fr": wrong})
        assert answer.status_code == 422
        assert why in answer.content.decode()
        assert 'value="Fine"' in answer.content.decode()
    campaign.refresh_from_db()
    assert campaign.notice == {}


def test_the_office_says_whether_the_worker_has_taken_a_switch(admin: Client) -> None:
    state = CALL + "switches/state/"
    assert admin.get(state).json()["waiting"] is False
    admin.post(CALL + "switches/pause/")
    with time_machine.travel(utc_now(), tick=False):
        DBTaskResult.objects.update(enqueued_at=utc_now() - timedelta(seconds=4))
        assert admin.get(state).json() | {"sentence": ""} == {"sentence": "", "waiting": True, "late": False}

        DBTaskResult.objects.update(enqueued_at=utc_now() - timedelta(seconds=6))
        assert admin.get(state).json()["late"] is True
    assert "clarion worker" in admin.get(CALL + "switches/").content.decode()
    with heartbeat([]):
        assert admin.get(state).json()["late"] is False
        assert "The worker is busy publishing" in admin.get(CALL + "switches/").content.decode()
    with heartbeat(["publish"]):
        assert admin.get(state).json()["late"] is True
    DBTaskResult.objects.update(status="SUCCESSFUL")
    assert admin.get(state).json()["waiting"] is False


# ---- signatures


def test_search_finds_an_address_in_any_spelling_and_the_log_does_not_hold_it(
    admin: Client, campaign: Campaign, keys: Keys
) -> None:
    make_signature(campaign, keys, email="amina.otieno@gmail.com", name="Amina Otieno")
    make_signature(campaign, keys, email="other@example.com", name="Somebody Else")

    page = admin.post(CALL + "signatures/", {"email": "AminaOtieno+news@gmail.com"}).content.decode()

    assert "Amina Otieno" in page
    assert "Somebody Else" not in page
    entry = Entry.objects.get(verb="searched")
    assert "amina" not in str(entry.__dict__).lower()
    assert "Nothing is held" in admin.post(CALL + "signatures/", {"email": "x@example.com"}).content.decode()


def test_an_export_needs_a_fresh_sign_in(campaign: Campaign, keys: Keys) -> None:
    make_signature(campaign, keys, state="confirmed")
    client = signed_in(make_organiser())

    assert client.get(CALL + "export/")["Location"].startswith("/second-factor/again/")
    answer = client.post(CALL + "export/signatures.csv")
    assert answer["Location"].startswith("/second-factor/again/")
    assert not Entry.objects.filter(verb="exported").exists()


def test_an_export_is_streamed_safe_and_told(admin: Client, campaign: Campaign, keys: Keys) -> None:
    make_organiser()
    make_signature(campaign, keys, name='=HYPERLINK("http://evil")', email="amina@example.com", state="confirmed")
    make_signature(campaign, keys, email="pending@example.com")

    answer = admin.post(CALL + "export/signatures.csv")
    assert answer["X-Accel-Buffering"] == "no"

    assert answer.streaming
    text = b"".join(answer).decode()  # type: ignore[arg-type]
    assert "'=HYPERLINK" in text
    assert "amina@example.com" in text
    assert "pending@example.com" not in text
    assert "no-store" in answer["Cache-Control"]
    assert noticed() == ["exported"]
    assert Entry.objects.filter(verb="exported", detail={"what": "signatures"}).count() == 1


def test_events_are_exported_with_their_contacts(admin: Client, campaign: Campaign, keys: Keys) -> None:
    make_event(campaign, keys, title="@everyone")
    text = b"".join(admin.post(CALL + "export/events.csv")).decode()  # type: ignore[arg-type]
    assert "'@everyone" in text
    assert "wanjiru@example.com" in text


# ---- overview, log, home


def test_the_overview_says_when_the_worker_is_silent_and_what_is_missing(admin: Client) -> None:
    page = admin.get(CALL).content.decode()
    assert "The worker is silent" in page
    assert "legal name" in page
    assert "TLS" in page


@pytest.mark.parametrize(
    ("fields", "tag"),
    [
        ({}, "public"),
        ({"is_published": False}, "not public yet"),
        ({"is_published": False, "opens_at": FUTURE}, "not public yet"),
        ({"opens_at": FUTURE}, "opens 20 Dec 2096, 08:00 UTC"),
        ({"opens_at": FUTURE, "paused_at": PAST}, "paused"),
        ({"opens_at": FUTURE, "closed_at": PAST}, "closed"),
        ({"opens_at": PAST}, "public"),
        ({"closes_at": PAST}, "closed"),
        ({"closes_at": PAST, "paused_at": PAST}, "closed"),
    ],
)
def test_the_office_says_of_a_call_what_its_pages_say(admin: Client, fields: dict[str, Any], tag: str) -> None:
    """By its dates too, on the overview and in the list."""
    Campaign.objects.update(**fields)

    for address in (CALL, "/"):
        tags = re.findall(r'<span class="tag[^"]*">(.*?)</span>', admin.get(address).content.decode())
        assert said(tags[0]) == tag, address


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Nobody has signed yet. Send the address below"),
        ({"opens_at": FUTURE}, "Nobody has signed yet. The call opens on 20 Dec 2096, 08:00 UTC."),
        ({"is_published": False}, "Nobody has signed yet. First publish the call."),
        ({"paused_at": PAST}, "Nobody has signed yet. The call is paused."),
        ({"closes_at": PAST}, "Nobody has signed. "),
        ({"closed_at": PAST}, "Nobody has signed. "),
    ],
)
def test_only_an_open_call_is_to_be_spread(admin: Client, fields: dict[str, Any], sentence: str) -> None:
    Campaign.objects.update(**fields)

    overview = said_on(admin, "")
    assert sentence in overview
    assert ("ten people" in overview) == (fields == {})
    assert ("Before you ask strangers to sign" in overview) == (" yet." in sentence)


def test_what_is_missing_leads_to_its_field_or_to_the_host(admin: Client) -> None:
    page = admin.get(CALL).content.decode()
    linked = re.findall(r'<li><a href="/c/clean-water/call/settings/#([a-z_]+)">', page)

    assert linked == ["id_controller_name", "id_controller_address", "id_privacy_contact"]
    form = admin.get(CALL + "call/settings/").content.decode()
    assert all(f'id="{field}"' in form for field in linked)
    assert 'TLS: a public address with https. <span class="tag">for your host</span>' in page


@contextmanager
def heartbeat(troubles: list[str]) -> Iterator[None]:
    """A worker that spoke just now."""
    beat = settings.ENV.data.heartbeat
    beat.parent.mkdir(exist_ok=True)
    said = {"at": utc_now().isoformat(), "trouble": troubles}
    beat.write_text(json.dumps(said))
    note_heartbeat("one", said, now=utc_now())  # where workers share a database
    try:
        yield
    finally:
        beat.unlink()
        Heartbeat.objects.all().delete()


def test_health_follows_the_workers_heartbeat(admin: Client) -> None:
    with heartbeat(["mail", "mail-sender:clean-water", "mail-sender:another-call"]):
        assert admin.get("/healthz").json() == {"office": "ok", "records": "ok", "worker": "ok"}
        page = admin.get(CALL).content.decode()
        assert "Mails do not leave." in page
        assert page.count("does not take this call&#x27;s address as a sender") == 1
    assert admin.get("/healthz").json()["worker"] == "silent"


def test_the_log_names_who_did_what(admin: Client) -> None:
    admin.post(CALL + "switches/pause/")
    page = admin.get(CALL + "log/").content.decode()
    assert "paused" in page
    assert "Nadia" in page


def test_the_log_says_in_words_what_was_done_to_which_event(admin: Client, campaign: Campaign, keys: Keys) -> None:
    event = make_event(campaign, keys, title="Cups on the steps", state="waiting", checked="")
    gone = make_event(campaign, keys, title="Long ago", state="waiting", checked="")
    queue = CALL + "moderation/"
    admin.post(f"{queue}{event.public_id}/decide/", {"verb": "refuse", "reason": "in-the-past"})
    admin.post(f"{queue}{gone.public_id}/decide/", {"verb": "keep", "checked": "spoken"})
    gone.delete()

    page = admin.get(CALL + "log/").content.decode().partition("<table")[2]

    assert f'<a href="{CALL}events/{event.public_id}/"><bdi lang="en" dir="ltr">Cups on the steps</bdi></a>' in page
    assert "refused" in page
    assert "The date has passed." in page
    assert "an event that is gone" in page
    assert "we spoke with its organiser" in page
    assert "in-the-past" not in page
    assert gone.public_id[:12] not in page


def test_the_log_keeps_who_left_and_tells_nothing_of_their_other_teams(admin: Client, campaign: Campaign) -> None:
    gone = make_organiser(name="Tomas", email="tomas@example.org")
    other = make_team(owner_email="other@example.org")
    client = signed_in(gone, again=True)
    client.post(CALL + "switches/pause/")
    actions.add_member(other, gone.email, "moderator", by=HOST, now=utc_now(), countries=["JP"])
    actions.make_sign_in_link(gone, utc_now(), by=HOST)
    admin.post(f"{CALL}team/{gone.public_id}/remove/")
    actions.make_sign_in_link(gone, utc_now(), by=HOST)

    rows = admin.get(CALL + "log/").context["rows"]

    assert [(row.entry.verb, row.who, row.whom) for row in rows] == [
        ("removed", "Nadia", "Tomas"), ("made-sign-in-link", "the host’s shell", "Tomas"), ("paused", "Tomas", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("path", "queries"), [("", 21), ("call/", 16), ("switches/", 14), ("log/", 12)])
def test_a_page_asks_the_database_a_known_number_of_times(
    admin: Client, path: str, queries: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(queries):
        admin.get(CALL + path)
