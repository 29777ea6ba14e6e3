"""Decisions on events and changes, undoing them, corrections, reports, and reminders."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from django_tasks_db.models import DBTaskResult

from clarion.audit.models import Entry
from clarion.events.actions import take_manage_form
from clarion.events.models import Event, Revision
from clarion.events.queries import fields_of
from clarion.events.rules import EventFields, NotNow, UnknownEvent
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.moderation.actions import (
    correct_event,
    decide_event,
    decide_revision,
    erase_about,
    promise_digests,
    see_reports,
    take_report,
    undo_decision,
)
from clarion.moderation.models import Decision, Report
from clarion.moderation.queries import decisions_on, open_reports, queue, reports_on, standing, waiting_counts
from clarion.moderation.rules import (
    AlreadyDecided,
    BadPoint,
    CannotUndo,
    ChangedMeanwhile,
    CheckMissing,
    NotYours,
    ReasonMissing,
    UnknownItem,
)
from clarion.outbox.models import Mail
from tests.make import DAY, HOUR, MINUTE, NOON, make_campaign, make_event, make_organiser, make_submission, make_team

pytestmark = pytest.mark.django_db


def stored(event: Event) -> Event:
    """The event as the records hold it."""
    return Event.objects.select_related("venue", "campaign").get(pk=event.pk)


def change(event: Event, **fields: str) -> Revision:
    """A change asked for by the event's organiser, waiting."""
    link = Link(LinkKind.MANAGE, event.campaign_id, event.public_id, event.generation)  # type: ignore[arg-type]
    take_manage_form(make_submission("manage", link=link, at=NOON, do="change", **fields), now=NOON)
    return event.revisions.get(state=Revision.State.WAITING)


def report(event: Event, **more: object) -> bool:
    """A reader's report, drained."""
    said = {"target": event.public_id, "reason": "not-real", "note": "Nobody came"}
    submission = make_submission("report", **{**said, **more})  # type: ignore[arg-type]
    return take_report(submission, now=NOON)


def mails() -> list[str]:
    """The kinds of the promised mails, in order."""
    return list(Mail.objects.order_by("pk").values_list("kind", flat=True))


def jobs() -> list[str]:
    """The names of the promised jobs."""
    return [row.args_kwargs["kwargs"]["name"] for row in DBTaskResult.objects.order_by("enqueued_at")]


@pytest.mark.parametrize(
    ("verb", "reason", "state", "mail", "job"),
    [
        ("keep", "", "kept", "event-kept", "publish-event"),
        ("ask-for-changes", "place-unclear", "changes-asked", "event-changes-asked", "publish-manage"),
        ("refuse", "duplicate", "refused", "event-refused", "publish-manage"),
    ],
)
def test_a_waiting_event_is_decided_and_its_organiser_told(
    keys: Keys, verb: str, reason: str, state: str, mail: str, job: str
) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser(role="moderator")

    decision = decide_event(
        event.public_id, verb, reason=reason, sentence=" Thank you. ", checked="spoken", by=by, now=NOON  # type: ignore[arg-type]
    )  # fmt: skip

    assert stored(event).state == state
    assert (mails(), jobs()) == ([mail], [job])
    assert Mail.objects.get().detail == {"decision": decision.public_id}
    assert (decision.before, decision.reason, decision.sentence) == ("waiting", reason, "Thank you.")
    entry = Entry.objects.get()
    assert (entry.actor, entry.verb, entry.object) == (by.public_id, verb, event.public_id)
    assert "Thank" not in str(entry.detail)


def test_keeping_records_how_it_was_checked(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    decide_event(event.public_id, "keep", checked="neither", by=make_organiser(), now=NOON)

    assert (stored(event).checked, stored(event).kept_at) == ("neither", NOON)


@pytest.mark.parametrize("state", ["kept", "cancelled", "ended"])
def test_what_the_public_sees_can_be_hidden(keys: Keys, state: str) -> None:
    event = make_event(make_campaign(), keys, state=state)
    report(event)
    decide_event(event.public_id, "hide", reason="not-real", by=make_organiser(), now=NOON)

    assert stored(event).state == "hidden"
    assert (mails(), jobs()) == (["event-hidden"], ["publish-event"])
    assert open_reports([event.public_id]) == {}


@pytest.mark.parametrize("state", ["unconfirmed", "changes-asked", "refused", "hidden", "denied"])
@pytest.mark.parametrize("verb", ["keep", "ask-for-changes", "refuse", "hide"])
def test_no_other_state_can_be_decided_on(keys: Keys, state: str, verb: str) -> None:
    event = make_event(make_campaign(), keys, state=state)

    with pytest.raises(AlreadyDecided):
        decide_event(event.public_id, verb, reason="other", checked="known", by=make_organiser(), now=NOON)  # type: ignore[arg-type]
    assert (stored(event).state, mails(), Decision.objects.count()) == (state, [], 0)


def test_a_cancelled_event_that_was_never_kept_cannot_be_hidden(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="cancelled", kept_at=None)

    with pytest.raises(AlreadyDecided):
        decide_event(event.public_id, "hide", reason="other", by=make_organiser(), now=NOON)


def test_the_slower_moderator_is_told_who_was_faster(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    fast, slow = make_organiser(name="Nadia"), make_organiser(name="Tomas")
    decide_event(event.public_id, "keep", checked="known", by=fast, now=NOON)

    with pytest.raises(AlreadyDecided, match="Another moderator was faster: Nadia kept it"):
        decide_event(event.public_id, "refuse", reason="duplicate", by=slow, now=NOON)
    assert stored(event).state == "kept"
    assert mails() == ["event-kept"]


def test_a_text_that_changed_after_it_was_read_is_not_kept(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    seen = event.sequence
    link = Link(LinkKind.MANAGE, event.campaign_id, event.public_id)  # type: ignore[arg-type]
    take_manage_form(make_submission("manage", link=link, do="change", title="Other words"), now=NOON)

    by = make_organiser()
    with pytest.raises(ChangedMeanwhile):
        decide_event(event.public_id, "keep", checked="known", by=by, now=NOON, seen=seen)
    decide_event(event.public_id, "keep", checked="known", by=by, now=NOON, seen=stored(event).sequence)


def test_an_incomplete_decision_changes_nothing(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()

    with pytest.raises(CheckMissing):
        decide_event(event.public_id, "keep", by=by, now=NOON)
    with pytest.raises(ReasonMissing):
        decide_event(event.public_id, "refuse", by=by, now=NOON)
    with pytest.raises(UnknownEvent):
        decide_event("0" * 32, "keep", checked="known", by=by, now=NOON)
    assert stored(event).state == "waiting"


def test_a_moderator_decides_in_their_countries_only(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    french = make_organiser(role="moderator", countries=("FR",))
    stranger = make_organiser(team=make_team(owner_email="else@example.org"))

    for by in (french, stranger):
        with pytest.raises(NotYours):
            decide_event(event.public_id, "keep", checked="known", by=by, now=NOON)
    kenyan = make_organiser(role="moderator", countries=("KE", "UG"))
    decide_event(event.public_id, "keep", checked="known", by=kenyan, now=NOON)


def test_a_change_is_kept_or_not_and_the_event_follows(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    by = make_organiser()

    decide_revision(change(event, title="Jugs").public_id, "refuse", reason="other", by=by, now=NOON)
    assert stored(event).title == event.title
    decide_revision(change(event, title="Jars").public_id, "ask-for-changes", reason="other", by=by, now=NOON)
    assert stored(event).title == event.title
    decide_revision(change(event, title="Pots").public_id, "keep", by=by, now=NOON)
    assert stored(event).title == "Pots"

    decided = [kind for kind in mails() if kind != "change-waiting"]
    assert decided == ["change-refused", "change-changes-asked", "change-kept"]
    assert [one.verb for one in decisions_on(event.public_id)] == ["keep", "ask-for-changes", "refuse"]


def test_a_change_is_decided_once(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    by = make_organiser()
    first = change(event, title="Jugs")
    second = change(event, title="Jars")

    with pytest.raises(ChangedMeanwhile):
        decide_revision(first.public_id, "keep", by=by, now=NOON)
    decide_revision(second.public_id, "keep", by=by, now=NOON)
    with pytest.raises(AlreadyDecided, match="faster"):
        decide_revision(second.public_id, "refuse", reason="other", by=by, now=NOON)
    with pytest.raises(UnknownItem):
        decide_revision("0" * 32, "keep", by=by, now=NOON)
    with pytest.raises(UnknownItem):
        decide_revision(second.public_id, "hide", reason="other", by=by, now=NOON)


def test_a_change_of_an_event_that_is_over_is_not_kept(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    revision = change(event, title="Jugs")
    Event.objects.update(state="ended")

    with pytest.raises(NotNow):
        decide_revision(revision.public_id, "keep", by=make_organiser(), now=NOON)


@pytest.mark.parametrize(("verb", "reason"), [("keep", ""), ("refuse", "other"), ("ask-for-changes", "other")])
def test_undoing_puts_the_event_back_into_the_queue(keys: Keys, verb: str, reason: str) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()
    decision = decide_event(event.public_id, verb, reason=reason, checked="known", by=by, now=NOON)  # type: ignore[arg-type]
    Mail.objects.all().delete()  # it has left

    undo_decision(decision.public_id, by=by, now=NOON + MINUTE)

    back = stored(event)
    assert (back.state, back.kept_at, back.checked) == ("waiting", None, "")
    assert mails() == ["event-received"]
    assert jobs() == (["publish-event"] * 2 if verb == "keep" else ["publish-manage"] * 2)
    decide_event(event.public_id, "keep", checked="known", by=by, now=NOON + HOUR)


def test_a_mail_that_has_not_left_is_dropped_when_its_decision_is_undone(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()
    decision = decide_event(event.public_id, "refuse", reason="other", by=by, now=NOON)

    undo_decision(decision.public_id, by=by, now=NOON)

    assert mails() == []


def test_a_hidden_event_comes_back_as_it_was(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    by = make_organiser()
    decision = decide_event(event.public_id, "hide", reason="other", by=by, now=NOON)
    Mail.objects.all().delete()
    undo_decision(decision.public_id, by=by, now=NOON)

    assert (stored(event).state, stored(event).checked, mails()) == ("kept", "spoken", ["event-kept"])


def test_only_the_last_decision_can_be_undone_and_only_once(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()
    kept = decide_event(event.public_id, "keep", checked="known", by=by, now=NOON)
    hidden = decide_event(event.public_id, "hide", reason="other", by=by, now=NOON)

    with pytest.raises(CannotUndo):
        undo_decision(kept.public_id, by=by, now=NOON)
    undo_decision(hidden.public_id, by=by, now=NOON)
    with pytest.raises(CannotUndo):
        undo_decision(hidden.public_id, by=by, now=NOON)
    undo_decision(kept.public_id, by=by, now=NOON)
    assert stored(event).state == "waiting"
    with pytest.raises(UnknownItem):
        undo_decision("0" * 32, by=by, now=NOON)


def test_a_decision_cannot_be_undone_once_the_event_went_on(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()
    decision = decide_event(event.public_id, "keep", checked="known", by=by, now=NOON)
    Event.objects.update(state="ended")

    with pytest.raises(CannotUndo):
        undo_decision(decision.public_id, by=by, now=NOON)
    assert stored(event).state == "ended"


def test_a_kept_change_is_undone_with_its_words(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    by = make_organiser()
    decision = decide_revision(change(event, title="Jugs").public_id, "keep", by=by, now=NOON)
    Mail.objects.all().delete()
    undo_decision(decision.public_id, by=by, now=NOON)

    assert mails() == ["change-waiting"]
    assert stored(event).title == event.title
    assert event.revisions.get().state == Revision.State.WAITING


def test_a_moderator_corrects_pin_and_text(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser(role="moderator")

    correct_event(event.public_id, {"lat": 48.85, "lon": 2.35, "title": "Cups"}, by=by, now=NOON)
    assert (stored(event).lat, stored(event).title) == (48.85, "Cups")
    assert "outside-country" in stored(event).flags
    assert Entry.objects.get().detail == {"fields": ["lat", "lon", "title"]}
    for wrong in ({"lat": 91.0, "lon": 0.0}, {"lat": 1.0}):
        with pytest.raises(BadPoint):
            correct_event(event.public_id, wrong, by=by, now=NOON)
    with pytest.raises(UnknownItem):
        correct_event(event.public_id, {"state": "kept"}, by=by, now=NOON)


def test_a_corrected_place_is_mailed_to_the_organiser_and_a_pin_is_not(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser(role="moderator")

    correct_event(event.public_id, {"lat": -1.3, "lon": 36.9, "title": "Cups"}, by=by, now=NOON)
    assert mails() == []
    correct_event(event.public_id, {"address": "North gate"}, by=by, now=NOON)
    assert mails() == ["event-moved"]


def test_a_correction_is_undone_with_place_pin_and_zone(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, lat=-1.3, lon=36.9, zone="Africa/Kampala")
    by, said = make_organiser(), fields_of(event)
    corrected = {"city": "Berlin", "country": "DE", "title": "Cups, corrected"}
    decision = correct_event(event.public_id, corrected, by=by, now=NOON)
    assert (stored(event).zone, stored(event).title) == ("Europe/Berlin", "Cups, corrected")

    undo_decision(decision.public_id, by=by, now=NOON)

    assert fields_of(stored(event)) == said
    assert not event.revisions.exists()
    with pytest.raises(CannotUndo):
        undo_decision(decision.public_id, by=by, now=NOON)


def test_a_pin_makes_the_place_exact_until_it_is_undone_or_the_city_changes(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, is_centre=True)
    by, said = make_organiser(), fields_of(event)

    pin = correct_event(event.public_id, {"lat": -1.3, "lon": 36.9}, by=by, now=NOON)
    assert stored(event).exact_point == (-1.3, 36.9)
    correct_event(event.public_id, {"title": "Cups"}, by=by, now=NOON + MINUTE)
    assert stored(event).exact_point == (-1.3, 36.9)
    away = correct_event(event.public_id, {"city": "Mombasa"}, by=by, now=NOON + 2 * MINUTE)
    assert stored(event).is_centre
    undo_decision(away.public_id, by=by, now=NOON + 3 * MINUTE)
    assert stored(event).exact_point == (-1.3, 36.9)
    undo_decision(pin.public_id, by=by, now=NOON + 3 * MINUTE)
    assert fields_of(stored(event)) == replace(said, title="Cups")


def test_a_correction_is_not_undone_over_a_later_text(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    by = make_organiser()
    first = correct_event(event.public_id, {"title": "Cups"}, by=by, now=NOON)
    second = correct_event(event.public_id, {"title": "Jugs"}, by=by, now=NOON + MINUTE)
    pin = correct_event(event.public_id, {"lat": -1.3, "lon": 36.9}, by=by, now=NOON + 2 * MINUTE)

    with pytest.raises(CannotUndo):
        undo_decision(first.public_id, by=by, now=NOON)
    undo_decision(second.public_id, by=by, now=NOON)
    assert (stored(event).title, stored(event).lat) == ("Cups", -1.3)
    undo_decision(first.public_id, by=by, now=NOON)
    undo_decision(pin.public_id, by=by, now=NOON)
    assert (stored(event).title, stored(event).lat) == (event.title, -1.29)


def test_a_correction_is_no_change_that_waits(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    by = make_organiser()
    correction = correct_event(event.public_id, {"title": "Cups"}, by=by, now=NOON)

    assert queue(event.campaign, now=NOON) == []
    with pytest.raises(AlreadyDecided):
        decide_revision(correction.object, "keep", by=by, now=NOON)


def test_a_hidden_event_comes_back_after_its_change_was_kept(keys: Keys) -> None:
    """Its organiser mends what was wrong; keeping the change left it hidden for ever."""
    event = make_event(make_campaign(), keys)
    by = make_organiser()
    hidden = decide_event(event.public_id, "hide", reason="other", by=by, now=NOON)
    kept = decide_revision(change(event, title="Jugs").public_id, "keep", by=by, now=NOON + MINUTE)
    correct_event(event.public_id, {"bring": "A cup"}, by=by, now=NOON + 2 * MINUTE)

    stand = standing(decisions_on(event.public_id))
    assert (stand[event.public_id], stand[kept.object]) == (hidden, kept)
    undo_decision(hidden.public_id, by=by, now=NOON + HOUR)

    assert (stored(event).state, stored(event).title, stored(event).bring) == ("kept", "Jugs", "A cup")


def test_a_report_flags_and_hides_nothing(keys: Keys) -> None:
    campaign = make_campaign()
    event = make_event(campaign, keys)
    by = make_organiser()

    assert report(event)

    assert stored(event).state == "kept"
    assert [(item.kind, len(item.reports)) for item in queue(campaign, now=NOON)] == [("report", 1)]
    ids = [one.public_id for one in reports_on(event.public_id)]
    assert see_reports(event.public_id, ids, by=by, now=NOON) == 1
    assert see_reports(event.public_id, ids, by=by, now=NOON) == 0
    assert str(Report.objects.get()) == f"not-real on {event.public_id}"
    assert queue(campaign, now=NOON) == []
    assert len(reports_on(event.public_id)) == 1


def test_a_reported_event_whose_change_waits_stands_in_the_queue_once(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    report(event, at=NOON - DAY)
    revision = change(event, title="Jugs")

    items = queue(event.campaign, now=NOON)

    assert [(item.kind, item.revision, len(item.reports)) for item in items] == [("change", revision, 1)]


def test_a_report_that_another_moderator_reads_meanwhile_breaks_nothing(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make_event(make_campaign(), keys)
    report(event)

    def read_by_another(event_ids: Collection[str]) -> dict[str, list[Report]]:
        Report.objects.filter(event__in=event_ids).update(seen_at=NOON)
        return open_reports(event_ids)

    monkeypatch.setattr("clarion.moderation.queries.open_reports", read_by_another)

    assert queue(event.campaign, now=NOON) == []


def test_a_report_drained_twice_is_one(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    submission = make_submission("report", target=event.public_id, reason="dangerous")

    assert (take_report(submission, now=NOON), take_report(submission, now=NOON)) == (True, False)
    assert Report.objects.count() == 1


def test_a_report_on_what_nobody_can_see_is_passed_over(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")

    assert not report(event)
    assert not take_report(make_submission("report", reason="other", target="0" * 32), now=NOON)
    assert not take_report(
        make_submission("report", campaign="other", reason="other", target=event.public_id), now=NOON
    )


def test_reports_and_sentences_go_with_their_event(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    decide_event(event.public_id, "keep", checked="known", sentence="Hello", by=make_organiser(), now=NOON)
    report(stored(event))

    erase_about([event.public_id])

    assert not Report.objects.exists()
    assert Decision.objects.get().sentence == ""


def test_the_queue_has_flags_language_and_age(keys: Keys) -> None:
    campaign = make_campaign()
    past = make_event(campaign, keys, state="waiting", language="sw", flags=["link-in-title"])
    kept = make_event(campaign, keys, country="FR", city="Paris", lat=48.85, lon=2.35)
    change(kept, title="Jugs")

    items = queue(campaign, now=NOON + 30 * DAY)

    assert [(item.kind, item.event, item.flags) for item in items] == [
        ("event", past, ("in-the-past", "link-in-title")),
        ("change", kept, ("in-the-past",)),
    ]
    assert items[0].age(NOON) == DAY
    assert items[1].revision is not None
    assert queue(campaign, language="sw", now=NOON) == queue(campaign, ["KE"], now=NOON)
    waiting = waiting_counts(campaign, now=NOON)
    assert (waiting.events, waiting.changes, waiting.reports, waiting.total) == (1, 1, 0, 2)
    assert (waiting.oldest_at, waiting.newest_at) == (NOON - DAY, NOON)


def test_a_change_in_the_queue_has_the_flags_of_what_it_asks_for(keys: Keys) -> None:
    """A harmless event that was kept is a good place to hide what would not be kept by itself."""
    campaign = make_campaign()
    event = make_event(campaign, keys, flags=["copy-nearby"])
    change(event, title="Free iPhones www.scam.example", date="2026-11-01")

    [item] = queue(campaign, now=NOON)

    assert (item.kind, item.flags) == ("change", ("in-the-past", "link-in-title"))


def test_a_change_to_a_later_day_is_past_only_once_that_day_is(keys: Keys) -> None:
    campaign = make_campaign()
    change(make_event(campaign, keys), date="2026-12-20")

    assert [queue(campaign, now=NOON + days * DAY)[0].flags for days in (15, 25)] == [(), ("in-the-past",)]


def test_moderators_are_reminded_of_what_waits_in_their_countries(keys: Keys) -> None:
    campaign = make_campaign()
    admin, other = make_organiser(), make_organiser()
    kenyan = make_organiser(role="moderator", countries=("KE",))
    make_organiser(role="moderator", countries=("FR",))
    assert promise_digests(now=NOON) == 0

    event = make_event(campaign, keys, state="waiting", confirmed_at=NOON)

    assert promise_digests(now=NOON) == 3
    assert set(Mail.objects.values_list("kind", "record")) == {
        ("moderation-digest", admin.public_id),
        ("moderation-digest", other.public_id),
        ("moderation-digest", kenyan.public_id),
    }
    assert promise_digests(now=NOON + 2 * HOUR) == 0
    assert promise_digests(now=NOON + 5 * HOUR) == 0
    Event.objects.filter(pk=event.pk).update(confirmed_at=NOON + HOUR)
    assert promise_digests(now=NOON + 5 * HOUR) == 3
    assert promise_digests(now=NOON + 29 * HOUR) == 3


def test_a_decision_leaves_what_the_event_says_alone(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    said: EventFields = fields_of(event)
    decide_event(event.public_id, "keep", checked="known", by=make_organiser(), now=NOON)

    assert fields_of(stored(event)) == said
