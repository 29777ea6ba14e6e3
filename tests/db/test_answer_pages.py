"""Forms, answers, token pages and documents, as they lie published."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from clarion.campaigns.models import Campaign, Update
from clarion.donations.models import GivePage
from clarion.events.models import Event, Revision
from clarion.kernel.files import ERROR_STATUSES, TOKEN_PAGES, DataFolder, manage_page, token_page
from clarion.kernel.forms import FORMS, all_refusals
from clarion.pages import answers, counts_page, documents, forms, privacy_page, tokens
from clarion.pages.consent import record_wordings
from clarion.pages.country_pages import venue_lines
from clarion.pages.press import Press
from clarion.pages.scenes import scenes_of
from clarion.pages.site import Assets, Page, Scene, render_page
from tests.make import HOUR, NOON, make_campaign, make_event, make_venue, make_version

pytestmark = pytest.mark.django_db

ASSETS = Assets(style="/-/site.css", script="/-/site.js", icon="/-/icon.svg")
MODULES = (answers, counts_page, documents, forms, privacy_page, tokens)
SIGN = "{% from 'pages/sign_form.html' import sign_form with context %}{{ sign_form(form) }}"


class Inputs(HTMLParser):
    """What a page's forms would post, and what is labelled."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.named: dict[str, dict[str, str | None]] = {}
        self.forms: list[dict[str, str | None]] = []
        self.labelled: set[str | None] = set()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append(given)
        if tag == "label":
            self.labelled.add(given.get("for"))
        if tag in ("input", "select", "textarea", "button") and given.get("name"):
            self.named[str(given["name"])] = given


def press(**fields: object) -> Press:
    given = {
        "data": DataFolder(Path("/nowhere")),
        "public_url": "https://call.example",
        "office_url": "https://o.example",
    }
    return Press(**{**given, "now": NOON, **fields})  # type: ignore[arg-type]


def scene_of(campaign: Campaign, language: str = "en", **fields: object) -> Scene:
    scenes = scenes_of(campaign, press(**fields), ASSETS)
    return next(scene for scene in scenes if scene.language == language)


def all_pages(scene: Scene) -> Iterator[Page]:
    for module in MODULES:
        yield from (page for page in module.pages_of(scene) if isinstance(page, Page))


def raw_files(scene: Scene) -> dict[str, bytes]:
    return {page.file: page.content for page in documents.pages_of(scene) if not isinstance(page, Page)}


def page_at(scene: Scene, path: str) -> str:
    page = next(page for page in all_pages(scene) if page.path == path)
    return render_page(page, scene)


# ---- forms


def sign_form_of(scene: Scene, country: str = "") -> str:
    template = answers.environment().from_string(SIGN)
    return template.render(scene=scene, voice=scene.voice, form=forms.sign_form(scene, country))


def test_the_sign_form_posts_the_fields_of_the_kernel_to_its_pinned_address() -> None:
    scene = scene_of(make_campaign())

    form = Inputs(sign_form_of(scene))

    assert form.named.keys() == {field.name for field in FORMS["sign"].fields}
    assert form.forms[0]["action"] == "/clean-water/en/sign"
    assert form.forms[0]["method"] == "post"
    assert form.named["version"]["value"] == "1"
    assert form.named["name"]["autocomplete"] == "name"
    assert form.named["email"]["inputmode"] == "email"
    assert form.named["name"]["maxlength"] == "120"


def test_every_input_that_is_seen_has_a_label() -> None:
    scene = scene_of(make_campaign())
    for text in (sign_form_of(scene), page_at(scene, "/clean-water/en/host/")):
        form = Inputs(text)
        seen = [one for one in form.named.values() if one.get("type") not in ("hidden", "checkbox", "submit")]
        assert {one["id"] for one in seen} <= form.labelled


def test_the_country_is_left_blank_but_on_its_own_page() -> None:
    scene = scene_of(make_campaign())

    assert " selected" not in sign_form_of(scene)
    assert '<option value="KE" selected>' in sign_form_of(scene, "KE")


def test_nobody_has_to_say_their_country() -> None:
    assert '<option value="ZZ">' in sign_form_of(scene_of(make_campaign()))


def test_the_consent_at_the_button_is_one_that_intake_accepts() -> None:
    campaign = make_campaign(languages=("en", "fr"))
    record_wordings(campaign, now=NOON)
    record_wordings(campaign, now=NOON + HOUR)
    known = set(campaign.consent_wordings.values_list("wording_id", flat=True))

    for language in ("en", "fr"):
        scene = scene_of(campaign, language)
        assert forms.sign_form(scene).consent_id in known
        assert forms.host_form(scene).consent_id in known


def test_the_host_form_posts_the_fields_of_the_kernel() -> None:
    campaign = make_campaign()
    make_venue(campaign)

    form = Inputs(page_at(scene_of(campaign), "/clean-water/en/host/"))

    assert form.named.keys() == {field.name for field in FORMS["host"].fields}
    assert form.forms[0]["action"] == "/clean-water/en/host/"


def test_a_countrys_host_form_names_its_venues_and_cities_only() -> None:
    campaign = make_campaign()
    make_venue(campaign)
    make_venue(campaign, ref="fr-paris", country="FR", name="Place")
    make_venue(campaign, ref="ke-gone", name="Old square", is_gone=True)

    form = forms.host_form(scene_of(campaign), "KE")

    assert [venue.ref for group in form.venues for venue in group.venues] == ["ke-nairobi"]
    assert form.cities[0] == "Nairobi"
    assert "sw" in form.other_languages
    assert "fr" not in form.other_languages


@pytest.mark.parametrize("stage", ["ahead", "paused", "closed"])
def test_a_call_that_is_not_open_offers_no_form(stage: str) -> None:
    scene = replace(scene_of(make_campaign(opens_at=NOON)), stage=stage)

    assert "<form" not in sign_form_of(scene)
    assert "<form" not in page_at(scene, "/clean-water/en/host/")


# ---- answers of intake


def test_every_answer_of_intake_is_a_page() -> None:
    scene = scene_of(make_campaign())

    paths = {page.path for page in all_pages(scene)}

    assert paths >= {f"/clean-water/en/refused/{one.form}/{one.field}-{one.code}/" for one in all_refusals()}
    assert paths >= {f"/clean-water/en/error/{status}/" for status in ERROR_STATUSES}
    names = ("check-your-mail", "received", "thanks", "not-me", "closed", "paused", "expired", "bad-link", "my-data")
    assert paths >= {f"/clean-water/en/{name}/" for name in names}


def test_who_withdrew_reads_how_to_sign_again_and_what_no_mail_means() -> None:
    """A confirmation after a withdrawal counts nothing, and a withdrawal with another address does nothing."""
    scene = scene_of(make_campaign())

    thanks = page_at(scene, "/clean-water/en/thanks/")
    assert "If you had withdrawn it before, please sign again." in thanks
    assert 'href="/clean-water/en/#sign">Sign this call</a>' in thanks
    received = page_at(scene, "/clean-water/en/received/")
    assert "a mail comes if we hold anything about the address" in received
    assert "look for a slip in it, and send it once more" in received
    closed = page_at(scene_of(make_campaign(slug="closed", closed_at=NOON)), "/closed/en/thanks/")
    assert "sign again" not in closed


def test_the_one_page_for_what_was_received_promises_each_sender_what_really_comes() -> None:
    """A report mails nobody, and a change by the personal link is not always mailed: its page shows it."""
    text = page_at(scene_of(make_campaign()), "/clean-water/en/received/")

    assert "If you confirmed an event: it waits for a moderator, and your personal link comes by mail." in text
    assert "If you used your personal link: the page behind it soon shows what came of it." in text
    assert "If you reported an event: a moderator reads it, and nobody writes to you." in text


def test_no_two_pages_share_an_address() -> None:
    paths = [page.path for page in all_pages(scene_of(make_campaign()))]

    assert len(paths) == len(set(paths))


def test_nothing_inline_and_nothing_from_elsewhere_stands_on_any_page() -> None:
    campaign = make_campaign(languages=("en", "ar"))
    for page in all_pages(scene := scene_of(campaign, "ar")):
        for tag, attributes in Inputs(render_page(page, scene)).tags:
            assert not {name for name in attributes if name == "style" or name.startswith("on")}
            assert tag not in ("style", "iframe")
            assert tag != "script" or attributes["src"] == "/-/site.js"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Mission: United Kingdom"),
        ("de", "Vertretung: Vereinigtes Königreich"),
        ("fr", "Représentation diplomatique\xa0: Royaume-Uni"),
        ("ru", "Дипломатическое представительство: Великобритания"),
        ("es", "Misión diplomática: Reino Unido"),
        ("pt", "Representação: Reino Unido"),
        ("ar", "بعثة المملكة المتحدة"),
        ("zh", "英国外交代表机构"),
    ],
)
def test_a_mission_is_named_without_an_article_or_case_that_its_country_lacks(language: str, words: str) -> None:
    campaign = make_campaign(languages=(language,))
    make_venue(campaign, type="mission", operator="GB")

    assert [line.type_name for line in venue_lines(scene_of(campaign, language), "KE", ())] == [words]


def test_a_refusal_names_the_field_and_says_that_the_entries_are_still_there() -> None:
    text = page_at(scene_of(make_campaign()), "/clean-water/en/refused/sign/email-shape/")

    assert "One thing to mend: E-mail" in text
    assert "name@example.org" in text
    assert "everything that you typed is still there" in text


def test_a_refusal_of_a_manage_page_promises_no_entries_that_a_browser_may_drop() -> None:
    """Nobody stores that page: Firefox draws it anew, and empty."""
    text = page_at(scene_of(make_campaign()), "/clean-water/en/refused/manage/public_contact-too-long/")

    assert "still there" not in text
    assert "Some browsers show this form empty again" in text
    assert "Nothing was sent or stored" in text


@pytest.mark.parametrize(
    ("delay", "sentence"),
    [
        (timedelta(seconds=20), "Mails arrive within a minute"),
        (timedelta(seconds=61), "Mails take about 2 minutes"),
        (timedelta(minutes=45), "Mails take about 45 minutes"),
    ],
)
def test_people_are_told_how_long_mails_take_now(delay: timedelta, sentence: str) -> None:
    scene = scene_of(make_campaign(), mail_delay=delay)

    assert sentence in page_at(scene, "/clean-water/en/check-your-mail/")


def test_nothing_is_claimed_of_mails_while_nothing_is_known() -> None:
    text = page_at(scene_of(make_campaign()), "/clean-water/en/check-your-mail/")

    assert "at the moment" not in text
    assert "you are counted once" in text


def test_a_discreet_call_does_not_name_itself_in_the_subject() -> None:
    scene = scene_of(make_campaign(is_discreet=True))

    assert "Confirm your signature:" not in page_at(scene, "/clean-water/en/check-your-mail/")


def test_where_no_call_is_known_errors_speak_every_language() -> None:
    pages = dict(answers.global_errors(ASSETS))

    assert pages.keys() == {f"-/error/{status}/index.html" for status in ERROR_STATUSES}
    assert 'lang="en"' in pages["-/error/503/index.html"]


# ---- token pages


def test_every_kind_of_link_finds_its_pages() -> None:
    files = {page.path for page in tokens.pages_of(scene_of(make_campaign()))}

    wanted = {name for pair in TOKEN_PAGES.values() for name in pair if name}
    assert files == {token_page("clean-water", "en", name) for name in wanted}


def test_token_pages_keep_their_address_to_themselves() -> None:
    campaign = make_campaign(languages=("en", "fr"))
    scene = scene_of(campaign)
    pages = [*tokens.pages_of(scene), tokens.manage_page_of(make_event(campaign), scene)]
    for page in pages:
        text = render_page(page, scene)
        assert page.folder == "manage"
        assert '<meta name="referrer" content="no-referrer">' in text
        assert '<meta name="robots" content="noindex">' in text
        assert "hreflang" not in text
        assert 'rel="canonical"' not in text
        assert all("action" not in form and form["method"] == "post" for form in Inputs(text).forms)


@pytest.mark.parametrize("name", ["confirm", "confirm-typed", "confirm-event", "confirm-event-typed"])
def test_a_confirmation_has_one_button_and_a_quiet_way_to_its_second_page(name: str) -> None:
    scene = scene_of(make_campaign())

    first = page_at(scene, token_page("clean-water", "en", name))
    second = page_at(scene, token_page("clean-water", "en", f"{name}-not-me"))

    assert Inputs(first).named["answer"]["value"] == "yes"
    assert Inputs(second).named["answer"]["value"] == "not-me"
    assert re.findall(r'href="([^"#/][^"]*|)"', first) == ["?not-me"]
    assert first.count("<button") == second.count("<button") == 1
    assert ("email" in Inputs(first).named) == ("email" in Inputs(second).named) == name.endswith("typed")


def test_withdrawing_asks_for_the_address() -> None:
    page = page_at(scene_of(make_campaign()), token_page("clean-water", "en", "withdraw"))

    assert "email" in Inputs(page).named


# ---- the page of an event's organiser


def managed(event: Event) -> str:
    scene = scene_of(event.campaign)
    return render_page(tokens.manage_page_of(event, scene), scene)


def make_changing_event(**fields: Any) -> Event:
    """A published event of which a change waits."""
    event = make_event(make_campaign(), **fields)
    Revision.objects.create(
        public_id="r" * 32,
        event=event,
        fields={"title": "Secret new title"},
        proposed_at=NOON,
        starts_at=event.starts_at,
    )
    return event


def test_the_manage_page_carries_the_events_generation_in_its_name() -> None:
    event = make_event(make_campaign(), public_id="e" * 32, generation=3)

    page = tokens.manage_page_of(event, scene_of(event.campaign))

    assert page.path == manage_page("clean-water", "e" * 32, 3)


def test_a_published_event_shows_what_was_approved_and_hides_what_waits() -> None:
    text = managed(make_changing_event())

    assert "Cups on the steps" in text
    assert "A change that you asked for waits" in text
    assert "Secret new title" not in text


@pytest.mark.parametrize("state", ["cancelled", "ended"])
def test_a_change_waits_for_nobody_once_the_event_is_cancelled_or_over(state: str) -> None:
    assert "waits for a moderator" not in managed(make_changing_event(state=state))


def test_whoever_has_a_change_waiting_reads_what_another_one_does_to_it() -> None:
    added = "What you write here is added to the change that waits."

    assert added in managed(make_changing_event())
    assert added not in managed(make_event(make_campaign(slug="other")))


def test_all_of_a_waiting_change_can_be_taken_out_though_the_event_says_none_of_it_yet() -> None:
    ticks = {name for name in Inputs(managed(make_changing_event())).named if name.startswith("no_")}

    assert ticks == {"no_end", "no_bring", "no_accessibility", "no_public_contact"}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "see our mail. Your event is not published yet."),
        ("de", "siehe unsere E-Mail. Ihre Veranstaltung ist noch nicht veröffentlicht."),
        ("ar", "انظروا رسالتنا. لم تُنشر فعاليتكم بعد."),
        ("ru", "смотрите наше письмо. Ваше мероприятие ещё не опубликовано."),
    ],
)
def test_what_is_not_published_yet_is_the_event_and_not_the_mail(language: str, words: str) -> None:
    campaign = make_campaign(languages=(language,))
    scene = scene_of(campaign, language)

    assert words in render_page(tokens.manage_page_of(make_event(campaign, state="changes-asked"), scene), scene)


def test_no_page_is_promised_of_a_cancelled_event_that_never_had_one() -> None:
    waits = managed(make_event(make_campaign(), state="waiting"))
    assert "Acts at once." in waits
    assert "The page stays" not in waits
    assert "its page says so" not in managed(make_event(make_campaign(slug="other"), state="cancelled", kept_at=None))
    assert "The page stays" in managed(make_event(make_campaign(slug="third")))


@pytest.mark.parametrize(
    ("state", "kept_at"),
    [("waiting", None), ("changes-asked", None), ("refused", None), ("cancelled", None), ("hidden", NOON)],
)
def test_nothing_of_an_event_that_is_not_approved_lies_on_its_page(state: str, kept_at: object) -> None:
    event = make_event(
        make_campaign(), state=state, kept_at=kept_at, bring="Canary cups", address="Canary Road", city="Nairobi"
    )

    text = managed(event)

    assert "Cups on the steps" not in text
    assert "Canary" not in text
    assert "Nairobi" not in text


def test_every_field_of_the_manage_form_is_there_and_none_is_filled() -> None:
    campaign = make_campaign()
    venue = make_venue(campaign)

    said = {"bring": "A cup", "accessibility": "Step-free", "public_contact": "@water"}
    event = make_event(campaign, venue=venue, ends_local="2026-12-10T20:00", **said)

    inputs = Inputs(managed(event))

    assert inputs.named.keys() == {field.name for field in FORMS["manage"].fields}
    filled = [name for name, one in inputs.named.items() if one.get("value") and name != "do"]
    assert filled == [name for name in inputs.named if name.startswith("no_")]
    assert not any("checked" in one for one in inputs.named.values())


def test_what_is_not_there_cannot_be_taken_out() -> None:
    """But what nobody has approved is not shown, so it can."""
    published = Inputs(managed(make_event(make_campaign(), public_contact="@water")))
    assert {name for name in published.named if name.startswith("no_")} == {"no_public_contact"}
    waits = Inputs(managed(make_event(make_campaign(slug="other"), state="waiting")))
    assert len([name for name in waits.named if name.startswith("no_")]) == 4


def verbs(event: Event) -> set[str | None]:
    return {given.get("value") for tag, given in Inputs(managed(event)).tags if given.get("name") == "do"}


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("waiting", {"change", "cancel", "new-link"}),
        ("kept", {"change", "cancel", "new-link"}),
        ("cancelled", {"uncancel", "new-link"}),
        ("ended", {"new-link"}),
        ("refused", {"new-link"}),
    ],
)
def test_only_what_the_state_allows_is_offered(state: str, offered: set[str]) -> None:
    assert verbs(make_event(make_campaign(), state=state)) == offered


def test_a_cancelled_event_lets_its_contact_go() -> None:
    said = make_event(make_campaign(), state="cancelled", public_contact="@water")

    assert verbs(said) == {"change", "uncancel", "new-link"}
    assert Inputs(managed(said)).named["no_public_contact"]["value"] == "yes"


# ---- documents


def make_give_page(campaign: Campaign, **fields: str) -> GivePage:
    given = {"title": "Give", "beneficiary": "Water Committee", "iban": "DE89370400440532013000", "reference": "Water"}
    return GivePage.objects.create(campaign=campaign, language="en", **{**given, **fields})


def test_an_account_is_grouped_for_copying_and_drawn_for_banks() -> None:
    account = documents.account_of(make_give_page(make_campaign(), bic="COBADEFFXXX"))

    assert account is not None
    assert account.iban == "DE89 3704 0044 0532 0130 00"
    assert account.code is not None
    assert "<svg" in account.code


def test_the_code_of_an_account_follows_the_standard_and_names_no_amount() -> None:
    page = make_give_page(make_campaign(), bic="COBADEFFXXX")

    assert documents.epc_lines(page, page.iban) == [
        "BCD", "002", "1", "SCT", "COBADEFFXXX", "Water Committee", "DE89370400440532013000", "", "", "", "Water",
    ]  # fmt: skip


def test_an_account_beyond_the_euro_transfers_has_no_code() -> None:
    account = documents.account_of(make_give_page(make_campaign(), iban="BR1500000000000010932840814P2"))

    assert account is not None
    assert account.code is None


def test_ways_to_give_without_an_account_show_none() -> None:
    campaign = make_campaign()
    make_give_page(campaign, iban="", beneficiary="")

    assert "IBAN" not in page_at(scene_of(campaign), "/clean-water/en/give/")


def test_each_version_keeps_its_address_with_date_and_hash() -> None:
    campaign = make_campaign()
    make_version(campaign, number=2, title="Clean water, at once")
    scene = scene_of(campaign)

    first = page_at(scene, "/clean-water/en/versions/1/")

    assert f"{1:064x}" in first
    assert "This is an earlier text" in first
    assert "This is an earlier text" not in page_at(scene, "/clean-water/en/versions/2/")
    assert "/clean-water/en/versions/1/" in page_at(scene, "/clean-water/en/versions/")


def test_statements_are_published_byte_for_byte() -> None:
    campaign = make_campaign(languages=("en", "fr"))

    raw = raw_files(scene_of(campaign, "fr"))

    assert raw == {"clean-water/fr/versions/1/statement.md": b"---\ntitle: Clean water in every school\n---\nWater.\n"}


def test_a_language_that_the_call_gave_up_keeps_the_files_that_people_signed() -> None:
    campaign = make_campaign(languages=("en", "fr"))
    make_version(campaign, number=2, languages=("en",))
    scene = scene_of(campaign)

    assert "clean-water/fr/versions/1/statement.md" in raw_files(scene)
    assert 'href="/clean-water/fr/versions/1/statement.md"' in page_at(scene, "/clean-water/en/versions/1/")


def test_a_translation_of_an_older_text_says_so() -> None:
    campaign = make_campaign(languages=("en", "fr"))
    newer = make_version(campaign, number=2, languages=("en", "fr"))
    newer.statements.filter(language="fr").update(translates=1)

    assert "traduction de la version 1" in page_at(scene_of(campaign, "fr"), "/clean-water/fr/versions/2/")
    assert "traduction de la version" not in page_at(scene_of(campaign, "fr"), "/clean-water/fr/versions/1/")


def test_an_update_is_offered_only_in_the_languages_that_have_it() -> None:
    campaign = make_campaign(languages=("en", "fr", "es"))
    for language in ("en", "fr"):
        Update.objects.create(campaign=campaign, posted_on="2026-12-01", language=language, title="News", body="Good.")

    text = page_at(scene_of(campaign), "/clean-water/en/updates/2026-12-01/")

    assert set(re.findall(r'hreflang="(\w\w)"', text)) == {"en", "fr"}


# ---- privacy, counts


def test_the_privacy_page_says_what_the_law_asks() -> None:
    campaign = make_campaign(
        controller_name="Water Committee, registered", controller_address="12 Example Street",
        privacy_contact="privacy@example.org", never_shown=["VA"],
    )  # fmt: skip

    text = page_at(scene_of(campaign), "/clean-water/en/privacy/")

    for words in (
        "Water Committee, registered", "12 Example Street", "mailto:privacy@example.org", "12 months after you signed",
        "articles 6(1)(a)", "data protection authority", "/clean-water/en/my-data/", "steps of 5", "Vatican City",
        "annaberg<wbr>@gmail.com", "at least 16 years old", "No cookies",
    ):  # fmt: skip
        assert words in text


def test_a_rally_only_call_says_nothing_of_signing() -> None:
    scene = scene_of(make_campaign(takes_signatures=False))

    assert "When you sign" not in page_at(scene, "/clean-water/en/privacy/")
    assert "/clean-water/en/counts/" not in {page.path for page in all_pages(scene)}


def test_every_number_of_the_counts_page_is_in_a_table() -> None:
    scene = scene_of(make_campaign())
    figures = replace(
        scene.figures,
        total=1234,
        by_country={"KE": 1200, "DE": 30},
        other=4,
        by_day={"2026-12-01": 1000, "2026-12-03": 234},
    )

    text = render_page(counts_page.counts_page(replace(scene, figures=figures)), scene=replace(scene, figures=figures))

    cells = re.findall(r'<td class="n">([^<]+)</td>', text)
    assert cells == ["1,200", "30", "4", "234", "0", "1,000"]
    assert "1,234 people have signed" in text
    assert text.count('<svg class="plot') == 2


def test_a_call_that_nobody_signed_yet_invites() -> None:
    scene = scene_of(make_campaign())
    nothing = replace(scene.figures, total=0, by_country={}, other=0, by_day={})

    text = render_page(counts_page.counts_page(replace(scene, figures=nothing)), replace(scene, figures=nothing))

    assert "Be the first" in text
    assert "0 people have signed" in text


def test_words_of_the_software_are_marked_where_it_does_not_speak_the_language() -> None:
    scene = scene_of(make_campaign(languages=("sw",)), "sw")

    text = page_at(scene, "/clean-water/sw/my-data/")

    assert '<html lang="sw" dir="ltr">' in text
    assert '<div class="page task" lang="en" dir="ltr">' in text
