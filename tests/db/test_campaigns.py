"""Versions, switches, notices, ways to give, venues: each write once, with its entry and its promise."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from clarion.audit.actions import HOST, Actor
from clarion.audit.models import Entry
from clarion.campaigns import actions
from clarion.campaigns.models import Campaign, ConsentWording, Version
from clarion.campaigns.queries import (
    all_versions,
    current_statements,
    current_version,
    languages_behind,
    languages_of,
    published_campaigns,
    updates_of,
)
from clarion.campaigns.rules import (
    CampaignSettings,
    NoStatement,
    SlugTaken,
    StatementText,
    UpdateText,
    Wording,
    first_appearance,
    is_behind,
    wording_of,
)
from clarion.donations.actions import save_give_pages
from clarion.donations.queries import give_pages, stored_give_pages
from clarion.donations.rules import GiveLink, GiveText, compact, is_bic, is_iban, readable_iban
from clarion.outbox.models import Mail
from clarion.places.actions import ensure_venue_list, save_venues
from clarion.places.queries import venues_of
from clarion.places.rules import VenueRow, zone_of_place
from tests.make import DAY, NOON, make_campaign, make_organiser, make_team

pytestmark = pytest.mark.django_db

SETTINGS = CampaignSettings("clean-water", "en", "Water Committee", "office@example.org")


def text(language: str, words: str, *, translates: int | None = None) -> StatementText:
    """A statement of a few words."""
    raw = f"---\ntitle: Water\n---\n{words}\n".encode()
    return StatementText(language, raw, "Water", words, translates=translates)


def opened() -> Campaign:
    """A campaign without any text."""
    return actions.open_campaign(SETTINGS, make_team(), by=HOST, now=NOON)


def save(campaign: Campaign, *statements: StatementText) -> tuple[Version, bool]:
    """Save a version as the host."""
    return actions.save_version(campaign, statements, by=HOST, now=NOON)


def promised() -> list[str]:
    """The names of the jobs promised so far."""
    return [row.args_kwargs["kwargs"]["name"] for row in DBTaskResult.objects.order_by("enqueued_at")]


def verbs() -> list[str]:
    """What the audit log says was done."""
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


def test_a_slug_is_given_once() -> None:
    """Even to the same team."""
    opened()
    with pytest.raises(SlugTaken):
        opened()


def test_versions_count_from_one_and_only_changed_bytes_make_the_next() -> None:
    """A language that comes or goes is a change too."""
    campaign = opened()

    numbers = [
        save(campaign, text("en", "a")),
        save(campaign, text("en", "a")),
        save(campaign, text("en", "a"), text("fr", "x")),
        save(campaign, text("fr", "x"), text("en", "a")),
        save(campaign, text("en", "a")),
    ]

    assert [(version.number, is_new) for version, is_new in numbers] == [
        (1, True), (1, False), (2, True), (2, False), (3, True),
    ]  # fmt: skip
    assert [len(version.statements.all()) for version in all_versions(campaign)] == [1, 2, 1]


def test_a_version_needs_the_default_language() -> None:
    """Nothing is stored without it."""
    campaign = opened()

    with pytest.raises(NoStatement):
        save(campaign, text("fr", "x"))
    assert languages_of(campaign) == ()
    with pytest.raises(Version.DoesNotExist):
        current_version(campaign)


def test_the_default_language_stands_first() -> None:
    """The others by tag."""
    campaign = opened()
    save(campaign, text("fr", "x"), text("ar", "x"), text("en", "x"))

    assert languages_of(campaign) == ("en", "ar", "fr")


def test_a_translation_is_behind_when_the_original_changed_after_it() -> None:
    """`translates` is the version in which its present bytes first appeared, unless the file says another one."""
    campaign = opened()
    save(campaign, text("en", "a"), text("fr", "x"), text("es", "x"))
    save(campaign, text("en", "b"), text("fr", "x"), text("es", "y"))
    save(campaign, text("en", "b"), text("fr", "x", translates=None), text("es", "y"), text("de", "x", translates=1))

    assert {tag: one.translates for tag, one in current_statements(campaign).items()} == {
        "en": 2,
        "de": 1,
        "es": 2,
        "fr": 1,
    }
    assert languages_behind(campaign) == {"fr", "de"}


@pytest.mark.parametrize(
    ("translates", "original", "expected"),
    [
        (1, {1: "a"}, False), (1, {1: "a", 2: "b"}, True), (2, {1: "a", 2: "b"}, False),
        (1, {1: "a", 2: "b", 3: "a"}, False), (2, {1: "a", 2: "b", 3: "a"}, True), (1, {}, False),
    ],
)  # fmt: skip
def test_behind_is_told_by_bytes_not_by_numbers(translates: int, original: dict[int, str], expected: bool) -> None:
    """A change that was taken back leaves a translation good."""
    assert is_behind(translates, original) is expected


def test_the_first_appearance_of_bytes_is_the_oldest_version_that_has_them() -> None:
    """And the coming one for new bytes."""
    assert first_appearance("x", {1: "y", 2: "x", 3: "x"}, 4) == 2
    assert first_appearance("z", {1: "y"}, 4) == 4


def test_publishing_shows_a_campaign_and_promises_its_pages() -> None:
    """Twice is once in the log, and a promise each time."""
    campaign = opened()
    save(campaign, text("en", "a"))
    assert promised() == []  # nobody sees it yet
    assert not published_campaigns().exists()

    actions.publish_campaign(campaign, by=HOST, now=NOON)
    actions.publish_campaign(campaign, by=HOST, now=NOON)

    assert [one.slug for one in published_campaigns()] == ["clean-water"]
    assert promised() == ["publish-campaign"] * 2
    assert verbs() == ["opened", "saved-version", "published"]


def test_settings_that_stay_as_they_were_change_nothing() -> None:
    """Those that change are named in the log, without their values."""
    campaign = opened()

    assert actions.change_settings(campaign, SETTINGS, by=HOST, now=NOON) == []
    changed = actions.change_settings(
        campaign, replace(SETTINGS, accent="#0b6e99", never_shown=("KE",)), by=HOST, now=NOON
    )

    assert changed == ["accent", "never_shown"]
    assert Entry.objects.latest("pk").detail == {"settings": changed}
    assert Campaign.objects.get().never_shown == ["KE"]


def test_each_switch_moves_once_and_promises_at_once() -> None:
    """Pressing twice is no second entry."""
    campaign = make_campaign()
    for action in (
        actions.pause_campaign, actions.pause_campaign, actions.resume_campaign, actions.resume_campaign,
        actions.close_campaign, actions.close_campaign, actions.reopen_campaign, actions.reopen_campaign,
    ):  # fmt: skip
        action(campaign, by=HOST, now=NOON)

    assert verbs() == ["paused", "resumed", "closed", "reopened"]
    assert promised() == ["publish-switches"] * 4
    campaign.refresh_from_db()
    assert (campaign.paused_at, campaign.closed_at) == (None, None)


def test_a_close_is_mailed_to_every_other_admin() -> None:
    """Not to the one who closed it, not to moderators, and once."""
    campaign = make_campaign()
    me, other = make_organiser(), make_organiser()
    make_organiser(role="moderator")
    by = Actor("organiser", me.public_id)

    actions.close_campaign(campaign, by=by, now=NOON)
    actions.close_campaign(campaign, by=by, now=NOON)

    mail = Mail.objects.get()
    assert (mail.kind, mail.record) == ("notice-to-admins", other.public_id)
    assert mail.detail == {"what": "closed", "by": me.public_id}


@pytest.mark.parametrize(
    ("setting", "notices"),
    [
        ({"closes_at": NOON}, ["closed"]),
        ({"closes_at": NOON + DAY}, ["closing-changed"]),
        ({"takes_gifts": False}, ["give-changed"]),
        ({"closes_at": NOON - DAY, "takes_gifts": False}, ["closed", "give-changed"]),
        ({"accent": "#0b6e99", "takes_events": False}, []),
    ],
)
def test_settings_that_close_or_hide_the_ways_to_give_are_mailed_to_every_other_admin(
    setting: dict[str, Any], notices: list[str]
) -> None:
    """A day in the past closes at once, and no switch is pressed."""
    campaign = opened()
    me, other = make_organiser(), make_organiser()
    by = Actor("organiser", me.public_id)

    for _ in range(2):
        actions.change_settings(campaign, replace(SETTINGS, **setting), by=by, now=NOON)

    mails = list(Mail.objects.order_by("pk"))
    assert [mail.detail["what"] for mail in mails] == notices
    assert {mail.record for mail in mails} <= {other.public_id}


def test_a_day_of_closing_that_is_taken_away_is_mailed_too() -> None:
    campaign = opened()
    actions.change_settings(campaign, replace(SETTINGS, closes_at=NOON), by=HOST, now=NOON)
    make_organiser()

    actions.change_settings(campaign, SETTINGS, by=HOST, now=NOON)

    assert Mail.objects.get().detail["what"] == "closing-changed"


def test_a_notice_is_set_in_languages_and_taken_away() -> None:
    """Empty sentences are none."""
    campaign = make_campaign()

    actions.set_notice(campaign, {"en": " We pause. ", "fr": " "}, by=HOST, now=NOON)
    actions.set_notice(campaign, {"en": "We pause."}, by=HOST, now=NOON)
    assert Campaign.objects.get().notice == {"en": "We pause."}
    actions.set_notice(campaign, {}, by=HOST, now=NOON)

    assert verbs() == ["set-notice"] * 2
    assert promised() == ["publish-switches"] * 2


def test_a_consent_wording_is_kept_once_and_for_good() -> None:
    """Its id is the hash of form, language and text."""
    campaign = make_campaign()
    wording = wording_of("sign", "en", "I agree to this.")

    for _ in range(2):
        actions.record_consent_wordings(campaign, [wording], NOON)

    kept = ConsentWording.objects.get(wording_id=wording.wording_id)
    assert Wording(kept.wording_id, kept.form, kept.language, kept.text) == wording
    assert wording_of("host", "en", "I agree to this.").wording_id != wording.wording_id


def test_updates_are_saved_as_given() -> None:
    """The same again is no change."""
    campaign = make_campaign()
    news = [UpdateText(date(2026, 12, day), "en", f"News {day}", "Text.") for day in (1, 2)]

    assert actions.save_updates(campaign, news, by=HOST, now=NOON)
    assert not actions.save_updates(campaign, list(reversed(news)), by=HOST, now=NOON)
    assert [one.title for one in updates_of(campaign, "en")] == ["News 2", "News 1"]


GIVE = GiveText(
    "en", "Give", "Water Committee", "DE89370400440532013000", "COBADEFFXXX", "Water",
    (GiveLink("Card", "https://example.org"),), "Thanks.",
)  # fmt: skip


def test_changed_ways_to_give_are_mailed_and_the_same_again_is_not() -> None:
    """An account number that someone changed is what thieves are after."""
    campaign = make_campaign()
    make_organiser()

    assert save_give_pages(campaign, [GIVE], by=HOST, now=NOON)
    assert not save_give_pages(campaign, [GIVE], by=HOST, now=NOON + DAY)

    assert [mail.detail["what"] for mail in Mail.objects.all()] == ["give-changed"]
    assert give_pages(campaign)["en"].iban == GIVE.iban
    assert "DE89" not in str(Entry.objects.latest("pk").detail)
    campaign.takes_gifts = False
    assert give_pages(campaign) == {}
    assert list(stored_give_pages(campaign)) == ["en"]


@pytest.mark.parametrize(
    ("code", "is_good"),
    [("DE89 3704 0044 0532 0130 00", True), ("de89370400440532013000", True), ("DE88370400440532013000", False),
     ("DE8937040044053201300", False), ("XX89370400440532013000", False), ("", False)],
)  # fmt: skip
def test_an_iban_is_checked(code: str, is_good: bool) -> None:
    """Length and check digits."""
    assert is_iban(compact(code)) is is_good


def test_a_bic_is_checked_and_an_iban_shown_in_groups() -> None:
    """As banks write them."""
    assert is_bic("COBADEFFXXX")
    assert not is_bic("COBA")
    assert readable_iban("DE89370400440532013000") == "DE89 3704 0044 0532 0130 00"


def test_a_venue_list_follows_its_rows() -> None:
    """A venue that events name stays, as gone, and comes back with its row."""
    campaign = make_campaign()
    venues = ensure_venue_list(campaign.slug)
    campaign.venue_lists.add(venues)
    one, two, three = (VenueRow(ref, f"Square {ref}", "KE", city="Nairobi") for ref in ("a", "b", "c"))

    assert save_venues(venues, [one, two, three]).added == ("a", "b", "c")
    assert not save_venues(venues, [three, two, one])
    used = {venue.pk for venue in venues_of(campaign) if venue.ref == "b"}
    changes = save_venues(venues, [replace(one, name="New")], in_use=used)

    assert (changes.changed, changes.gone, changes.removed) == (("a",), ("b",), ("c",))
    assert [venue.name for venue in venues_of(campaign)] == ["New"]
    assert campaign.venue_lists.get().venues.filter(ref="b", is_gone=True).exists()
    assert save_venues(venues, [replace(one, name="New"), two], in_use=used).changed == ("b",)
    assert [venue.ref for venue in venues_of(campaign)] == ["a", "b"]


@pytest.mark.parametrize(
    ("country", "city", "lat", "lon", "zone"),
    [
        ("KE", "", -1.28, 36.82, "Africa/Nairobi"), ("US", "Chicago", None, None, "America/Chicago"),
        ("KE", "Somewhere small", None, None, "Africa/Nairobi"), ("US", "Somewhere small", None, None, ""),
    ],
)  # fmt: skip
def test_a_place_has_the_zone_of_its_point_or_city_or_country(
    country: str, city: str, lat: float | None, lon: float | None, zone: str
) -> None:
    """Never a guess among several."""
    assert zone_of_place(country, city, lat, lon) == zone


def test_a_draft_that_was_kept_while_a_version_was_saved_stays() -> None:
    campaign = make_campaign()
    for language, words in (("en", "saved"), ("fr", "saved"), ("ar", "")):
        actions.keep_draft(campaign, language, words, by=HOST, now=NOON)
    actions.keep_draft(campaign, "fr", "kept since", by=HOST, now=NOON)

    actions.drop_drafts(campaign, {"en": "saved", "fr": "saved", "ar": ""})

    assert [(draft.language, draft.text) for draft in campaign.drafts.all()] == [("fr", "kept since")]
