"""Proposals: taken once, confirmed by their owner, denied, or gone after seven days."""

import pytest
from django_tasks_db.models import DBTaskResult

from clarion.events.actions import (
    confirm_proposal,
    deny_proposal,
    erase_events,
    erase_unconfirmed,
    note_mailed,
    take_proposal,
)
from clarion.events.models import Event
from clarion.events.queries import event_by_public_id
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.kernel.sealing import unlock_fields
from clarion.kernel.submissions import Submission
from clarion.outbox.models import AddressMark, Mail
from clarion.outbox.queries import denied_hashes
from tests.make import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    make_campaign,
    make_event,
    make_proposal,
    make_submission,
    make_venue,
)

pytestmark = pytest.mark.django_db


def stored(event: Event) -> Event:
    """The event as the records hold it."""
    return Event.objects.get(pk=event.pk)


def answer(
    event: Event, *, said: str = "yes", kind: LinkKind = LinkKind.CONFIRM_EVENT, email: str = "", expires_at: int = 0
) -> Submission:
    """A press of the button behind an event's confirmation link."""
    link = Link(kind, event.campaign_id, event.public_id, expires_at=expires_at)  # type: ignore[arg-type]
    return make_submission("confirm", link=link, at=NOON + HOUR, answer=said, **({"email": email} if email else {}))


def proposed(keys: Keys, **fields: str) -> Event:
    """An event just proposed."""
    event = take_proposal(make_proposal(**fields), keys=keys, now=NOON)
    assert event is not None
    return event


def promised_jobs() -> list[tuple[str, str]]:
    """Names and events of the promised jobs."""
    rows = DBTaskResult.objects.order_by("enqueued_at")
    found = [row.args_kwargs["kwargs"] for row in rows]
    return [(one["name"], one["arguments"].get("event", "")) for one in found]


def test_a_place_in_words_has_the_citys_point_only_and_a_venue_its_own(keys: Keys) -> None:
    campaign = make_campaign()
    make_venue(campaign, ref="gate", country="KE", city="Nairobi", lat=-1.28, lon=36.81)
    make_venue(campaign, ref="nowhere", country="KE", city="Nairobi", lat=None, lon=None)

    in_words = stored(proposed(keys))
    assert in_words.is_centre
    assert in_words.lat is not None
    assert in_words.exact_point is None
    assert stored(proposed(keys, venue="gate", title="At the gate")).exact_point == (-1.28, 36.81)
    assert stored(proposed(keys, venue="nowhere", title="At the list's place")).is_centre


def test_a_proposal_is_stored_unconfirmed_with_its_host_sealed(keys: Keys) -> None:
    make_campaign()

    event = proposed(keys)

    event = stored(event)
    assert event.state == Event.State.UNCONFIRMED
    assert (event.country, event.city, event.zone) == ("KE", "Nairobi", "Africa/Nairobi")
    assert event.starts_at.isoformat() == "2026-12-10T15:00:00+00:00"
    assert event.consent == "host-en"
    assert event.host_box is not None
    held = unlock_fields(keys.field, bytes(event.host_box))
    assert held == {"name": "Wanjiru Kamau", "email": "wanjiru@example.com"}
    mail = Mail.objects.get()
    assert (mail.kind, mail.record, mail.lane) == ("confirm-event", event.public_id, Mail.Lane.CONFIRMATIONS)


def test_a_proposal_at_a_venue_takes_place_and_zone_from_it(keys: Keys) -> None:
    campaign = make_campaign()
    make_venue(campaign, ref="jp-square", country="JP", city="Tokyo", lat=35.68, lon=139.76, zone="")

    event = proposed(keys, venue="jp-square", country="KE", city="Nairobi")

    assert (event.country, event.city, event.zone) == ("JP", "Tokyo", "Asia/Tokyo")
    assert event.venue is not None
    assert event.flags == []


def test_a_slow_submission_is_mailed_in_the_slow_lane(keys: Keys) -> None:
    make_campaign()
    take_proposal(make_proposal(is_slow=True), keys=keys, now=NOON)

    assert Mail.objects.get().lane == Mail.Lane.SLOW


def test_taking_the_same_submission_twice_stores_it_once(keys: Keys) -> None:
    """A batch may be drained twice."""
    make_campaign()
    submission = make_proposal()

    assert take_proposal(submission, keys=keys, now=NOON) is not None
    assert take_proposal(submission, keys=keys, now=NOON + DAY) is None
    assert (Event.objects.count(), Mail.objects.count()) == (1, 1)


def test_the_same_proposal_within_an_hour_is_the_same_event(keys: Keys) -> None:
    make_campaign()
    proposed(keys)

    again = make_proposal(at=NOON + 59 * MINUTE, email="Wanjiru+water@Example.com")
    assert take_proposal(again, keys=keys, now=NOON + HOUR) is None
    later = make_proposal(at=NOON + 61 * MINUTE)
    assert take_proposal(later, keys=keys, now=NOON + 61 * MINUTE) is not None
    other = make_proposal(at=NOON + 62 * MINUTE, time="19:00")
    assert take_proposal(other, keys=keys, now=NOON + 62 * MINUTE) is not None


def test_an_address_gets_three_mails_in_seven_days_and_no_row_is_left_of_a_fourth(keys: Keys) -> None:
    make_campaign()
    for hour in range(3):
        proposed(keys, time=f"1{hour}:00")

    assert take_proposal(make_proposal(time="17:00"), keys=keys, now=NOON) is None
    assert Event.objects.count() == 3
    later = make_proposal(time="17:00", at=NOON + 8 * DAY)
    assert take_proposal(later, keys=keys, now=NOON + 8 * DAY) is not None


def test_an_address_that_signed_here_has_three_mails_for_each_campaign(keys: Keys) -> None:
    make_campaign()
    make_campaign("green-schools")
    for hour in range(3):
        proposed(keys, time=f"1{hour}:00")

    other = make_proposal("green-schools")
    assert take_proposal(other, keys=keys, now=NOON) is None
    assert take_proposal(other, keys=keys, now=NOON, has_signed=True) is not None


def test_odd_proposals_are_flagged(keys: Keys) -> None:
    campaign = make_campaign()
    make_event(campaign)

    event = proposed(keys, title="www.example.org wаter", city="Nairobi")
    nowhere = proposed(keys, city="Atlantis", date="2026-11-01", title="Swim")

    assert event.flags == ["copy-nearby", "link-in-title", "look-alike-letters"]
    assert nowhere.flags == ["city-unknown", "in-the-past"]
    assert nowhere.zone == "Africa/Nairobi"


def test_a_pin_outside_its_country_is_flagged(keys: Keys) -> None:
    campaign = make_campaign()
    make_venue(campaign, ref="wrong", country="KE", lat=48.85, lon=2.35)

    assert proposed(keys, venue="wrong").flags == ["outside-country"]


def test_a_time_in_the_clock_gap_is_moved_on_and_flagged(keys: Keys) -> None:
    make_campaign()

    event = proposed(keys, country="DE", city="Berlin", date="2027-03-28", time="02:30")

    assert (event.starts_local, event.flags) == ("2027-03-28T03:30", ["clock-change"])


def test_a_city_typed_in_another_script_gets_the_name_of_the_gazetteer(keys: Keys) -> None:
    make_campaign()

    assert proposed(keys, country="EG", city="القاهرة").city == "Cairo"


def test_confirming_twice_queues_once_and_mails_once(keys: Keys) -> None:
    make_campaign()
    event = proposed(keys)

    first = confirm_proposal(answer(event), keys=keys, now=NOON + 2 * HOUR)
    second = confirm_proposal(answer(event), keys=keys, now=NOON + 3 * HOUR)

    assert (first, second) == (True, False)
    assert stored(event).state == Event.State.WAITING
    assert stored(event).confirmed_at == NOON + HOUR
    assert Mail.objects.filter(kind="event-received").count() == 1
    assert promised_jobs() == [("publish-manage", event.public_id)]


def test_an_expired_link_confirms_nothing(keys: Keys) -> None:
    make_campaign()
    event = proposed(keys)

    expired = answer(event, expires_at=int(NOON.timestamp()))
    assert not confirm_proposal(expired, keys=keys, now=NOON + HOUR)
    in_time = answer(event, expires_at=int((NOON + HOUR).timestamp()))
    assert confirm_proposal(in_time, keys=keys, now=NOON + 30 * DAY)


@pytest.mark.parametrize("kind", [LinkKind.CONFIRM, LinkKind.MANAGE, LinkKind.WITHDRAW])
def test_a_link_for_something_else_confirms_nothing(keys: Keys, kind: LinkKind) -> None:
    make_campaign()
    event = proposed(keys)

    assert not confirm_proposal(answer(event, kind=kind), keys=keys, now=NOON)
    assert deny_proposal(answer(event, kind=kind), keys=keys, now=NOON) == []


def test_a_link_of_another_campaign_confirms_nothing(keys: Keys) -> None:
    make_campaign()
    event = proposed(keys)
    link = Link(LinkKind.CONFIRM_EVENT, event.campaign_id + 1, event.public_id)  # type: ignore[arg-type]

    assert not confirm_proposal(make_submission("confirm", link=link, answer="yes"), keys=keys, now=NOON)


def test_not_me_erases_every_word_and_marks_the_address(keys: Keys) -> None:
    make_campaign()
    event = proposed(keys)
    host_hash = bytes(event.host_hash or b"")

    assert deny_proposal(answer(event, said="not-me"), keys=keys, now=NOON) == [event.public_id]
    assert deny_proposal(answer(event, said="not-me"), keys=keys, now=NOON) == []

    left = stored(event)
    assert left.state == Event.State.DENIED
    assert (left.title, left.city, left.address, left.public_contact, left.host_box, left.host_hash) == (
        "", "", "", "", None, None,
    )  # fmt: skip
    assert denied_hashes([host_hash], now=NOON + DAY) == {host_hash}
    assert not Mail.objects.exists()


def test_not_me_wins_after_confirming_and_takes_a_kept_event_off_the_site(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    assert deny_proposal(answer(event, said="not-me"), keys=keys, now=NOON) == [event.public_id]

    assert stored(event).state == Event.State.DENIED
    assert ("publish-event", event.public_id) in promised_jobs()
    assert not confirm_proposal(answer(event), keys=keys, now=NOON)


def test_a_denied_proposal_may_be_posted_again(keys: Keys) -> None:
    make_campaign()
    deny_proposal(answer(proposed(keys), said="not-me"), keys=keys, now=NOON)

    assert take_proposal(make_proposal(at=NOON + MINUTE), keys=keys, now=NOON + MINUTE) is not None


@pytest.mark.parametrize("typed", ["", "someone@example.com"])
def test_a_typed_link_does_nothing_without_the_right_address(keys: Keys, typed: str) -> None:
    make_campaign()
    event = proposed(keys)
    kind = LinkKind.CONFIRM_EVENT_TYPED

    assert not confirm_proposal(answer(event, kind=kind, email=typed), keys=keys, now=NOON)
    assert deny_proposal(answer(event, kind=kind, email=typed, said="not-me"), keys=keys, now=NOON) == []
    assert confirm_proposal(answer(event, kind=kind, email="Wanjiru@EXAMPLE.com"), keys=keys, now=NOON)


def test_unconfirmed_proposals_go_seven_days_after_the_last_attempt_to_mail(keys: Keys) -> None:
    make_campaign()
    mailed, unmailed = proposed(keys), proposed(keys, time="20:00")
    kept = make_event(make_campaign("other"), keys)
    note_mailed([mailed.public_id], now=NOON + DAY)

    assert erase_unconfirmed(drained_until=NOON + 7 * DAY) == []
    Mail.objects.filter(record=unmailed.public_id).delete()
    assert erase_unconfirmed(drained_until=NOON + 7 * DAY) == [unmailed.public_id]
    assert erase_unconfirmed(drained_until=NOON + 8 * DAY) == [mailed.public_id]
    assert list(Event.objects.all()) == [kept]
    assert not Mail.objects.exists()
    assert event_by_public_id(mailed.public_id) is None


def test_a_proposal_leaves_one_mark_of_its_mail(keys: Keys) -> None:
    make_campaign()
    proposed(keys)

    assert AddressMark.objects.filter(is_denial=False).count() == 1


def test_a_venue_without_city_and_zone_has_them_from_its_point(keys: Keys) -> None:
    campaign = make_campaign()
    make_venue(campaign, ref="fr", country="FR", city="", lat=48.85, lon=2.35, zone="")

    event = proposed(keys, venue="fr")

    assert (event.city, event.zone, event.flags) == ("Paris", "Europe/Paris", [])


def test_a_venue_of_which_only_the_country_is_known_has_its_largest_citys_zone(keys: Keys) -> None:
    campaign = make_campaign()
    make_venue(campaign, ref="fr", country="FR", city="", lat=None, lon=None, zone="")
    make_venue(campaign, ref="bv", country="BV", city="", lat=-54.42, lon=3.36, zone="Nowhere/Else")

    assert (proposed(keys, venue="fr").city, Event.objects.get().zone) == ("", "Europe/Paris")
    assert proposed(keys, venue="bv").city == ""


def test_a_venue_that_is_gone_leaves_the_place_in_words(keys: Keys) -> None:
    make_campaign()

    event = proposed(keys, venue="gone", country="KE", city="Mombasa")

    assert (event.venue, event.city) == (None, "Mombasa")


def test_a_form_for_an_unknown_campaign_is_passed_over(keys: Keys) -> None:
    assert take_proposal(make_proposal("unknown"), keys=keys, now=NOON) is None


def test_a_typed_link_finds_nothing_to_compare_once_the_contact_has_gone(keys: Keys) -> None:
    event = make_event(make_campaign())
    typed = answer(event, kind=LinkKind.CONFIRM_EVENT_TYPED, email="wanjiru@example.com", said="not-me")

    assert deny_proposal(typed, keys=keys, now=NOON) == []
    assert deny_proposal(answer(event, said="not-me"), keys=keys, now=NOON) == [event.public_id]


def test_a_shifted_hour_stays_flagged_while_it_stands(keys: Keys) -> None:
    make_campaign()
    event = proposed(keys, country="DE", city="Berlin", date="2027-03-28", time="02:30")

    confirm_proposal(answer(event), keys=keys, now=NOON)

    assert stored(event).flags == ["clock-change"]


def test_events_that_a_restore_brought_back_are_erased_again(keys: Keys) -> None:
    back = make_event(make_campaign(), keys)

    assert erase_events([back.public_id, "0" * 32]) == [back.public_id]
    assert erase_events([back.public_id]) == []
    assert (stored(back).state, stored(back).title, stored(back).host_box) == (Event.State.DENIED, "", None)
    assert ("publish-event", back.public_id) in promised_jobs()
