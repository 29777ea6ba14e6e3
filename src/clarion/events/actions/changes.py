"""What an organiser does by the personal link: ask for a change, cancel, take that back, get a new link."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from clarion.events.actions.promises import mail_host, mail_moderators, promise_manage_page, promise_pages
from clarion.events.actions.settling import Settled, settle
from clarion.events.models import Event, Revision
from clarion.events.queries import UNLINKED, fields_of
from clarion.events.rules import (
    MOVES,
    PLACE,
    REVISABLE_STATES,
    TIMES,
    EventFields,
    Flag,
    NotNow,
    UnknownVenue,
    asked_changes,
    difference,
    differing,
    is_move,
    is_same_city,
    said_before,
    with_changes,
)
from clarion.kernel.ids import new_id
from clarion.kernel.links import LinkKind
from clarion.kernel.submissions import Submission


@transaction.atomic
def take_manage_form(submission: Submission, *, now: datetime) -> bool:
    """Do what the form of a manage page asks (`do`); gives whether anything came of it.

    A link whose generation has ended, or an event whose state does not allow it, changes nothing.
    """
    verbs = {"change": take_change, "cancel": take_cancel, "uncancel": take_uncancel, "new-link": take_new_link}
    verb = verbs.get(submission.fields.get("do", ""))
    return verb(submission, now=now) if verb else False


def _managed_event(submission: Submission) -> Event | None:
    link = submission.link
    if link is None or link.kind != LinkKind.MANAGE:
        return None
    found = Event.objects.select_for_update(of=("self",)).select_related("campaign__team", "venue")
    return found.filter(public_id=link.record, campaign_id=link.campaign, generation=link.generation).first()


@transaction.atomic
def take_change(submission: Submission, *, now: datetime) -> bool:
    """Ask for a change; a field left empty stays. Gives whether it asks for anything new. Safe to repeat.

    To take the contact for everyone out needs nobody's leave: it is the organiser's own, and goes at once. It is all
    that a cancelled event lets go.

    Of a published event it waits as a revision, which takes up what an earlier one that is not decided yet (or
    sent back) asked for; one back to what was approved leaves nothing waiting. An event that is not approved yet
    takes it at once, and waits (again).
    """
    event = _managed_event(submission)
    if event is None or Revision.objects.filter(public_id=submission.id).exists():
        return False
    is_contact_out = bool(submission.fields.get("no_public_contact"))
    try:
        if event.state in REVISABLE_STATES:
            decided = event.revisions.exclude(state=Revision.State.WAITING)
            is_out = is_contact_out and _take_out_contact(event, decided, now)
            return _revise(event, submission, now) or is_out
        if event.state == Event.State.CANCELLED:
            return is_contact_out and _take_out_contact(event, event.revisions.all(), now)
        return event.state in MOVES["resubmit"].sources and _resubmit(event, submission, now)
    except UnknownVenue:  # gone from the list since the page was drawn
        return False


def _take_out_contact(event: Event, said: Iterable[Revision], now: datetime) -> bool:
    """Leave no contact in what an event says, nor in what it `said`; gives whether it had one."""
    forget_contact(said)
    if not event.public_contact:
        return False
    rewrite(event, with_changes(fields_of(event), {"public_contact": ""}), now=now)
    promise_pages(event)
    return True


def forget_contact(revisions: Iterable[Revision]) -> None:
    """Let the contact for everyone go from these changes."""
    for revision in revisions:
        revision.fields.pop("public_contact", None)
        revision.before.pop("public_contact", None)
        revision.save(update_fields=["fields", "before"])


def _revise(event: Event, submission: Submission, now: datetime) -> bool:
    approved = fields_of(event)
    earlier = event.revisions.filter(state__in=(Revision.State.WAITING, Revision.State.CHANGES_ASKED))
    last = earlier.order_by("-proposed_at").first()
    asked_before = with_changes(approved, last.fields) if last else approved
    asked = asked_changes(asked_before, submission.fields)
    settled = settle(event.campaign, asked, now=now, event=event)
    changes = difference(approved, settled.fields)
    if last and last.state == Revision.State.WAITING and last.fields == changes:
        return False
    replaced = earlier.update(state=Revision.State.REPLACED, decided_at=now)
    if changes:
        Revision.objects.create(
            public_id=submission.id, event=event, fields=changes, proposed_at=submission.accepted_at,
            starts_at=settled.times.starts_at, flags=_flags_of(settled, last),
        )  # fmt: skip
        mail_host(event, "change-waiting", now=now)
    elif replaced:
        mail_host(event, "change-taken-back", now=now)
    else:
        return False
    promise_manage_page(event)
    return True


def _flags_of(settled: Settled, earlier: Revision | None) -> list[str]:
    """Those of a change; that its hour was moved on is told by the earlier one from which it has that hour."""
    flags = set(settled.flags)
    if earlier and earlier.fields.get("starts_local") == settled.fields.starts_local:
        flags |= {*earlier.flags} & {Flag.CLOCK_CHANGE.value}
    return sorted(flags)


def _resubmit(event: Event, submission: Submission, now: datetime) -> bool:
    """Change an event that nobody approved yet; `sequence` tells a moderator that the text is another now."""
    asked = asked_changes(fields_of(event), submission.fields)
    was_sent_back = event.state == Event.State.CHANGES_ASKED
    if not rewrite(event, asked, now=now) and not was_sent_back:
        return False
    Event.objects.filter(pk=event.pk, state__in=MOVES["resubmit"].sources).update(state=MOVES["resubmit"].target)
    mail_host(event, "change-waiting", now=now)
    promise_manage_page(event)
    return True


def rewrite(event: Event, fields: EventFields, *, now: datetime) -> dict[str, Any]:
    """Store what an event says from now on; gives what undoes that. Must run in a transaction.

    Another place or time of a published event is remembered, so that page and calendar entry tell it, and
    raises the sequence (RFC 5545, section 3.8.7.4). Raises `UnknownVenue`.
    """
    old = fields_of(event)
    settled = settle(event.campaign, fields, now=now, event=event)
    changed = difference(old, settled.fields)
    columns: dict[str, Any] = settled.columns
    if event.kept_at is None and changed:
        columns["sequence"] = F("sequence") + 1
    elif old != settled.fields:
        columns["changed_at"] = now
        if is_move(changed):
            columns |= {"sequence": F("sequence") + 1, "moved_at": now, "moved": _place_and_time(event)}
    Event.objects.filter(pk=event.pk).update(**columns)
    event.refresh_from_db()
    return said_before(old, changed)


def _place_and_time(event: Event) -> dict[str, str]:
    old = fields_of(event)
    kept = {name: getattr(old, name) for name in (*PLACE, *TIMES, "zone")}
    return {**kept, "venue_name": event.venue.name if event.venue else ""}


@transaction.atomic
def take_cancel(submission: Submission, *, now: datetime) -> bool:
    """Cancel at once if the event's city was typed; otherwise its organiser is mailed that nothing happened.

    Safe to repeat while the event stays cancelled.
    """
    event = _managed_event(submission)
    if event is None or event.state not in MOVES["cancel"].sources:
        return False
    if not is_same_city(submission.fields.get("city", ""), event.city, event.country):
        mail_host(event, "cancel-wrong-city", now=now)
        return False
    return cancel(event, now=now)


def cancel(event: Event, *, now: datetime, by_id: str = "") -> bool:
    """Cancel, mail its organiser and the moderators, and promise its pages. `by_id`: the organiser who did it."""
    move = MOVES["cancel"]
    cancelled = Event.objects.filter(pk=event.pk, state__in=move.sources).update(
        state=move.target, cancelled_at=now, changed_at=now, sequence=F("sequence") + 1
    )
    if cancelled:
        mail_host(event, "event-cancelled", now=now)
        mail_moderators(event, "event-cancelled-notice", now=now, except_id=by_id)
        promise_pages(event)
    return bool(cancelled)


@transaction.atomic
def take_uncancel(submission: Submission, *, now: datetime) -> bool:
    """Take a cancel back; gives whether that is new. Safe to repeat."""
    event = _managed_event(submission)
    return event is not None and uncancel(event, now=now)


def uncancel(event: Event, *, now: datetime) -> bool:
    """Back to where the event stood: kept, or waiting if nobody ever kept it. One that is over stays cancelled."""
    state = Event.State.KEPT if event.kept_at else Event.State.WAITING
    back = Event.objects.filter(pk=event.pk, state=Event.State.CANCELLED, ends_at__gt=now).update(
        state=state, cancelled_at=None, changed_at=now, sequence=F("sequence") + 1
    )
    if back:
        mail_host(event, "event-uncancelled", now=now)
        promise_pages(event)
    return bool(back)


@transaction.atomic
def take_new_link(submission: Submission, *, now: datetime) -> bool:
    """End the organiser's personal link and mail a new one."""
    event = _managed_event(submission)
    if event is None:
        return False
    renew_link(event, now=now)
    return True


def renew_link(event: Event, *, now: datetime) -> None:
    """The next generation of the personal link: older ones find no page any more."""
    Event.objects.filter(pk=event.pk).update(generation=F("generation") + 1)
    event.refresh_from_db()
    mail_host(event, "manage-link", now=now)
    promise_manage_page(event)


@transaction.atomic
def keep_revision(revision: Revision, *, now: datetime) -> bool:
    """Let a waiting change become what the event says; gives whether it still waited."""
    event = revision.event
    if event.state not in REVISABLE_STATES:
        raise NotNow(f"The event is {event.state}: its text cannot change now.")
    if not settle_revision(revision, Revision.State.KEPT, now=now):
        return False
    before = rewrite(event, with_changes(fields_of(event), revision.fields), now=now)
    Revision.objects.filter(pk=revision.pk).update(before=before)
    promise_pages(event)
    return True


def settle_revision(revision: Revision, state: str, *, now: datetime) -> bool:
    """Close a waiting change with `state`; gives whether it still waited."""
    waiting = Revision.objects.filter(pk=revision.pk, state=Revision.State.WAITING)
    return waiting.update(state=state, decided_at=now) == 1


@transaction.atomic
def reopen_revision(revision: Revision, *, now: datetime) -> bool:
    """Let a decided change wait again, and the event say what it said before; gives whether that was possible.

    Not where a newer change waits, or where the event has another text by now.
    """
    event = (
        Event.objects.select_for_update(of=("self",))
        .select_related("campaign__team", "venue")
        .get(pk=revision.event_id)
    )
    decided = Revision.objects.filter(pk=revision.pk, state=revision.state).exclude(state=Revision.State.REPLACED)
    if not decided.exists() or event.revisions.filter(state=Revision.State.WAITING).exists():
        return False
    if revision.state == Revision.State.KEPT and _say_again(event, revision, now) is None:
        return False
    decided.update(state=Revision.State.WAITING, decided_at=None, before={})
    promise_pages(event)
    return True


def _say_again(event: Event, revision: Revision, now: datetime) -> dict[str, Any] | None:
    """Let the event say what it said before a change; gives what `rewrite` gives, None where it has another text."""
    said = fields_of(event)
    if any(getattr(said, name) != value for name, value in revision.fields.items() if name in revision.before):
        return None
    return rewrite(event, with_changes(said, revision.before), now=now)


@transaction.atomic
def correct(event: Event, corrections: dict[str, Any], *, now: datetime) -> Revision:
    """Mend what an event says or where its pin stands; gives the change, kept already, by which it can be undone.

    `corrections`: names of `EventFields` and their values. A published event follows at once, and another place or
    time is told as a move, to its organiser too; another pin alone is none. Raises `UnknownVenue`.
    """
    old = fields_of(event)
    tell_host_of_move(event, rewrite(event, with_changes(old, corrections), now=now), now=now)
    promise_pages(event)
    new = fields_of(event)
    before = said_before(old, differing(old, new))
    return Revision.objects.create(
        public_id=new_id(), event=event, state=Revision.State.KEPT, before=before,
        fields={name: getattr(new, name) for name in before}, starts_at=event.starts_at, proposed_at=now,
        decided_at=now,
    )  # fmt: skip


@transaction.atomic
def take_back_correction(revision: Revision, *, now: datetime) -> bool:
    """Let the event say what it said before a correction; gives whether it still said what was corrected."""
    event = revision.event
    moved = _say_again(event, revision, now)
    if moved is None:
        return False
    tell_host_of_move(event, moved, now=now)
    promise_pages(event)
    revision.delete()
    return True


def tell_host_of_move(event: Event, before: Collection[str], *, now: datetime) -> None:
    """Mail the event's organiser where another hand than theirs moved it. `before`: what `rewrite` gave.

    Not while they have yet to confirm: their address may be somebody else's.
    """
    if is_move(before) and event.state not in UNLINKED:
        mail_host(event, "event-moved", now=now)
