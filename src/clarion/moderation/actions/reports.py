"""What readers report of published events, and what becomes of it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.events.actions import locked_event
from clarion.events.models import Event
from clarion.events.queries import is_public
from clarion.kernel.submissions import Submission
from clarion.moderation.actions.decisions import require_moderator
from clarion.moderation.models import Decision, Report
from clarion.organisers.models import Organiser


@transaction.atomic
def take_report(submission: Submission, *, now: datetime) -> bool:
    """Store what a reader says of a published event, which stays published; gives whether that is new.

    Safe to repeat. A report on anything else is passed over.
    """
    event = Event.objects.select_related("campaign").filter(public_id=submission.target or "").first()
    if event is None or event.campaign.slug != submission.campaign or not is_public(event):
        return False
    _, is_new = Report.objects.get_or_create(
        public_id=submission.id,
        defaults={
            "event": event.public_id,
            "campaign": submission.campaign,
            "reason": submission.fields["reason"],
            "note": submission.fields.get("note", ""),
            "at": submission.accepted_at,
        },
    )
    return is_new


@transaction.atomic
def see_reports(event_id: str, reports: Collection[str], *, by: Organiser, now: datetime) -> int:
    """Note that a moderator read these reports on an event and leaves it as it is; gives how many were new.

    `reports`: the public ids of those that were shown. One that came meanwhile goes on waiting.
    """
    event = locked_event(event_id)
    require_moderator(by, event)
    seen = Report.objects.filter(event=event_id, public_id__in=reports, seen_at=None).update(seen_at=now)
    if seen:
        actor = Actor("organiser", by.public_id)
        record(actor, "saw-reports", "event", event_id, now=now, campaign=event.campaign.slug, reports=seen)
    return seen


@transaction.atomic
def erase_about(event_ids: Collection[str]) -> None:
    """Let go of what was written about these events: reports, and moderators' sentences. Decisions stay."""
    Report.objects.filter(event__in=event_ids).delete()
    Decision.objects.filter(event__in=event_ids).update(sentence="")
