"""What organisers do by their link: change, cancel, take back, renew. Approved text stays until a change is kept."""

import pytest
from django_tasks_db.models import DBTaskResult

from clarion.events.actions import (
    correct,
    keep_revision,
    reopen_revision,
    settle_revision,
    take_manage_form,
)
from clarion.events.models import Event, Revision
from clarion.events.queries import fields_of
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.kernel.submissions import Submission
from clarion.outbox.models import Mail
from tests.make import DAY, HOUR, MINUTE, NOON, make_campaign, make_event, make_organiser, make_submission, make_venue

pytestmark = pytest.mark.django_db


def stored(event: Event) -> Event:
    """The event as the records hold it."""
    return Event.objects.select_related("venue").get(pk=event.pk)


def form(event: Event, do: str, *, generation: int | None = None, **fields: str) -> Submission:
    """What an organiser posts on the manage page."""
    number = event.generation if generation is None else generation
    link = Link(LinkKind.MANAGE, event.campaign_id, event.public_id, number)  # type: ignore[arg-type]
    return make_submission("manage", link=link, at=NOON + MINUTE, do=do, **fields)


def manage(event: Event, do: str, **fields: str) -> bool:
    """Post the manage page's form and drain it."""
    return take_manage_form(form(event, do, **fields), now=NOON + HOUR)


def waiting(event: Event) -> Revision:
    """The change that waits."""
    return event.revisions.get(state=Revision.State.WAITING)


def mails() -> list[str]:
    """The kinds of the promised mails, in order."""
    return list(Mail.objects.order_by("pk").values_list("kind", flat=True))


def jobs() -> list[str]:
    """The names of the promised jobs."""
    return [row.args_kwargs["kwargs"]["name"] for row in DBTaskResult.objects.order_by("enqueued_at")]


def test_a_change_waits_while_the_event_stays_as_approved(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    assert manage(event, "change", time="19:00", title="")

    assert fields_of(stored(event)) == fields_of(event)
    assert stored(event).state == Event.State.KEPT
    assert waiting(event).fields == {"starts_local": "2026-12-10T19:00"}
    assert (mails(), jobs()) == (["change-waiting"], ["publish-manage"])


def test_a_contact_is_taken_out_at_once_and_the_rest_waits(keys: Keys) -> None:
    """It is their own number: no moderator stands between, and no undo brings it back."""
    said = {"bring": "A cup", "accessibility": "Steps", "public_contact": "+254 700", "ends_local": "2026-12-10T20:00"}
    event = make_event(make_campaign(), keys, **said)
    correct(event, {"public_contact": "+254 701"}, now=NOON)
    ticks = {"no_bring": "yes", "no_accessibility": "yes", "no_end": "yes", "no_public_contact": "yes"}

    assert manage(event, "change", **ticks)

    assert (stored(event).public_contact, stored(event).bring) == ("", "A cup")
    assert stored(event).changed_at is not None
    assert waiting(event).fields == {"bring": "", "accessibility": "", "ends_local": ""}
    assert "publish-event" in " ".join(jobs())
    assert "+254" not in str(list(event.revisions.values("fields", "before")))
    assert keep_revision(waiting(stored(event)), now=NOON + HOUR)
    kept = stored(event)
    assert (kept.bring, kept.accessibility, kept.ends_local) == ("", "", "")
    assert not manage(event, "change", no_public_contact="yes")


def test_a_contact_that_waits_is_taken_out_and_a_new_one_may_follow(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, public_contact="+254 700")
    manage(event, "change", public_contact="+254 701")

    assert manage(event, "change", no_public_contact="yes", public_contact="@water")
    assert stored(event).public_contact == ""
    assert waiting(event).fields == {"public_contact": "@water"}
    assert manage(event, "change", no_public_contact="yes")
    assert not event.revisions.filter(state=Revision.State.WAITING).exists()


def test_of_a_cancelled_event_the_contact_alone_can_be_taken_out(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, public_contact="+254 700")
    manage(event, "change", public_contact="+254 701")
    assert manage(event, "cancel", city=event.city)

    assert not manage(event, "change", time="19:00")
    assert manage(event, "change", no_public_contact="yes", time="19:00")

    assert stored(event).public_contact == ""
    assert stored(event).starts_local == event.starts_local
    assert "+254" not in str(list(event.revisions.values("fields", "before")))


def test_an_hour_that_was_moved_on_stays_flagged_in_the_change_that_takes_it_up(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, country="DE", city="Berlin", zone="Europe/Berlin", lat=52.5, lon=13.4)
    manage(event, "change", date="2027-03-28", time="02:30")
    assert waiting(event).flags == ["clock-change"]

    manage(event, "change", bring="A cup")

    assert waiting(event).flags == ["clock-change"]
    manage(event, "change", time="04:00")
    assert waiting(event).flags == []


def test_a_change_drained_twice_waits_once(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    change = form(event, "change", time="19:00")

    assert take_manage_form(change, now=NOON)
    assert keep_revision(waiting(event), now=NOON)
    assert not take_manage_form(change, now=NOON)
    assert event.revisions.count() == 1


def test_a_change_that_changes_nothing_does_not_wait(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    assert not manage(event, "change", title=event.title, city="nairobi", time="18:00")
    assert not manage(event, "change")
    assert (event.revisions.count(), mails()) == (0, [])


def test_a_second_change_replaces_the_first_and_takes_it_up(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    manage(event, "change", time="19:00")
    manage(event, "change", title="Cups and jugs")

    assert waiting(event).fields == {"starts_local": "2026-12-10T19:00", "title": "Cups and jugs"}
    assert [one.state for one in event.revisions.order_by("pk")] == ["replaced", "waiting"]


@pytest.mark.parametrize("state", [Revision.State.WAITING, Revision.State.CHANGES_ASKED])
def test_a_change_back_to_what_was_approved_leaves_nothing_waiting_and_says_so(keys: Keys, state: str) -> None:
    """Its manage page must no longer tell of a change that waits."""
    event = make_event(make_campaign(), keys)
    manage(event, "change", title="Cups and jugs")
    event.revisions.update(state=state)

    assert manage(event, "change", title=event.title)
    assert not manage(event, "change", title=event.title)

    assert [one.state for one in event.revisions.all()] == ["replaced"]
    assert mails() == ["change-waiting", "change-taken-back"]
    assert jobs() == ["publish-manage"] * 2


def test_a_part_of_a_waiting_change_is_taken_back_by_what_stands_now_and_the_rest_waits_on(keys: Keys) -> None:
    """What the manage page says; what is empty now is taken back by its tick."""
    event = make_event(make_campaign(), keys, public_contact="@water")
    asked = {"title": "Cups and jugs", "time": "19:00", "bring": "A cup", "end": "21:00", "public_contact": "@jugs"}
    manage(event, "change", **asked, city="Mombasa", address="Treasury Square")

    manage(event, "change", title=event.title, public_contact="@water", city=event.city, address=event.address)
    manage(event, "change", no_bring="yes", no_end="yes")

    assert waiting(event).fields == {"starts_local": "2026-12-10T19:00"}


def test_a_change_that_was_sent_back_is_mended_by_the_next(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", time="19:00", title="See www.example.org")
    settle_revision(waiting(event), Revision.State.CHANGES_ASKED, now=NOON)

    manage(event, "change", title="Cups and jugs")

    assert waiting(event).fields == {"starts_local": "2026-12-10T19:00", "title": "Cups and jugs"}


def test_a_kept_move_is_told_with_what_was_before(keys: Keys) -> None:
    campaign = make_campaign()
    make_venue(campaign, ref="ke-mombasa", city="Mombasa", name="Treasury Square", lat=-4.06, lon=39.67)
    event = make_event(campaign, keys)
    manage(event, "change", venue="ke-mombasa", date="2026-12-11", end="21:00")

    assert keep_revision(waiting(event), now=NOON + DAY)

    moved = stored(event)
    assert (moved.city, moved.address, moved.starts_local, moved.ends_local) == (
        "Mombasa", "", "2026-12-11T18:00", "2026-12-11T21:00",
    )  # fmt: skip
    assert (moved.sequence, moved.moved_at, moved.changed_at) == (1, NOON + DAY, NOON + DAY)
    assert (moved.lat, moved.starts_at.isoformat()) == (-4.06, "2026-12-11T15:00:00+00:00")
    assert (moved.moved["city"], moved.moved["starts_local"]) == ("Nairobi", "2026-12-10T18:00")
    assert "publish-event" in jobs()


def test_a_kept_change_of_words_is_no_move(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", bring="A cup")
    keep_revision(waiting(event), now=NOON + DAY)

    changed = stored(event)
    assert (changed.bring, changed.sequence, changed.moved_at, changed.changed_at) == ("A cup", 0, None, NOON + DAY)


def test_keeping_a_change_twice_keeps_it_once(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", time="19:00")
    revision = waiting(event)

    assert (keep_revision(revision, now=NOON), keep_revision(revision, now=NOON)) == (True, False)
    assert stored(event).sequence == 1


def test_a_kept_change_can_be_taken_back(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", time="19:00")
    revision = waiting(event)
    keep_revision(revision, now=NOON)
    revision.refresh_from_db()

    assert reopen_revision(revision, now=NOON + HOUR)

    assert stored(event).starts_local == "2026-12-10T18:00"
    assert stored(event).sequence == 2
    assert waiting(event).fields == {"starts_local": "2026-12-10T19:00"}


def test_a_city_that_nobody_knows_keeps_the_zone_within_its_country(keys: Keys) -> None:
    """Else 18:00 in Honolulu became 18:00 in New York, where most people of that country live."""
    event = make_event(
        make_campaign(), keys, country="US", city="Honolulu", zone="Pacific/Honolulu", lat=None, lon=None
    )

    correct(event, {"city": "Waikiki Beach"}, now=NOON)
    assert (stored(event).city, stored(event).zone) == ("Waikiki Beach", "Pacific/Honolulu")
    correct(event, {"city": "Chicago"}, now=NOON)
    assert stored(event).zone == "America/Chicago"
    correct(event, {"country": "RU", "city": "Russky Island"}, now=NOON)
    assert stored(event).zone == "Europe/Moscow"


def test_a_corrected_pin_and_a_told_zone_come_back_when_a_kept_move_is_taken_back(keys: Keys) -> None:
    """The gazetteer knows neither where in the city the gate is, nor what somebody told us."""
    event = make_event(make_campaign(), keys, lat=-1.3001, lon=36.9002, zone="Africa/Kampala")
    approved = fields_of(event)
    manage(event, "change", city="Mombasa", address="Treasury Square")
    revision = waiting(event)
    keep_revision(revision, now=NOON)
    revision.refresh_from_db()

    assert reopen_revision(revision, now=NOON + HOUR)

    assert fields_of(stored(event)) == approved


def test_a_pin_corrected_since_stays_when_a_change_of_words_is_taken_back(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", title="Jugs")
    revision = waiting(event)
    keep_revision(revision, now=NOON)
    correct(stored(event), {"lat": -1.3, "lon": 36.9}, now=NOON)
    revision.refresh_from_db()

    assert reopen_revision(revision, now=NOON + HOUR)

    assert (stored(event).title, stored(event).lat, stored(event).lon) == ("Cups on the steps", -1.3, 36.9)


def test_a_kept_change_stays_where_a_newer_one_waits_or_followed(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", time="19:00")
    first = waiting(event)
    keep_revision(first, now=NOON)
    manage(stored(event), "change", time="20:00")
    second = waiting(event)
    first.refresh_from_db()

    assert not reopen_revision(first, now=NOON)
    keep_revision(second, now=NOON)
    assert not reopen_revision(first, now=NOON)
    assert stored(event).starts_local == "2026-12-10T20:00"


@pytest.mark.parametrize("state", [Event.State.WAITING, Event.State.CHANGES_ASKED])
def test_what_nobody_approved_yet_changes_at_once_and_waits(keys: Keys, state: str) -> None:
    event = make_event(make_campaign(), keys, state=state)

    assert manage(event, "change", title="Cups and jugs", date="2026-12-12")

    changed = stored(event)
    assert (changed.state, changed.title, changed.starts_local) == ("waiting", "Cups and jugs", "2026-12-12T18:00")
    assert (changed.sequence, changed.moved_at) == (1, None)
    assert (mails(), event.revisions.count()) == (["change-waiting"], 0)


@pytest.mark.parametrize("state", ["unconfirmed", "refused", "cancelled", "ended", "denied"])
def test_no_change_is_taken_where_nothing_can_come_of_it(keys: Keys, state: str) -> None:
    event = make_event(make_campaign(), keys, state=state)

    assert not manage(event, "change", title="Cups and jugs")
    assert (stored(event).title, mails()) == (event.title, [])


def test_an_ended_or_foreign_link_manages_nothing(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, generation=2)

    assert not manage(event, "change", generation=1, title="Cups and jugs")
    link = Link(LinkKind.CONFIRM_EVENT, event.campaign_id, event.public_id, 2)  # type: ignore[arg-type]
    assert not take_manage_form(make_submission("manage", link=link, do="cancel", city="Nairobi"), now=NOON)
    assert stored(event).state == Event.State.KEPT


def test_cancelling_acts_at_once_and_tells_organiser_and_moderators(keys: Keys) -> None:
    campaign = make_campaign()
    make_organiser(role="admin")
    make_organiser(role="moderator", countries=("KE",))
    make_organiser(role="moderator", countries=("FR",))
    event = make_event(campaign, keys)

    assert manage(event, "cancel", city="NAIROBI ")
    assert not manage(event, "cancel", city="Nairobi")

    cancelled = stored(event)
    assert (cancelled.state, cancelled.sequence) == (Event.State.CANCELLED, 1)
    assert cancelled.cancelled_at == NOON + HOUR
    assert mails() == ["event-cancelled", "event-cancelled-notice", "event-cancelled-notice"]
    assert jobs() == ["publish-event"]


@pytest.mark.parametrize("typed", ["", "Mombasa"])
def test_a_wrong_city_cancels_nothing_and_mails_so(keys: Keys, typed: str) -> None:
    event = make_event(make_campaign(), keys)

    assert not manage(event, "cancel", city=typed)
    assert (stored(event).state, mails()) == (Event.State.KEPT, ["cancel-wrong-city"])


def test_a_cancel_can_be_taken_back_by_the_link(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "cancel", city="Nairobi")

    assert manage(event, "uncancel")
    assert not manage(event, "uncancel")

    back = stored(event)
    assert (back.state, back.sequence, back.cancelled_at) == (Event.State.KEPT, 2, None)
    assert mails() == ["event-cancelled", "event-uncancelled"]


def test_what_was_never_kept_waits_again_when_a_cancel_is_taken_back(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state=Event.State.WAITING)
    manage(event, "cancel", city="Nairobi")
    manage(event, "uncancel")

    assert stored(event).state == Event.State.WAITING
    assert jobs() == ["publish-manage", "publish-manage"]


def test_a_new_link_ends_the_old_one(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    assert manage(event, "new-link")

    assert stored(event).generation == 1
    assert not manage(event, "new-link")
    assert manage(stored(event), "cancel", city="Nairobi")
    assert mails()[0] == "manage-link"


def test_a_form_that_asks_for_nothing_known_does_nothing(keys: Keys) -> None:
    assert not manage(make_event(make_campaign(), keys), "explode")


def test_a_corrected_pin_is_no_move(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    correction = correct(event, {"lat": -1.3, "lon": 36.9}, now=NOON)

    assert correction.before == {"lat": -1.29, "lon": 36.82}
    pinned = stored(event)
    assert (pinned.lat, pinned.lon, pinned.moved_at, pinned.changed_at) == (-1.3, 36.9, None, NOON)


def test_an_event_keeps_a_venue_that_left_the_list(keys: Keys) -> None:
    campaign = make_campaign()
    venue = make_venue(campaign)
    event = make_event(campaign, keys, venue=venue, address="")
    campaign.venue_lists.clear()

    assert manage(event, "change", time="19:00")
    assert keep_revision(waiting(event), now=NOON)
    assert stored(event).venue == venue


def test_a_change_to_a_venue_that_is_not_listed_comes_to_nothing(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    assert not manage(event, "change", venue="gone")


def test_the_same_change_again_is_nothing_new(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    assert manage(event, "change", title="Jugs")
    assert not manage(event, "change", title="Jugs")
    assert mails() == ["change-waiting"]


def test_what_waits_unchanged_is_not_a_new_text(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state=Event.State.WAITING)

    assert not manage(event, "change", title=event.title)
    assert (stored(event).sequence, mails()) == (0, [])


def test_what_was_sent_back_may_be_posted_again_as_it_is(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state=Event.State.CHANGES_ASKED)

    assert manage(event, "change")
    assert stored(event).state == Event.State.WAITING


def test_a_refused_change_waits_again_when_that_is_taken_back(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", title="Jugs")
    revision = waiting(event)
    settle_revision(revision, Revision.State.REFUSED, now=NOON)
    revision.refresh_from_db()

    assert reopen_revision(revision, now=NOON)
    assert waiting(event) == revision
    assert stored(event).title == event.title
