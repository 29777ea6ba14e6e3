"""Shared reads of promised work."""

from collections.abc import Collection
from datetime import datetime

from django_tasks_db.models import DBTaskResult

_OPEN = ("READY", "RUNNING")


def events_promised(names: Collection[str], events: Collection[str]) -> set[str]:
    """Those of these events, by public id, of whom a promise of such a name waits to be kept."""
    rows = DBTaskResult.objects.filter(status__in=_OPEN, args_kwargs__kwargs__name__in=list(names))
    rows = rows.filter(args_kwargs__kwargs__arguments__event__in=list(events))
    return {said["kwargs"]["arguments"]["event"] for said in rows.values_list("args_kwargs", flat=True)}


def oldest_open_promise(campaign: str, names: Collection[str]) -> datetime | None:
    """Since when the oldest of these promises for a campaign waits to be kept; None where none does."""
    rows = DBTaskResult.objects.filter(status__in=_OPEN, args_kwargs__kwargs__arguments__campaign=campaign)
    moments = rows.filter(args_kwargs__kwargs__name__in=list(names)).order_by("enqueued_at")
    first: datetime | None = moments.values_list("enqueued_at", flat=True).first()
    return first
