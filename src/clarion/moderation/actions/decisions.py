"""What moderators decide on events and their changes, take back, and correct."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.events.actions import (
    correct,
    keep_revision,
    locked_event,
    mail_host,
    promise_manage_page,
    promise_pages,
    reopen_revision,
    restore_state,
    settle_revision,
    take_back_correction,
    take_step,
)
from clarion.events.models import Event, Revision
from clarion.events.queries import is_public, revision_by_public_id
from clarion.events.rules import MOVES
from clarion.kernel.ids import new_id
from clarion.kernel.text import tidy_lines
from clarion.moderation.models import Decision, Report
from clarion.moderation.queries import standing_decision
from clarion.moderation.rules import (
    CORRECTABLE,
    AlreadyDecided,
    BadPoint,
    CannotUndo,
    ChangedMeanwhile,
    NotYours,
    UnknownItem,
    Verb,
    check_decision,
)
from clarion.organisers.models import Organiser
from clarion.organisers.queries import membership, organiser_by_id
from clarion.organisers.rules import may_moderate
from clarion.outbox.actions import take_back_mails
from clarion.outbox.models import Mail

_MAX_SENTENCE = 500
_EVENT_MAILS: Mapping[str, str] = {
    "keep": "event-kept", "ask-for-changes": "event-changes-asked", "refuse": "event-refused", "hide": "event-hidden",
}  # fmt: skip
_CHANGE_MAILS: Mapping[str, str] = {
    "keep": "change-kept", "ask-for-changes": "change-changes-asked", "refuse": "change-refused",
}  # fmt: skip
_DONE: Mapping[str, str] = {
    "keep": "kept it", "ask-for-changes": "asked for changes", "refuse": "refused it", "hide": "hid it",
}  # fmt: skip


def require_moderator(by: Organiser, event: Event) -> None:
    """Raise `NotYours` unless this organiser may decide on events of the event's country."""
    role = membership(by, event.campaign.team)
    if role is None or not may_moderate(role.role, role.countries, event.country):
        raise NotYours("You do not moderate events in this country.")


@transaction.atomic
def decide_event(
    public_id: str,
    verb: Verb,
    *,
    by: Organiser,
    now: datetime,
    reason: str = "",
    sentence: str = "",
    checked: str = "",
    seen: int | None = None,
) -> Decision:
    """Keep, send back, refuse or hide an event, and mail its organiser.

    `seen`: the event's `sequence` when the moderator read it. Raises `AlreadyDecided`, `ChangedMeanwhile`,
    `ReasonMissing`, `CheckMissing`, `NotYours` and `UnknownEvent`; nothing is changed then.
    """
    check_decision(verb, reason=reason, checked=checked)
    event = locked_event(public_id)
    require_moderator(by, event)
    before, was_public = event.state, is_public(event)
    columns: dict[str, Any] = {"kept_at": now, "changed_at": now, "checked": checked} if verb == "keep" else {}
    if (verb == "hide" and not was_public) or not take_step(event, verb, seen=seen, **columns):
        raise _too_late(event, verb, seen)
    if verb == "hide":
        Report.objects.filter(event=public_id, seen_at=None).update(seen_at=now)
    decision = _decide(event, "event", public_id, verb, before, by, now, reason, sentence, checked)
    mail_host(event, _EVENT_MAILS[verb], now=now, decision=decision.public_id)
    promise_pages(event)
    return decision


def _too_late(event: Event, verb: Verb, seen: int | None) -> AlreadyDecided | ChangedMeanwhile:
    if event.state in MOVES[verb].sources and seen is not None and seen != event.sequence:
        return ChangedMeanwhile("Its organiser changed the event after you opened it. Please read it again.")
    return _faster(event.public_id, event.state, f"The event is {event.state} by now.")


def _faster(object_id: str, state: str, otherwise: str) -> AlreadyDecided:
    """Names the moderator whose decision led to `state`, if it was one."""
    last = standing_decision(object_id)
    if last is None or last.verb not in _DONE or MOVES[last.verb].target != state:
        return AlreadyDecided(otherwise)
    other = organiser_by_id(last.by)
    return AlreadyDecided(f"Another moderator was faster: {other or 'someone'} {_DONE[last.verb]}.")


@transaction.atomic
def decide_revision(
    public_id: str,
    verb: Verb,
    *,
    by: Organiser,
    now: datetime,
    reason: str = "",
    sentence: str = "",
) -> Decision:
    """Keep, send back or refuse a change; the event stays as approved until it is kept.

    Raises `AlreadyDecided`, `ChangedMeanwhile` (a newer change took its place), `ReasonMissing`, `NotYours`,
    `UnknownItem`, and `NotNow` where the event is over; nothing is changed then.
    """
    check_decision(verb, reason=reason, checked="", is_revision=True)
    if verb not in _CHANGE_MAILS:
        raise UnknownItem("A change is kept, sent back or refused.")
    revision = _revision(public_id)
    event = revision.event
    require_moderator(by, event)
    closed = {"ask-for-changes": Revision.State.CHANGES_ASKED, "refuse": Revision.State.REFUSED}
    if verb == "keep":
        is_done = keep_revision(revision, now=now)
    else:
        is_done = settle_revision(revision, closed[verb], now=now)
        promise_manage_page(event)
    if not is_done:
        raise _too_late_for_change(revision)
    before = Revision.State.WAITING
    decision = _decide(event, "revision", public_id, verb, before, by, now, reason, sentence)
    mail_host(event, _CHANGE_MAILS[verb], now=now, decision=decision.public_id)
    return decision


def _revision(public_id: str) -> Revision:
    revision = revision_by_public_id(public_id)
    if revision is None:
        raise UnknownItem("There is no such change.")
    revision.event = locked_event(revision.event.public_id)
    revision.refresh_from_db(fields=["state", "fields", "before"])
    return revision


def _too_late_for_change(revision: Revision) -> AlreadyDecided | ChangedMeanwhile:
    if revision.state == Revision.State.REPLACED:
        return ChangedMeanwhile("Its organiser asked for another change after you opened this one.")
    return _faster(revision.public_id, revision.state, f"The change is {revision.state} by now.")


def _decide(
    event: Event,
    kind: str,
    object_id: str,
    verb: str,
    before: str,
    by: Organiser,
    now: datetime,
    reason: str = "",
    sentence: str = "",
    checked: str = "",
    **detail: Any,
) -> Decision:
    """Store a decision and its entry in the audit log, which holds codes only."""
    record(
        Actor("organiser", by.public_id), verb, kind, object_id, now=now, campaign=event.campaign.slug,
        **{name: code for name, code in (("reason", reason), ("checked", checked)) if code}, **detail,
    )  # fmt: skip
    return Decision.objects.create(
        public_id=new_id(), campaign=event.campaign.slug, object_kind=kind, object=object_id, event=event.public_id,
        verb=verb, reason=reason, sentence=tidy_lines(sentence)[:_MAX_SENTENCE], before=before, checked=checked,
        by=by.public_id, at=now,
    )  # fmt: skip


@transaction.atomic
def undo_decision(decision_id: str, *, by: Organiser, now: datetime) -> Decision:
    """Take a decision back: the item stands where it stood, and its organiser hears of it.

    A mail that has not left yet is dropped instead. Raises `CannotUndo` where another decision followed or the item
    has gone on, `NotYours`, `UnknownItem`; nothing is changed then.
    """
    found = Decision.objects.filter(public_id=decision_id).first()
    if found is None:
        raise UnknownItem("There is no such decision.")
    event = locked_event(found.event)  # first, as whoever takes the event away does
    decision = Decision.objects.select_for_update().get(pk=found.pk)
    require_moderator(by, event)
    standing = standing_decision(decision.object)
    if standing is None or standing.pk != decision.pk or not _put_back(decision, event, now):
        raise CannotUndo("It has gone on since that decision, so it cannot be taken back.")
    Decision.objects.filter(pk=decision.pk).update(undone_at=now)
    _tell_undone(decision, event, now)
    return _decide(event, decision.object_kind, decision.object, Decision.Verb.UNDO, decision.before, by, now)


def _put_back(decision: Decision, event: Event, now: datetime) -> bool:
    if decision.object_kind == "revision":
        return reopen_revision(_revision(decision.object), now=now)
    if decision.object_kind == "correction":
        return take_back_correction(_revision(decision.object), now=now)
    return restore_state(event, MOVES[decision.verb].target, decision.before)


def _tell_undone(decision: Decision, event: Event, now: datetime) -> None:
    unsent = Mail.objects.filter(record=event.public_id, detail__decision=decision.public_id)
    if take_back_mails(unsent) or decision.object_kind == "correction":
        return
    if decision.object_kind == "revision":
        mail_host(event, "change-waiting", now=now)
    else:
        mail_host(event, "event-kept" if is_public(event) else "event-received", now=now)


@transaction.atomic
def correct_event(public_id: str, corrections: Mapping[str, Any], *, by: Organiser, now: datetime) -> Decision:
    """Mend an event's pin (`lat` and `lon`, degrees) or its text; a published one follows at once. It can be undone.

    Raises `BadPoint`, `NotYours`, `UnknownItem` (a field that is not for correcting), `UnknownEvent`, `UnknownVenue`.
    """
    if unknown := corrections.keys() - CORRECTABLE:
        raise UnknownItem(f"Not for correcting: {', '.join(sorted(unknown))}.")
    _check_point(corrections)
    event = locked_event(public_id)
    require_moderator(by, event)
    correction = correct(event, dict(corrections), now=now).public_id
    names = sorted(corrections)
    return _decide(event, "correction", correction, Decision.Verb.CORRECT, event.state, by, now, fields=names)


def _check_point(corrections: Mapping[str, Any]) -> None:
    lat, lon = corrections.get("lat"), corrections.get("lon")
    if (lat is None) != (lon is None) or (
        lat is not None and lon is not None and not (-90 <= lat <= 90 and -180 <= lon <= 180)
    ):
        raise BadPoint("A pin needs a latitude from -90 to 90 and a longitude from -180 to 180.")
