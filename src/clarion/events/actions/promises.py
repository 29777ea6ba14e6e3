"""What every change of an event promises: its pages, and mails to those whom it concerns."""

from datetime import datetime
from typing import Any

from clarion.events.models import Event
from clarion.jobs.promises import promise
from clarion.organisers.queries import members_of
from clarion.organisers.rules import may_moderate
from clarion.outbox.actions import MailPromise, promise_mails


def promise_event_pages(event: Event) -> None:
    """Its pages, lists, feeds and map, and its manage page."""
    if event.campaign.is_published:
        promise("publish-event", campaign=event.campaign.slug, event=event.public_id)


def promise_manage_page(event: Event) -> None:
    """Its manage page alone: the public sees no change."""
    promise("publish-manage", campaign=event.campaign.slug, event=event.public_id)


def promise_pages(event: Event) -> None:
    """All that shows the event: what the public sees of it, or its manage page alone."""
    if event.kept_at is not None and event.campaign.is_published:
        promise_event_pages(event)
    else:
        promise_manage_page(event)


def mail_host(event: Event, kind: str, *, now: datetime, **detail: Any) -> None:
    """Promise a mail to the event's organiser, if one is known. `detail` holds ids and codes only."""
    if event.host_box is not None:
        language = event.host_language or event.campaign.default_language
        slug = event.campaign.slug
        promise_mails([MailPromise(kind, event.public_id, language, slug, detail=detail)], now=now)


def mail_moderators(event: Event, kind: str, *, now: datetime, except_id: str = "") -> None:
    """Promise a mail to everyone who may decide on the event, less the one who acted (a public id)."""
    members = members_of(event.campaign.team).filter(organiser__is_active=True)
    mailed = [one.organiser for one in members if may_moderate(one.role, one.countries, event.country)]
    promise_mails(
        [
            MailPromise(kind, one.public_id, one.language, event.campaign.slug, detail={"event": event.public_id})
            for one in mailed
            if one.public_id != except_id
        ],
        now=now,
    )
