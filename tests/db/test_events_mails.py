"""Every mail of events and moderation renders in each direction of writing, and says no more than it should."""

import re

import pytest

from clarion.events.actions import take_proposal
from clarion.events.mails import RENDERERS
from clarion.events.models import Event
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.moderation.actions import decide_event, promise_digests, undo_decision
from clarion.moderation.mails import RENDERERS as DECISION_RENDERERS
from clarion.moderation.models import Decision
from clarion.moderation.rules import REASONS
from clarion.outbox.actions import note_denial
from clarion.outbox.letters import Desk, Letter
from clarion.outbox.models import Mail
from tests.make import DAY, NOON, make_campaign, make_event, make_organiser, make_proposal, make_venue

pytestmark = pytest.mark.django_db

ALL = {**RENDERERS, **DECISION_RENDERERS}
TO_HOST = sorted(ALL.keys() - {"confirm-event", "event-cancelled-notice", "moderation-digest"})
LANGUAGES = ("en", "ar")


@pytest.fixture
def signed() -> list[Link]:
    """The links that were signed, in order."""
    return []


@pytest.fixture
def desk(keys: Keys, signed: list[Link]) -> Desk:
    """A desk whose tokens are plain to read."""

    def sign(link: Link) -> str:
        signed.append(link)
        return f"token-{link.kind.name.lower()}-{link.generation}"

    return Desk("https://call.example.org", "https://office.example.org", keys.field, sign, NOON)


def mail(kind: str, record: str, language: str = "en", **detail: str) -> Mail:
    """A due mail."""
    return Mail(kind=kind, record=record, campaign="clean-water", language=language, detail=detail)


def checked(letter: Letter | None) -> Letter:
    """The letter, which must be whole: both parts, no blank left open, no line of the subject broken."""
    assert letter is not None
    for part in (letter.subject, letter.text, letter.html):
        assert not re.search(r"\{\w*\}|%\(\w+\)|None|Undefined", part.replace("{color", ""))
    assert "\n" not in letter.subject
    assert "\n\n\n" not in letter.text
    assert "\r" not in letter.text + letter.html  # a message ends its lines so itself
    return letter


def decision_on(event: Event, reason: str = "place-unclear") -> Decision:
    """A decision with a moderator's own words, two lines as a browser sends them."""
    return Decision.objects.create(
        campaign="clean-water", object_kind="event", object=event.public_id, event=event.public_id, verb="refuse",
        reason=reason, sentence="Which <gate> is it?\r\nWhere?", before="waiting", by="0" * 32, at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TO_HOST)
def test_each_mail_to_an_organiser_is_whole(keys: Keys, desk: Desk, kind: str, language: str) -> None:
    event = make_event(make_campaign(languages=LANGUAGES), keys, generation=3, ends_local="2026-12-11T01:00")

    letter = checked(ALL[kind](mail(kind, event.public_id, language, decision=decision_on(event).public_id), desk))

    assert (letter.to, letter.sender_name) == ("wanjiru@example.com", "Water Committee")
    assert "Cups on the steps" in letter.text
    assert "Cups on the steps" in letter.subject
    assert "Africa/Nairobi" in letter.text
    if kind != "event-refused":
        address = f"https://call.example.org/clean-water/{language}/events/{event.public_id}/manage/token-manage-3"
        assert address in letter.text
        assert address in letter.html


@pytest.mark.parametrize("kind", sorted(DECISION_RENDERERS.keys() - {"moderation-digest"}))
def test_a_decision_is_told_with_its_reason_and_the_moderators_sentence(keys: Keys, desk: Desk, kind: str) -> None:
    event = make_event(make_campaign(), keys)

    letter = checked(ALL[kind](mail(kind, event.public_id, decision=decision_on(event).public_id), desk))

    for part in (letter.text, letter.html):
        assert REASONS["place-unclear"] in part
    assert "Which <gate> is it?" in letter.text
    assert "Which &lt;gate&gt; is it?" in letter.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_confirming_no_word_of_the_stranger_is_mailed(
    keys: Keys, desk: Desk, signed: list[Link], language: str
) -> None:
    make_campaign(languages=LANGUAGES)
    words = {
        "title": "Canaryone", "address": "Canarytwo", "bring": "Canarythree", "accessibility": "Canaryfour",
        "public_contact": "Canaryfive", "name": "Canarysix", "city": "Canaryseven",
    }  # fmt: skip
    submission = make_proposal(page_language=language, **words)
    event = take_proposal(submission, keys=keys, now=NOON)
    assert event is not None

    letter = checked(ALL["confirm-event"](Mail.objects.get(), desk))

    for part in (letter.subject, letter.text, letter.html):
        assert "canary" not in part.lower()
    assert f"https://call.example.org/clean-water/{language}/confirm/token-confirm_event-0?not-me" in letter.text
    assert signed == [
        Link(LinkKind.CONFIRM_EVENT, event.campaign_id, event.public_id, 0, int((NOON + 7 * DAY).timestamp()))  # type: ignore[arg-type]
    ]


def test_the_confirmation_says_what_was_understood(keys: Keys, desk: Desk) -> None:
    campaign = make_campaign()
    make_venue(campaign, name="Treasury Square", city="Mombasa", ref="ke-mombasa")
    take_proposal(make_proposal(venue="ke-mombasa"), keys=keys, now=NOON)

    letter = checked(ALL["confirm-event"](Mail.objects.get(), desk))

    assert letter.subject == "Confirm your event: Clean water in every school"
    for said in ("Thursday", "December 10, 2026", "6:00", "Africa/Nairobi", "Treasury Square, Mombasa, Kenya"):
        assert said in letter.text


def test_a_shifted_hour_is_told(keys: Keys, desk: Desk) -> None:
    make_campaign()
    gap = make_proposal(country="DE", city="Berlin", date="2027-03-28", time="02:30")
    take_proposal(gap, keys=keys, now=NOON)

    letter = checked(ALL["confirm-event"](Mail.objects.get(), desk))

    assert "an hour later" in letter.text
    assert "3:30" in letter.text


def test_after_a_not_me_the_next_link_asks_for_the_address(keys: Keys, desk: Desk, signed: list[Link]) -> None:
    make_campaign()
    event = take_proposal(make_proposal(), keys=keys, now=NOON)
    assert event is not None
    assert event.host_hash is not None
    note_denial(bytes(event.host_hash), "clean-water", now=NOON)

    checked(ALL["confirm-event"](Mail.objects.get(), desk))

    assert signed[0].kind == LinkKind.CONFIRM_EVENT_TYPED


def test_a_discreet_campaign_has_neutral_subjects(keys: Keys, desk: Desk) -> None:
    event = make_event(make_campaign(is_discreet=True), keys)
    take_proposal(make_proposal(time="20:00"), keys=keys, now=NOON)

    confirm = checked(ALL["confirm-event"](Mail.objects.get(), desk))
    kept = checked(ALL["event-kept"](mail("event-kept", event.public_id), desk))

    assert (confirm.subject, kept.subject) == ("Please confirm your e-mail address", "About your event")


def test_nothing_is_mailed_where_no_one_is_known_any_more(keys: Keys, desk: Desk) -> None:
    campaign = make_campaign()
    launched = make_event(campaign)
    confirmed = make_event(campaign, keys, state="waiting")

    assert ALL["event-cancelled"](mail("event-cancelled", launched.public_id), desk) is None
    assert ALL["event-kept"](mail("event-kept", "0" * 32), desk) is None
    assert ALL["confirm-event"](mail("confirm-event", confirmed.public_id), desk) is None
    assert ALL["confirm-event"](mail("confirm-event", "0" * 32), desk) is None


def test_a_decision_that_was_undone_is_not_told(keys: Keys, desk: Desk) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()
    decision = decide_event(event.public_id, "refuse", reason="other", by=by, now=NOON)
    due = Mail.objects.get()
    undo_decision(decision.public_id, by=by, now=NOON)

    assert ALL["event-refused"](due, desk) is None


def test_a_country_stands_in_no_sentence_that_asks_for_its_article(keys: Keys, desk: Desk) -> None:
    event = make_event(make_campaign(), keys, state="cancelled", country="NL")
    notice = mail("event-cancelled-notice", make_organiser().public_id, "en", event=event.public_id)

    letter = ALL["event-cancelled-notice"](notice, desk)

    assert letter
    assert letter.subject == "An event was cancelled (Netherlands)"
    assert "An event was cancelled (Netherlands)." in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_moderators_are_told_of_a_cancel_with_a_link_only(keys: Keys, desk: Desk, language: str) -> None:
    event = make_event(make_campaign(), keys, state="cancelled")
    organiser = make_organiser()
    notice = mail("event-cancelled-notice", organiser.public_id, language, event=event.public_id)

    letter = checked(ALL["event-cancelled-notice"](notice, desk))

    assert letter.to == organiser.email
    assert f"https://office.example.org/c/clean-water/events/{event.public_id}/" in letter.text
    assert "Cups" not in letter.text + letter.html + letter.subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digest_has_numbers_and_a_link_only(keys: Keys, desk: Desk, language: str) -> None:
    campaign = make_campaign()
    organiser = make_organiser(role="moderator", countries=("KE",))
    make_event(campaign, keys, state="waiting")
    make_event(campaign, keys, state="waiting", country="FR")
    promise_digests(now=NOON)
    due = Mail.objects.get()
    due.language = language

    letter = checked(ALL["moderation-digest"](due, desk))

    assert letter.to == organiser.email
    assert "https://office.example.org/c/clean-water/moderation/" in letter.text
    assert "Cups" not in letter.text + letter.html
    if language == "en":
        assert letter.subject == "1 thing waits for a moderator"
        assert "The oldest has waited for 24 hours." in letter.text


def test_no_digest_goes_out_once_nothing_waits(keys: Keys, desk: Desk) -> None:
    campaign = make_campaign()
    organiser = make_organiser()

    assert ALL["moderation-digest"](mail("moderation-digest", organiser.public_id), desk) is None
    assert ALL["moderation-digest"](mail("moderation-digest", "0" * 32), desk) is None
    make_event(campaign, keys, state="waiting")
    organiser.is_active = False
    organiser.save()
    assert ALL["moderation-digest"](mail("moderation-digest", organiser.public_id), desk) is None


def test_a_cancel_that_was_taken_back_is_not_told_to_moderators(keys: Keys, desk: Desk) -> None:
    event = make_event(make_campaign(), keys)
    notice = mail("event-cancelled-notice", make_organiser().public_id, event=event.public_id)

    assert ALL["event-cancelled-notice"](notice, desk) is None
