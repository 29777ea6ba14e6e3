"""Promising mails, in bulk, in the transaction that needs them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clarion.kernel.ids import new_id
from clarion.outbox.models import Mail


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
