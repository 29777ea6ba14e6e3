"""What time does to events: they end, and the contacts of their organisers go."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from clarion.campaigns.queries import over_kept
from clarion.events.actions.changes import forget_contact
from clarion.events.actions.promises import promise_event_pages, promise_manage_page, promise_pages
from clarion.events.models import Event, Revision
from clarion.events.queries import HAS_HOST
from clarion.events.rules import CONTACT_LIFE, MOVES
from clarion.outbox.actions import take_back_mails
from clarion.outbox.models import Mail

_AT_ONCE = 200


@transaction.atomic
def end_past_events(*, now: datetime) -> int:
    """End the kept events that are over; gives how many (at most 200: call again). Safe to repeat."""
    move = MOVES["end"]
    over = Event.objects.filter(state__in=move.sources, ends_at__lte=now).select_related("campaign")
    over = over.select_for_update(of=("self",))
    events = list(over.order_by("ends_at")[:_AT_ONCE])
    Event.objects.filter(pk__in=[event.pk for event in events], state__in=move.sources).update(state=move.target)
    for event in events:
        promise_event_pages(event)
    return len(events)


@transaction.atomic
def erase_old_contacts(*, now: datetime) -> int:
    """Let contacts go: everyone's when the event ends, the organiser's 30 days later; gives of how many events.

    Safe to repeat.
    """
    over = Event.objects.select_for_update(of=("self",)).select_related("campaign").filter(ends_at__lte=now)
    public = list(over.exclude(public_contact="")[:_AT_ONCE])
    old = list(over.filter(ends_at__lte=now - CONTACT_LIFE).filter(HAS_HOST)[:_AT_ONCE])
    revisions = Revision.objects.select_for_update(of=("self",)).filter(event__ends_at__lte=now)
    changed = list(
        revisions.filter(Q(fields__has_key="public_contact") | Q(before__has_key="public_contact"))[:_AT_ONCE]
    )
    _erase_public_contacts(public, changed)
    _erase_hosts(old)
    return len({event.pk for event in (*public, *old)} | {revision.event_id for revision in changed})


def _erase_public_contacts(events: list[Event], revisions: list[Revision]) -> None:
    Event.objects.filter(pk__in=[event.pk for event in events]).update(public_contact="")
    forget_contact(revisions)
    for event in events:
        promise_pages(event)


def _erase_hosts(events: list[Event]) -> None:
    """The link ends with the contact: nobody is there to use it."""
    Event.objects.filter(pk__in=[event.pk for event in events]).update(
        host_box=None, host_hash=None, same_hash=None, consent="", generation=F("generation") + 1
    )
    take_back_mails(Mail.objects.filter(record__in=[event.public_id for event in events]))
    for event in events:
        promise_manage_page(event)


@transaction.atomic
def erase_hosts_kept_long_enough(*, now: datetime) -> list[str]:
    """Erase who organises events of campaigns that keep their personal data no longer; the events stay.

    Gives the events' ids (at most 200: call again).
    """
    ids: list[str] = []
    for campaign, ended in over_kept(now):
        held = Event.objects.filter(HAS_HOST, campaign=campaign, proposed_at__lte=ended)
        ids += held.values_list("public_id", flat=True)[: _AT_ONCE - len(ids)]
    return erase_host(ids)


@transaction.atomic
def erase_host(public_ids: Collection[str]) -> list[str]:
    """Erase who organises these events and how to reach them; the events stay. Gives the ids that held anything."""
    found = Event.objects.select_for_update(of=("self",)).select_related("campaign")
    events = list(found.filter(HAS_HOST, public_id__in=public_ids).order_by("pk"))
    revisions = list(Revision.objects.select_for_update().filter(event__in=events))
    _erase_public_contacts([event for event in events if event.public_contact], revisions)
    _erase_hosts(events)
    return [event.public_id for event in events]
