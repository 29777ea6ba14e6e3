"""Promising mails, in bulk, in the transaction that needs them."""

import random
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from clarion.kernel.clock import MINUTE
from clarion.kernel.ids import new_id
from clarion.outbox.models import AddressMark, Mail
from clarion.outbox.rules import (
    LONGEST_WAIT,
    MARK_KEPT,
    MAX_ATTEMPTS,
    PAUSE_AFTER_REFUSAL,
    REFUSALS_BELIEVED,
    REST_OF_A_SENDER,
    MailCap,
    pause_before,
)


@dataclass(frozen=True, slots=True)
class MailPromise:
    """A mail to be: its kind (see `worker.mailing`), whose it is, and the language it is written in."""

    kind: str
    record: str
    language: str
    campaign: str = ""
    lane: Mail.Lane = Mail.Lane.REST
    detail: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


def promise_mails(promises: Iterable[MailPromise], *, now: datetime) -> int:
    """Promise these mails; gives how many. Must run in the transaction that makes them true."""
    rows = [
        Mail(
            kind=one.kind, record=one.record, campaign=one.campaign, language=one.language, lane=one.lane,
            promised_at=now, due_at=one.due_at or now, message_id=new_id(), detail=one.detail,
        )
        for one in promises
    ]  # fmt: skip
    Mail.objects.bulk_create(rows)
    return len(rows)


def hold_mails() -> int:
    """Hold every mail that waits (they may have gone out after the backup was made); gives how many."""
    return Mail.objects.filter(is_held=False).update(is_held=True)


def release_mails(*, now: datetime) -> int:
    """Let held mails go; gives how many."""
    return Mail.objects.filter(is_held=True).update(is_held=False, due_at=now)


def note_capped_mails(cap: MailCap, *, now: datetime) -> None:
    """Remember for seven days the mails that `cap` let through. In the transaction that promises them."""
    AddressMark.objects.bulk_create(
        AddressMark(address_hash=address_hash, campaign=campaign, at=now) for address_hash, campaign in cap.taken
    )


def note_denial(address_hash: bytes, campaign: str, *, now: datetime) -> None:
    """Remember for seven days that the owner of an address said "not me"."""
    AddressMark.objects.create(address_hash=address_hash, campaign=campaign, at=now, is_denial=True)


def forget_marks(*, now: datetime) -> int:
    """Let go of what was remembered seven days ago; gives how many."""
    return AddressMark.objects.filter(at__lte=now - MARK_KEPT).delete()[0]


def hurry_mails(*, now: datetime) -> int:
    """Let go of mails that wait for a time that can only come from a clock that was set back since; gives how many."""
    early = Mail.objects.filter(promised_at__gt=now + MINUTE).update(promised_at=now, due_at=now)
    return early + Mail.objects.filter(due_at__gt=now + LONGEST_WAIT).update(due_at=now)


def drop_mails(mails: Collection[Mail]) -> None:
    """These have gone, or have nothing to say any more."""
    Mail.objects.filter(pk__in=[mail.pk for mail in mails]).delete()


def take_back_mails(mails: QuerySet[Mail]) -> int:
    """Drop those of `mails` that are not being sent just now; gives how many.

    One that is under way stays with the worker that sends it, and is dropped by it: whoever waited for the mail host
    here would keep locks that this worker needs, and its whole batch would go out again. Should the sending fail, a
    mail about what is erased finds nothing to say.
    """
    return _not_under_way(mails).delete()[0]


def _not_under_way(mails: QuerySet[Mail]) -> QuerySet[Mail]:
    """Those that no other worker is sending just now."""
    if not connection.features.has_select_for_update_skip_locked:
        return mails
    return Mail.objects.filter(pk__in=list(mails.select_for_update(skip_locked=True).values_list("pk", flat=True)))


def rest_mails(mails: Mapping[Mail, timedelta], *, now: datetime) -> None:
    """Try these again after a rest; nothing was tried now."""
    for mail, rest in mails.items():
        mail.due_at = now + rest
    Mail.objects.bulk_update(mails, ["due_at"])


def rest_campaign(campaign: str, *, now: datetime) -> int:
    """Let all that is due of a campaign whose sender is not taken wait for minutes; gives how many. None was tried."""
    due = Mail.objects.filter(campaign=campaign, due_at__lte=now)
    return _not_under_way(due).update(due_at=now + REST_OF_A_SENDER)


def doubt_refusals(mails: Collection[Mail], *, now: datetime) -> list[Mail]:
    """These were refused, perhaps for a trouble of the server's own; gives those given up, which are dropped.

    What counts is how often this mail was refused, not how long it has waited: it may have waited for us.
    """
    believed = [mail for mail in mails if mail.refusals + 1 >= REFUSALS_BELIEVED]
    doubted = [mail for mail in mails if mail not in believed]
    drop_mails(believed)
    return believed + _postpone(doubted, now=now, at_least=PAUSE_AFTER_REFUSAL, refusals=1)


def postpone_mails(mails: Collection[Mail], *, now: datetime) -> list[Mail]:
    """Try these again later, each time after a longer rest; gives those given up, which are dropped."""
    return _postpone(mails, now=now, at_least=timedelta(), refusals=0)


def _postpone(mails: Collection[Mail], *, now: datetime, at_least: timedelta, refusals: int) -> list[Mail]:
    given_up = [mail for mail in mails if mail.attempts + 1 >= MAX_ATTEMPTS]
    # Copies: what was read stays as it was, should this have to be done once more.
    again = [copy(mail) for mail in mails if mail.attempts + 1 < MAX_ATTEMPTS]
    for mail in again:
        mail.attempts += 1
        mail.refusals += refusals
        jitter = random.random()  # noqa: S311 - spreads load, hides nothing
        mail.due_at = now + max(pause_before(mail.attempts, jitter), at_least * (1 + jitter / 2))
    Mail.objects.bulk_update(again, ["attempts", "refusals", "due_at"])
    drop_mails(given_up)
    return given_up
