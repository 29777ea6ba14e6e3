"""What became of a batch of mails, and how it is put down: dropped, tried again later, told to whom it concerns."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from clarion.events import actions as events
from clarion.gateways.mail import MailHostFailed
from clarion.outbox.actions import doubt_refusals, drop_mails, postpone_mails, rest_campaign, rest_mails
from clarion.outbox.models import Mail
from clarion.privacy import actions as privacy
from clarion.signatures import actions as signatures

Listener = Callable[[Collection[str], datetime], object]

# Told of every attempt: the seven days of an unconfirmed record begin with it.
ATTEMPTED: Mapping[str, Listener] = {
    "confirm-signature": lambda ids, now: signatures.note_mailed(ids, now=now),
    "confirm-event": lambda ids, now: events.note_mailed(ids, now=now),
}
# Told once a mail is over, sent or not: an address that was kept for it goes.
OVER: Mapping[str, Listener] = {
    "withdrawn": lambda ids, now: signatures.forget_withdrawn_addresses(now=now, mailed=ids),
    "my-data": lambda ids, now: privacy.forget_my_data_addresses(now=now, mailed=ids),
}


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    over: list[Mail] = field(default_factory=list)  # sent, refused for good, or nothing left to say
    later: list[Mail] = field(default_factory=list)
    doubted: list[Mail] = field(default_factory=list)  # refused, perhaps by a server in trouble
    resting: dict[Mail, timedelta] = field(default_factory=dict)  # not tried: domain rests, or page still to come
    refused_senders: set[str] = field(default_factory=set)  # campaigns, of which no more was tried
    attempted: list[Mail] = field(default_factory=list)
    sent: int = 0
    host_failure: MailHostFailed | None = None


@transaction.atomic
def settle(outcome: Outcome, *, now: datetime) -> None:
    """Put down what became of a batch. Safe to repeat, should it fail."""
    drop_mails(outcome.over)
    given_up = postpone_mails(outcome.later, now=now) + doubt_refusals(outcome.doubted, now=now)
    rest_mails(outcome.resting, now=now)
    for campaign in outcome.refused_senders:
        rest_campaign(campaign, now=now)
    _tell(ATTEMPTED, outcome.attempted, now)
    _tell(OVER, [*outcome.over, *given_up], now)


def _tell(whom: Mapping[str, Listener], mails: Sequence[Mail], now: datetime) -> None:
    for kind, tell in whom.items():
        ids = [mail.record for mail in mails if mail.kind == kind]
        if ids:
            tell(ids, now)
