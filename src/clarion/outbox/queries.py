"""What is remembered of addresses, and which mails are due."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Min, QuerySet

from clarion.outbox.models import AddressMark, Mail
from clarion.outbox.rules import MARK_KEPT, MailCap, shares

# Confirmations first; the slow lane and the rest each keep a part, so that no flood starves them.
WEIGHTS = {int(Mail.Lane.CONFIRMATIONS): 16, int(Mail.Lane.REST): 3, int(Mail.Lane.SLOW): 1}


def mail_cap(hashes: Collection[bytes], *, confirmed_here: Collection[bytes], now: datetime) -> MailCap:
    """The cap for these addresses; give it to `actions.note_capped_mails` in the same transaction."""
    mailed: dict[bytes, list[str]] = defaultdict(list)
    marks = _standing(hashes, now).filter(is_denial=False)
    for address_hash, campaign in marks.values_list("address_hash", "campaign"):
        mailed[bytes(address_hash)].append(campaign)
    return MailCap(dict(mailed), confirmed_here)


def denied_hashes(hashes: Collection[bytes], *, now: datetime) -> set[bytes]:
    """Those addresses whose owner said "not me" in the last seven days: their links ask for the address."""
    return {bytes(one) for one in _standing(hashes, now).filter(is_denial=True).values_list("address_hash", flat=True)}


def _standing(hashes: Collection[bytes], now: datetime) -> QuerySet[AddressMark]:
    return AddressMark.objects.filter(address_hash__in=hashes, at__gt=now - MARK_KEPT)


def records_promised(kind: str, records: Collection[str], *, at: datetime, campaign: str, detail: Any) -> set[str]:
    """Those of `records` to whom this very mail was promised at that moment, in the same act."""
    same = Mail.objects.filter(kind=kind, record__in=records, promised_at=at, campaign=campaign, detail=detail)
    return set(same.values_list("record", flat=True))


def due_mails(room: int, *, now: datetime) -> list[Mail]:
    """At most `room` mails to send next, oldest first within a lane, the lanes sharing the room by weight."""
    due = _due(now)
    waiting = {lane: list(due.filter(lane=lane).order_by("due_at", "pk")[:room]) for lane in WEIGHTS}
    places = shares(room, {lane: len(mails) for lane, mails in waiting.items()}, WEIGHTS)
    return [mail for lane, n in places.items() for mail in waiting[lane][:n]]


def _due(now: datetime) -> QuerySet[Mail]:
    """Where several workers may mail: less what another holds; what is read is held by the caller's transaction."""
    due = Mail.objects.filter(due_at__lte=now, is_held=False)
    return due.select_for_update(skip_locked=True) if connection.features.has_select_for_update_skip_locked else due


@dataclass(frozen=True, slots=True)
class MailBacklog:
    """How many mails wait, and since when the oldest confirmation that was not tried yet does.

    One whose receiver defers it for days says nothing of how long others take.
    """

    waiting: int
    held: int
    oldest_confirmation: datetime | None


def mail_backlog() -> MailBacklog:
    """What the outbox holds now."""
    sums = Mail.objects.filter(is_held=False).aggregate(waiting=Count("pk"))
    untried = Mail.objects.filter(is_held=False, lane=Mail.Lane.CONFIRMATIONS, attempts=0)
    oldest = untried.aggregate(at=Min("promised_at"))
    return MailBacklog(sums["waiting"], Mail.objects.filter(is_held=True).count(), oldest["at"])
