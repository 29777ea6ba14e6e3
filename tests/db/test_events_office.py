"""Events of the campaign's own, what time does to events, and what the public and moderators see of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django_tasks_db.models import DBTaskResult

from clarion.audit.actions import HOST, Actor
from clarion.audit.models import Entry
from clarion.events.actions import (
    cancel_event,
    change_event,
    end_past_events,
    erase_host,
    erase_old_contacts,
    new_manage_link,
    store_event,
    store_events,
    uncancel_event,
)
from clarion.events.models import Event, Revision
from clarion.events.queries import (
    Coverage,
    copies_of,
    counts_by_state,
    coverage,
    events_of_host,
    published_events,
    spot_of,
    waiting_events,
)
from clarion.events.rules import EventRow, NotNow, UnknownEvent, UnknownVenue
from clarion.kernel.ids import new_id
from clarion.kernel.keys import Keys
from clarion.moderation.actions import correct_event
from clarion.outbox.models import Mail
from clarion.places.models import Venue
from tests.make import DAY, HOUR, NOON, make_campaign, make_event, make_organiser, make_venue

pytestmark = pytest.mark.django_db

ROW = EventRow(
    title="March to the well", starts_local="2026-12-10T09:00", country="TZ", city="Dar es Salaam",
    zone="Africa/Dar_es_Salaam", language="sw", kind="march",
)  # fmt: skip
AFTER = NOON + 10 * DAY


def stored(event: Event) -> Event:
    """The event as the records hold it."""
    return Event.objects.select_related("venue").get(pk=event.pk)


def promised() -> list[str]:
    """The names of what was promised."""
    return [row.args_kwargs["kwargs"]["name"] for row in DBTaskResult.objects.order_by("enqueued_at")]


def revise(event: Event, **fields: str) -> Revision:
    """A waiting change of an event."""
    return Revision.objects.create(
        public_id=new_id(), event=event, fields=fields, proposed_at=NOON, starts_at=event.starts_at
    )


def test_a_row_is_kept_at_once_and_nobody_is_mailed() -> None:
    event, is_new = store_event(make_campaign(), ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)

    assert is_new
    assert (event.state, event.checked, event.kept_at) == ("kept", "known", NOON)
    assert event.starts_at.isoformat() == "2026-12-10T06:00:00+00:00"
    assert event.lat is not None
    assert not Mail.objects.exists()
    assert Entry.objects.get().verb == "stored-event"


def test_ten_times_the_rows_take_no_more_than_ten_times_the_queries(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    campaign = make_campaign()
    rows = [replace(ROW, title=f"March {number}", row=f"e{number}" if number % 2 else "") for number in range(200)]
    with django_assert_max_num_queries(4 * len(rows)):
        store_events(campaign, rows, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    assert [name for name in promised() if name != "publish-campaign"] == []

    with django_assert_max_num_queries(5):
        again = store_events(campaign, rows, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    assert not any(is_changed for _, is_changed in again)
    assert Event.objects.count() == 200


def test_the_same_row_again_changes_nothing() -> None:
    campaign = make_campaign()
    event, _ = store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)

    again, changed = store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON + DAY)

    assert (again.pk, changed) == (event.pk, False)
    assert DBTaskResult.objects.count() == 1


def test_a_row_without_id_is_known_again_by_place_and_title() -> None:
    campaign = make_campaign()
    event, _ = store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    later = EventRow(**{**plain(ROW), "starts_local": "2026-12-11T10:00", "row": "e1"})

    moved, changed = store_event(campaign, later, origin=Event.Origin.LAUNCH, by=HOST, now=NOON + DAY)

    assert (moved.pk, changed) == (event.pk, True)
    assert (moved.row, moved.sequence, moved.moved["starts_local"]) == ("e1", 1, "2026-12-10T09:00")


def test_a_row_with_id_is_known_again_by_it_whatever_else_changed() -> None:
    campaign = make_campaign()
    row = EventRow(**{**plain(ROW), "row": "e1"})
    event, _ = store_event(campaign, row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    other = EventRow(**{**plain(ROW), "row": "e1", "title": "Dance", "city": "Dodoma"})

    again, _ = store_event(campaign, other, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)

    assert (again.pk, again.title) == (event.pk, "Dance")
    third = EventRow(**{**plain(ROW), "row": "e2", "title": "Dance", "city": "Dodoma"})
    assert store_event(campaign, third, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)[0].pk != event.pk


def test_a_row_never_takes_a_proposal_for_its_own(keys: Keys) -> None:
    campaign = make_campaign()
    proposal = make_event(campaign, keys, title=ROW.title, city=ROW.city, address="")

    assert store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)[0].pk != proposal.pk


def test_a_pin_that_a_moderator_set_stays_until_its_row_names_another_place() -> None:
    """The file has no pins: that it is read once more says nothing against one."""
    campaign = make_campaign()
    row = replace(ROW, row="e1", address="Karimjee gardens")
    event, _ = store_event(campaign, row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    pin = {"lat": -6.8153, "lon": 39.2954}
    correct_event(event.public_id, pin, by=make_organiser(), now=NOON)

    again, changed = store_event(campaign, row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    assert (again.exact_point, changed) == ((-6.8153, 39.2954), False)
    later = replace(row, starts_local="2026-12-11T09:00")
    again, changed = store_event(campaign, later, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    assert (again.exact_point, again.starts_local, changed) == ((-6.8153, 39.2954), "2026-12-11T09:00", True)
    elsewhere = replace(later, address="Ferry terminal")
    assert store_event(campaign, elsewhere, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)[0].exact_point is None


def test_an_event_follows_its_venue_though_a_moderator_had_set_its_pin() -> None:
    """Then what the file says of its place is another."""
    campaign = make_campaign()
    venue = make_venue(campaign, lat=-1.29, lon=36.82)
    row = EventRow(title="Cups", starts_local="2026-12-10T09:00", venue=venue.ref, row="e1")
    event, _ = store_event(campaign, row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    correct_event(event.public_id, {"lat": -1.3, "lon": 36.9}, by=make_organiser(), now=NOON)
    assert store_event(campaign, row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)[0].exact_point == (-1.3, 36.9)

    Venue.objects.update(lat=-1.28, lon=36.81)

    assert store_event(campaign, row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)[0].exact_point == (-1.28, 36.81)
    Venue.objects.update(lat=-1.27)
    assert store_event(campaign, row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)[0].lat == -1.27


def test_a_row_without_id_is_known_again_though_the_office_gave_its_event_another_title() -> None:
    """Else it would stand there twice: as the file says it, and as it was corrected."""
    campaign = make_campaign()
    event, _ = store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    change_event(event.public_id, {"title": "Vigil"}, by=HOST, now=NOON)

    again, changed = store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)

    assert (again.pk, again.title, changed) == (event.pk, ROW.title, True)
    assert Event.objects.count() == 1


def test_a_new_row_is_not_taken_for_what_another_row_says_by_now() -> None:
    """The file follows the correction, and says another event of the old title: whichever row comes first."""
    campaign = make_campaign()
    event, _ = store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    change_event(event.public_id, {"title": "Vigil"}, by=HOST, now=NOON)

    other, same = store_events(
        campaign, [ROW, replace(ROW, title="Vigil")], origin=Event.Origin.LAUNCH, by=HOST, now=NOON
    )

    assert (same[0].pk, same[1]) == (event.pk, False)
    assert (other[0].pk != event.pk, other[0].title) == (True, ROW.title)


def test_storing_again_leaves_a_cancelled_event_cancelled() -> None:
    campaign = make_campaign()
    event, _ = store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    cancel_event(event.public_id, by=HOST, now=NOON)
    later = EventRow(**{**plain(ROW), "bring": "A cup"})

    again, changed = store_event(campaign, later, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)

    assert (changed, again.state) == (True, "cancelled")


def test_a_row_at_an_unknown_venue_is_refused() -> None:
    row = EventRow(**{**plain(ROW), "venue": "nowhere"})

    with pytest.raises(UnknownVenue):
        store_event(make_campaign(), row, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    assert not Event.objects.exists()


def test_events_of_a_draft_promise_no_pages() -> None:
    store_event(make_campaign(is_published=False), ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)

    assert not DBTaskResult.objects.exists()


def plain(row: EventRow) -> dict[str, object]:
    """The fields of a row."""
    return {name: getattr(row, name) for name in EventRow.__dataclass_fields__}


def test_the_office_changes_cancels_and_takes_back(keys: Keys) -> None:
    campaign = make_campaign()
    admin, other = make_organiser(), make_organiser()
    event = make_event(campaign, keys)
    by = Actor("organiser", admin.public_id)

    change_event(event.public_id, {"title": "Cups"}, by=by, now=NOON)
    assert cancel_event(event.public_id, by=by, now=NOON)
    assert not cancel_event(event.public_id, by=by, now=NOON)
    assert list(Mail.objects.order_by("pk").values_list("kind", "record")) == [
        ("event-cancelled", event.public_id),
        ("event-cancelled-notice", other.public_id),
    ]
    assert uncancel_event(event.public_id, by=by, now=NOON)
    assert not uncancel_event(event.public_id, by=by, now=NOON)

    assert (stored(event).title, stored(event).state, stored(event).sequence) == ("Cups", "kept", 2)
    verbs = list(Entry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["changed-event", "cancelled-event", "uncancelled-event"]
    assert "Cups" not in str(list(Entry.objects.values()))


def moved(event: Event, **changes: str) -> list[tuple[str, str]]:
    """The mails, with their language, after the office changed the event so."""
    Mail.objects.all().delete()
    change_event(event.public_id, changes, by=HOST, now=NOON)
    return list(Mail.objects.order_by("pk").values_list("kind", "language"))


def test_whoever_holds_an_event_is_told_when_the_office_moves_it(keys: Keys) -> None:
    """In their own language; words may change without a mail."""
    event = make_event(make_campaign(languages=("en", "fr")), keys, host_language="fr")

    assert moved(event, starts_local="2026-12-11T09:00") == [("event-moved", "fr")]
    assert moved(event, address="North gate") == [("event-moved", "fr")]
    assert moved(event, title="Cups", bring="A cup") == []


def test_a_move_is_mailed_to_nobody_who_did_not_confirm_or_is_not_held(keys: Keys) -> None:
    campaign = make_campaign()

    assert moved(make_event(campaign), city="Mombasa") == []
    assert moved(make_event(campaign, keys, state="unconfirmed"), city="Mombasa") == []


def test_what_is_over_or_refused_cannot_be_cancelled_or_taken_back() -> None:
    campaign = make_campaign()

    for state in ("refused", "ended", "hidden", "unconfirmed"):
        with pytest.raises(NotNow):
            cancel_event(make_event(campaign, state=state).public_id, by=HOST, now=NOON)
    with pytest.raises(NotNow):
        uncancel_event(make_event(campaign, state="cancelled").public_id, by=HOST, now=AFTER)
    with pytest.raises(UnknownEvent):
        cancel_event("unknown", by=HOST, now=NOON)


def test_a_moderator_makes_a_new_link(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    new_manage_link(event.public_id, by=HOST, now=NOON)

    assert stored(event).generation == 1
    assert Mail.objects.get().kind == "manage-link"


def test_kept_events_end_when_they_are_over_and_others_do_not() -> None:
    campaign = make_campaign()
    events = {state: make_event(campaign, state=state) for state in ("kept", "cancelled", "hidden", "waiting")}

    assert end_past_events(now=NOON) == 0
    assert end_past_events(now=AFTER) == 1
    assert end_past_events(now=AFTER) == 0
    assert {state: stored(event).state for state, event in events.items()} == {
        "kept": "ended", "cancelled": "cancelled", "hidden": "hidden", "waiting": "waiting",
    }  # fmt: skip


def test_the_public_contact_goes_when_the_event_ends_and_the_hosts_thirty_days_later(keys: Keys) -> None:
    campaign = make_campaign()
    event = make_event(campaign, keys, public_contact="@water")
    revision = revise(event, public_contact="@jugs", title="Jugs")

    assert erase_old_contacts(now=NOON) == 0
    assert erase_old_contacts(now=AFTER) == 1
    assert erase_old_contacts(now=AFTER) == 0

    revision.refresh_from_db()
    assert (stored(event).public_contact, revision.fields) == ("", {"title": "Jugs"})
    assert stored(event).host_box is not None

    assert erase_old_contacts(now=AFTER + 30 * DAY) == 1
    assert erase_old_contacts(now=AFTER + 30 * DAY) == 0
    assert (stored(event).host_box, stored(event).host_hash, stored(event).generation) == (None, None, 1)
    assert events_of_host(bytes(event.host_hash or b"")) == []


def test_erasing_a_host_leaves_the_event(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, public_contact="@water")

    assert erase_host([event.public_id]) == [event.public_id]
    assert erase_host([event.public_id]) == []
    assert (stored(event).state, stored(event).host_box, stored(event).public_contact) == ("kept", None, "")


def test_the_public_sees_kept_ended_and_cancelled_events_by_start() -> None:
    campaign = make_campaign()
    for state in Event.State.values:
        make_event(campaign, state=state)
    never_kept = make_event(campaign, state="cancelled", kept_at=None)

    shown = published_events(campaign)

    assert {event.state for event in shown} == {"kept", "ended", "cancelled"}
    assert never_kept not in shown


def test_published_events_need_one_query(django_assert_num_queries: object) -> None:
    campaign = make_campaign()
    venue = make_venue(campaign)
    for _ in range(3):
        make_event(campaign, venue=venue)

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert [event.venue and event.venue.name for event in published_events(campaign)] == ["Main square"] * 3


def test_coverage_says_where_venues_are_and_where_something_is_announced() -> None:
    campaign = make_campaign()
    make_venue(campaign, ref="ke", country="KE")
    make_venue(campaign, ref="fr", country="FR")
    make_venue(campaign, ref="gone", country="DE", is_gone=True)
    make_event(campaign, country="KE")
    make_event(campaign, country="JP", state="cancelled")
    make_event(campaign, country="UG", state="waiting")

    found = coverage(campaign)

    assert found == {"FR": Coverage(1, 0), "KE": Coverage(1, 1)}
    assert [one.state for one in found.values()] == ["venues", "announced"]
    assert Coverage(0, 0).state == "none"


def test_moderators_see_what_waits_in_their_countries_the_oldest_first(keys: Keys) -> None:
    campaign = make_campaign()
    late = make_event(campaign, keys, state="waiting", proposed_at=NOON)
    early = make_event(campaign, keys, state="waiting", country="FR", proposed_at=NOON - 2 * DAY)
    changed = make_event(campaign, keys, proposed_at=NOON - DAY)
    revision = revise(changed, title="Jugs")
    revise(make_event(campaign, keys, state="cancelled"), title="Jugs")

    assert waiting_events(campaign) == [early, changed, late]
    assert waiting_events(campaign, ["KE"]) == [changed, late]
    assert waiting_events(campaign)[1].waiting_revisions == [revision]  # type: ignore[attr-defined]


def test_copies_are_looked_for_among_living_events() -> None:
    campaign = make_campaign()
    event = make_event(campaign)
    twin = make_event(campaign, state="waiting")
    make_event(campaign, state="refused")
    make_event(campaign, state="unconfirmed")
    make_event(make_campaign("other"))

    assert copies_of(campaign, spot_of(event), event.public_id) == [twin]


def test_the_records_refuse_two_waiting_changes_and_two_events_of_one_row(keys: Keys) -> None:
    campaign = make_campaign()
    event = make_event(campaign, keys, row="e1")
    revise(event, title="Jugs")

    with pytest.raises(IntegrityError), transaction.atomic():
        revise(event, title="Cups")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_event(campaign, row="e1")


def test_an_event_must_end_after_it_starts() -> None:
    with pytest.raises(IntegrityError):
        make_event(make_campaign(), ends_at=NOON - HOUR)


def test_a_row_that_only_changes_its_language_is_told_to_the_pages() -> None:
    campaign = make_campaign()
    store_event(campaign, ROW, origin=Event.Origin.LAUNCH, by=HOST, now=NOON)
    other = EventRow(**{**plain(ROW), "language": "en"})

    event, changed = store_event(campaign, other, origin=Event.Origin.LAUNCH, by=HOST, now=NOON + DAY)

    assert (changed, event.language, event.changed_at, event.sequence) == (True, "en", NOON + DAY, 0)
    assert counts_by_state(campaign) == {"kept": 1}
    assert str(event) == "March to the well (kept)"


def test_ending_an_event_of_a_draft_promises_no_pages() -> None:
    make_event(make_campaign(is_published=False))

    assert end_past_events(now=AFTER) == 1
    assert not DBTaskResult.objects.exists()
