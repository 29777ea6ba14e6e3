"""The queue: decisions with reasons, the next item after each, and a clear word when another was faster."""

import re
from datetime import datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clarion.campaigns.models import Campaign
from clarion.events.models import Event, Revision
from clarion.kernel.ids import new_id
from clarion.kernel.keys import Keys
from clarion.moderation.actions import correct_event, decide_event, decide_revision
from clarion.moderation.models import Decision, Report
from clarion.moderation.queries import queue
from clarion.outbox.models import Mail
from tests.make import DAY, HOUR, MINUTE, NOON, make_campaign, make_event, make_organiser, make_venue
from tests.office import signed_in

pytestmark = pytest.mark.django_db
QUEUE = "/c/clean-water/moderation/"


def waiting(keys: Keys, *, age: int = 1, **fields: Any) -> Event:
    at = NOON - age * HOUR
    return make_event(
        Campaign.objects.first() or make_campaign(), keys, state="waiting", confirmed_at=at, proposed_at=at, **fields
    )


def test_the_queue_shows_flags_language_and_age_and_can_be_narrowed_to_a_language(keys: Keys) -> None:
    waiting(keys, title="Marche pour l’eau", language="fr", flags=["copy-nearby"])
    waiting(keys, title="One glass")
    client = signed_in(make_organiser(role="moderator"))

    page = client.get(QUEUE).content.decode()
    assert "maybe a copy" in page
    assert "Marche pour l’eau" in page
    assert "One glass" in page
    assert "One glass" not in client.get(QUEUE + "?language=fr").content.decode()


def test_an_item_that_may_be_a_copy_leads_to_the_event_it_may_be_a_copy_of(keys: Keys) -> None:
    campaign = make_campaign()
    kept, _far = make_event(campaign, keys, title="Jugs at the gate"), make_event(campaign, keys, title="Far", lat=1.0)
    make_event(campaign, keys, title="Cancelled there", state="cancelled")
    event = waiting(keys, title="Jugs", flags=["copy-nearby"])
    page = signed_in(make_organiser(role="moderator")).get(f"{QUEUE}{event.public_id}/").content.decode()

    assert f'href="{QUEUE}{kept.public_id}/"' in page
    assert "Jugs at the gate" in page
    assert "Far" not in page
    assert "Cancelled there" not in page


def test_a_change_that_may_be_a_copy_leads_to_what_stands_where_it_would_move(keys: Keys) -> None:
    campaign = make_campaign()
    here = make_event(campaign, keys, title="Lanterns")
    there = make_event(campaign, keys, title="Jugs", country="UG", city="Kampala", lat=0.31, lon=32.58)
    fields = {"lat": 0.31, "lon": 32.58}
    Revision.objects.create(
        public_id=new_id(), event=here, fields=fields, flags=["copy-nearby"], proposed_at=NOON, starts_at=here.starts_at
    )
    address = f"{QUEUE}{here.public_id}/"

    assert f'href="{QUEUE}{there.public_id}/"' in signed_in(make_organiser()).get(address).content.decode()
    page = signed_in(make_organiser(role="moderator", countries=("KE",))).get(address).content.decode()
    assert "Jugs" in page  # of another moderator's country: named, without a way to it
    assert f'href="{QUEUE}{there.public_id}/"' not in page


def test_an_item_shows_the_organisers_contact_to_a_moderator(keys: Keys) -> None:
    event = waiting(keys)
    page = signed_in(make_organiser(role="moderator")).get(f"{QUEUE}{event.public_id}/").content.decode()

    assert "wanjiru@example.com" in page
    assert "Wanjiru Kamau" in page


def test_keeping_says_how_it_was_checked_and_goes_on_to_the_next(keys: Keys) -> None:
    first, second = waiting(keys, age=2), waiting(keys, age=1)
    client = signed_in(make_organiser(role="moderator"))

    answer = client.post(f"{QUEUE}{first.public_id}/decide/", {"verb": "keep", "checked": "spoken", "seen": "0"})

    assert answer["Location"] == f"{QUEUE}{second.public_id}/"
    first.refresh_from_db()
    assert (first.state, first.checked) == ("kept", "spoken")
    answer = client.post(
        f"{QUEUE}{second.public_id}/decide/", {"verb": "refuse", "reason": "duplicate", "sentence": "Sorry."}
    )
    assert answer["Location"] == QUEUE
    assert Mail.objects.filter(kind="event-refused").count() == 1


def test_a_decision_without_its_reason_changes_nothing(keys: Keys) -> None:
    event = waiting(keys)
    client = signed_in(make_organiser(role="moderator"))
    for posted in (
        {"verb": "keep"}, {"verb": "refuse"}, {"verb": "refuse", "reason": "nonsense"}, {"verb": "burn"}, {},
    ):  # fmt: skip
        answer = client.post(f"{QUEUE}{event.public_id}/decide/", posted)
        assert answer.status_code == 422

    event.refresh_from_db()
    assert event.state == "waiting"
    assert not Decision.objects.exists()


def test_the_second_moderator_is_told_who_was_faster(keys: Keys) -> None:
    event = waiting(keys)
    one, other = make_organiser(role="moderator", name="Mo"), make_organiser(role="moderator")
    address = f"{QUEUE}{event.public_id}/decide/"
    signed_in(one).post(address, {"verb": "keep", "checked": "known"})

    page = signed_in(other).post(address, {"verb": "refuse", "reason": "hateful"}, follow=True).content.decode()

    assert "Another moderator was faster: Mo kept it." in page
    event.refresh_from_db()
    assert event.state == "kept"


def test_a_text_that_changed_meanwhile_is_read_again(keys: Keys) -> None:
    event = waiting(keys, sequence=1)
    client = signed_in(make_organiser(role="moderator"))

    page = client.post(
        f"{QUEUE}{event.public_id}/decide/", {"verb": "keep", "checked": "known", "seen": "0"}, follow=True
    )

    assert "changed the event after you opened it" in page.content.decode()


def test_a_decision_is_taken_back(keys: Keys) -> None:
    event = waiting(keys)
    client = signed_in(make_organiser(role="moderator"))
    client.post(f"{QUEUE}{event.public_id}/decide/", {"verb": "refuse", "reason": "hateful"})
    decision = Decision.objects.get()

    client.post(f"{QUEUE}{event.public_id}/undo/{decision.public_id}/")

    event.refresh_from_db()
    assert event.state == "waiting"


def test_undo_stands_beside_each_decision_that_stands(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    by = make_organiser()
    hidden = decide_event(event.public_id, "hide", reason="other", by=by, now=NOON)
    revision = Revision.objects.create(
        public_id=new_id(), event=event, fields={"title": "Jugs"}, proposed_at=NOON, starts_at=event.starts_at
    )
    kept = decide_revision(revision.public_id, "keep", by=by, now=NOON + MINUTE)
    corrected = correct_event(event.public_id, {"bring": "A cup"}, by=by, now=NOON + 2 * MINUTE)
    client = signed_in(by)

    page = client.get(f"{QUEUE}{event.public_id}/").content.decode()
    for decision in (hidden, kept, corrected):
        assert f"/undo/{decision.public_id}/" in page
    client.post(f"{QUEUE}{event.public_id}/undo/{corrected.public_id}/")
    client.post(f"{QUEUE}{event.public_id}/undo/{hidden.public_id}/")

    event.refresh_from_db()
    assert (event.state, event.title, event.bring) == ("kept", "Jugs", "")
    page = client.get(f"{QUEUE}{event.public_id}/").content.decode()
    assert [f"/undo/{one.public_id}/" in page for one in (hidden, kept, corrected)] == [False, True, False]


def test_the_pin_is_corrected(keys: Keys) -> None:
    event = waiting(keys)
    Event.objects.filter(pk=event.pk).update(is_centre=True)
    client = signed_in(make_organiser(role="moderator"))
    assert "centre of" in client.get(f"{QUEUE}{event.public_id}/").content.decode()
    said = {"title": event.title, "kind": event.kind, "city": event.city, "address": event.address}

    assert client.post(f"{QUEUE}{event.public_id}/correct/", {**said, "lat": "-1.3"}).status_code == 422
    client.post(f"{QUEUE}{event.public_id}/correct/", {**said, "lat": "-1.3", "lon": "36.9"})

    event.refresh_from_db()
    assert (event.lat, event.lon) == (-1.3, 36.9)
    assert "centre of" not in client.get(f"{QUEUE}{event.public_id}/").content.decode()


def test_a_published_event_is_hidden_and_cancelled_from_its_page(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    client = signed_in(make_organiser(role="moderator"))

    client.post(f"/c/clean-water/events/{event.public_id}/cancel/")
    event.refresh_from_db()
    assert event.state == "cancelled"
    client.post(f"{QUEUE}{event.public_id}/decide/", {"verb": "hide", "reason": "not-real"})
    event.refresh_from_db()
    assert event.state == "hidden"


def test_an_admin_announces_an_event_that_is_public_at_once() -> None:
    make_campaign()
    client = signed_in(make_organiser())
    form = {
        "title": "Cups on the steps", "kind": "rally", "language": "en", "country": "KE", "city": "Nairobi",
        "day": (NOON + 9 * DAY).date().isoformat(), "starts": "18:00",
    }  # fmt: skip

    assert client.post("/c/clean-water/events/new/", {**form, "city": ""}).status_code == 422
    client.post("/c/clean-water/events/new/", form)

    event = Event.objects.get()
    assert (event.state, event.origin, event.zone) == ("kept", "office", "Africa/Nairobi")
    client.post(f"/c/clean-water/events/{event.public_id}/edit/", {**form, "starts": "19:00"})
    event.refresh_from_db()
    assert event.starts_local.endswith("T19:00")


def test_the_queue_asks_the_database_the_same_whatever_its_length(
    keys: Keys, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for age in range(1, 9):
        waiting(keys, age=age)
    client = signed_in(make_organiser())

    with django_assert_num_queries(11):
        client.get(QUEUE)


def test_what_was_decided_leads_back_to_its_item(keys: Keys) -> None:
    """A thumb slips, and the queue has gone on; a title is shown as it was written."""
    event = waiting(keys, title="Water <b>for</b> all")
    client = signed_in(make_organiser(role="moderator"))

    page = client.post(f"{QUEUE}{event.public_id}/decide/", {"verb": "keep", "checked": "known"}, follow=True)

    assert f'href="{QUEUE}{event.public_id}/">Look again, or undo' in page.content.decode()
    assert "Water &lt;b&gt;for" in page.content.decode()


def test_a_published_event_can_be_hidden_while_its_change_waits(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    revision = Revision.objects.create(
        public_id=new_id(), event=event, fields={"title": "Jugs"}, proposed_at=NOON, starts_at=event.starts_at
    )
    client = signed_in(make_organiser(role="moderator"))

    page = client.get(f"{QUEUE}{event.public_id}/")
    folds = {fold.verb: fold.revision for fold in page.context["folds"]}
    assert folds == {"ask-for-changes": revision.public_id, "refuse": revision.public_id, "hide": ""}
    assert page.content.decode().count(f'name="revision" value="{revision.public_id}"') == 3
    client.post(f"{QUEUE}{event.public_id}/decide/", {"verb": "hide", "reason": "not-real", "seen": "0"})

    event.refresh_from_db()
    revision.refresh_from_db()
    assert (event.state, revision.state) == ("hidden", "waiting")


def test_what_nobody_saw_cannot_be_hidden(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="cancelled", kept_at=None)
    page = signed_in(make_organiser(role="moderator")).get(f"{QUEUE}{event.public_id}/")

    assert page.context["folds"] == []


@pytest.mark.parametrize(
    "posted",
    [
        {"verb": "refuse", "reason": "", "sentence": "We looked at the place."},
        {"verb": "refuse", "reason": "duplicate", "sentence": "We looked at the place.\u202e"},
        {"verb": "refuse", "reason": "duplicate", "sentence": "We looked at the place." + "x" * 500},
        {"verb": "refuse", "reason": "duplicate", "sentence": "We looked at the place.", "seen": "7"},
    ],
    ids=["no reason", "hidden character", "too long", "changed meanwhile"],
)
def test_a_sentence_is_not_lost_with_its_refusal(keys: Keys, posted: dict[str, str]) -> None:
    event = waiting(keys)
    client = signed_in(make_organiser(role="moderator"))

    answer = client.post(f"{QUEUE}{event.public_id}/decide/", posted)

    fold = answer.content.decode().split('id="sentence-r"')[1].split("</form>")[0]
    assert answer.status_code == 422
    assert "We looked at the place." in fold
    assert ("errorlist" in fold) == (answer.context["decision"].errors != {})
    assert 'value="duplicate" selected' in answer.content.decode() or not posted["reason"]


def test_a_sentence_for_a_decision_that_is_no_more_is_shown(keys: Keys) -> None:
    event = waiting(keys)
    address = f"{QUEUE}{event.public_id}/decide/"
    signed_in(make_organiser(role="moderator", name="Mo")).post(address, {"verb": "keep", "checked": "known"})

    posted = {"verb": "refuse", "reason": "hateful", "sentence": "We looked at the place."}
    answer = signed_in(make_organiser(role="moderator")).post(address, posted)

    page = answer.content.decode()
    assert "Another moderator was faster: Mo kept it." in page
    assert "Your sentence was not sent" in page
    assert "We looked at the place." in page
    assert 'id="sentence-h"' in page


def test_a_queue_that_was_narrowed_to_a_language_stays_so(keys: Keys) -> None:
    french, english = waiting(keys, age=3, language="fr"), waiting(keys, age=2)
    last = waiting(keys, age=1, language="fr")
    client = signed_in(make_organiser(role="moderator"))
    narrowed = f"{QUEUE}{french.public_id}/?language=fr"

    assert narrowed in client.get(QUEUE + "?language=fr").content.decode()
    page = client.get(narrowed).content.decode()
    assert english.public_id not in page
    for action in ("decide", "correct"):
        assert f'action="{QUEUE}{french.public_id}/{action}/?language=fr"' in page
    answer = client.post(f"{QUEUE}{french.public_id}/decide/?language=fr", {"verb": "keep", "checked": "known"})
    assert answer["Location"] == f"{QUEUE}{last.public_id}/?language=fr"
    answer = client.post(f"{QUEUE}{last.public_id}/decide/?language=fr", {"verb": "keep", "checked": "known"})

    assert answer["Location"] == QUEUE + "?language=fr"
    page = client.get(answer["Location"]).content.decode()
    assert "Nothing waits in this language." in page
    assert "All languages" in page


def test_the_queue_says_when_an_event_is_and_whom_to_write_to(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    client = signed_in(make_organiser(role="moderator"))

    whole = client.get(QUEUE).content.decode()
    item = client.get(f"{QUEUE}{event.public_id}/").content.decode()

    assert "Thu 10 Dec 2026, 18:00" in whole
    assert '<a href="mailto:wanjiru@example.com">' in item
    assert "Keep, not checked" in item


def test_where_keys_are_hidden_nothing_speaks_of_them(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    client = signed_in(make_organiser(role="moderator"))

    for address in (QUEUE, f"{QUEUE}{event.public_id}/"):
        page = re.sub(r'<span class="keys">.*?</span>', "", client.get(address).content.decode())
        assert "<kbd>j</kbd>" not in page
        assert "Press" not in page


def test_a_change_of_place_and_time_is_read_in_words(keys: Keys) -> None:
    event = waiting(keys)
    make_venue(event.campaign, ref="de-berlin", country="DE", city="Berlin", name="Reichstag")
    Revision.objects.create(
        public_id=new_id(), event=event, proposed_at=NOON, starts_at=event.starts_at,
        fields={"starts_local": "2026-12-12T17:00", "venue": "de-berlin", "country": "DE"},
    )  # fmt: skip
    Event.objects.filter(pk=event.pk).update(state="kept", kept_at=NOON)
    client = signed_in(make_organiser(role="moderator"))

    changes = client.get(f"{QUEUE}{event.public_id}/").context["changes"]

    assert {(name, then) for name, _, then in changes} == {
        ("Starts", "Saturday, 12 December 2026, 17:00"), ("Venue", "Reichstag, Berlin"), ("Country", "Germany"),
    }  # fmt: skip
    assert ("Starts", "Thursday, 10 December 2026, 18:00") in {(name, now) for name, now, _ in changes}


def reported(event: Event, note: str, *, at: datetime = NOON) -> Report:
    return Report.objects.create(
        public_id=new_id(), event=event.public_id, campaign="clean-water", reason="dangerous", note=note, at=at
    )


def test_a_report_that_came_after_the_page_was_drawn_is_not_taken_as_read(keys: Keys) -> None:
    """It may have been accepted earlier than those that were shown, and drained later."""
    event = make_event(make_campaign(), keys)
    read = [reported(event, "No such street."), reported(event, "It is a home.")]
    client = signed_in(make_organiser(role="moderator"))
    page = client.get(f"{QUEUE}{event.public_id}/").content.decode()
    late = reported(event, "Somebody comes with knives.", at=NOON - HOUR)
    address = f"{QUEUE}{event.public_id}/reports/"

    answer = client.post(address, {"seen": named(page, "seen")}, follow=True)

    assert {one.pk for one in Report.objects.exclude(seen_at=None)} == {one.pk for one in read}
    assert answer.redirect_chain[-1][0] == f"{QUEUE}{event.public_id}/"
    assert "Another report came meanwhile" in answer.content.decode()
    assert [item.reports for item in queue(event.campaign, now=NOON)] == [(late,)]
    last = client.post(address, {"seen": named(answer.content.decode(), "seen")}, follow=True)
    assert "The event stays as it is." in last.content.decode()
    assert queue(event.campaign, now=NOON) == []


def named(page: str, name: str) -> str:
    """What the first hidden field of this name holds."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', page)
    return found.group(1) if found else ""
