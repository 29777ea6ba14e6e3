"""What is done with what is held about a person. Every erasing calls the apps below in one transaction."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clarion.audit.actions import Actor, record
from clarion.campaigns.models import Campaign
from clarion.events import actions as events
from clarion.events.models import Event
from clarion.kernel.clock import DAY, HOUR, MINUTE
from clarion.kernel.ids import RecordId, new_id
from clarion.kernel.keys import Keys
from clarion.kernel.sealing import hashed_address, lock_fields
from clarion.kernel.submissions import Submission
from clarion.moderation.actions import erase_about
from clarion.organisers.actions import notify_admins
from clarion.outbox.actions import MailPromise, forget_marks, promise_mails
from clarion.privacy.erased import note_erased, note_kept, read_erased, read_kept
from clarion.privacy.models import MyDataMail, Receipt, SetAside
from clarion.privacy.queries import held_about
from clarion.signatures import actions as signatures
from clarion.signatures.models import Signature

MY_DATA_KIND = "my-data"
MY_DATA_ONCE_IN = DAY
RECEIPTS_KEPT = 60 * DAY  # longer than any inbox lies in a backup that is still restored
SET_ASIDE_KEPT = 30 * DAY
_AT_ONCE = 500


_IS_HELD = Q(Exists(Signature.objects.filter(address_hash=OuterRef("address_hash")))) | Q(
    Exists(Event.objects.filter(host_hash=OuterRef("address_hash")))
)


def accept_submissions(submissions: Sequence[Submission], *, now: datetime) -> list[Submission]:
    """Those of `submissions` that were never drained, each once; a receipt keeps them from coming again.

    In the transaction that carries them out: this is what makes draining exactly once.
    """
    by_id = {one.id: one for one in submissions}
    known = set(Receipt.objects.filter(submission__in=by_id).values_list("submission", flat=True))
    fresh = [one for one in by_id.values() if one.id not in known]
    Receipt.objects.bulk_create(Receipt(submission=one.id, at=now) for one in fresh)
    return fresh


@dataclass(frozen=True, slots=True)
class SealedForm:
    """A row of the inbox as it came."""

    submission: RecordId
    key_number: int
    sealed_key: bytes
    body: bytes


def set_aside(row: SealedForm, error: str, *, now: datetime) -> None:
    """Keep a row that could not be carried out, sealed as it came, so that it blocks nobody and is not lost."""
    SetAside.objects.get_or_create(
        submission=row.submission,
        defaults={
            "sealed": row.body,
            "sealed_key": row.sealed_key,
            "key_number": row.key_number,
            "error": error[:200],
            "at": now,
        },
    )


@transaction.atomic
def withdraw(submission: Submission, *, keys: Keys, now: datetime) -> int:
    """Withdraw every signature of the address in the link's campaign, if the address typed is right; gives how many."""
    return _note(signatures.withdraw_all(submission, keys=keys, now=now))


@transaction.atomic
def deny(submission: Submission, *, keys: Keys, now: datetime) -> int:
    """Erase what the owner of the address says is not theirs, a signature or an event; gives how many."""
    if submission.link is not None and submission.link.kind.confirms_event:
        ids = events.deny_proposal(submission, keys=keys, now=now)
        erase_about(ids)
        return _note(ids)
    return _note(signatures.deny_signature(submission, keys=keys, now=now))


@transaction.atomic
def take_my_data(submission: Submission, *, keys: Keys, now: datetime) -> bool:
    """Promise the mail that lists an address's links; gives whether it was.

    Only to an address of which something is held under this very spelling, and once a day.
    """
    address = submission.fields["email"]
    found_by = hashed_address(address, keys)
    MyDataMail.objects.filter(address_hash=found_by, at__lte=now - MY_DATA_ONCE_IN).delete()
    if MyDataMail.objects.filter(address_hash=found_by).exists() or not held_about(address, found_by, keys.field):
        return False
    mark = MyDataMail.objects.create(
        address_hash=found_by, box=lock_fields(keys.field, {"email": address}), at=now, public_id=new_id()
    )
    promise = MailPromise(MY_DATA_KIND, mark.public_id, submission.language, submission.campaign)
    promise_mails([promise], now=now)
    return True


def forget_my_data_addresses(*, now: datetime, mailed: Collection[str] = ()) -> None:
    """Let go of the addresses whose `my-data` mail has gone, or was promised an hour ago.

    The mark stays a day, or until nothing more is held of the address, however that came about: whoever withdraws
    leaves no hash here. Where the clock was set back since, nobody knows how long ago all that was.
    """
    MyDataMail.objects.filter(public_id__in=mailed).update(box=b"")
    MyDataMail.objects.filter(at__lte=now - HOUR).exclude(box=b"").update(box=b"")
    MyDataMail.objects.filter(Q(at__lte=now - MY_DATA_ONCE_IN) | Q(at__gt=now + MINUTE) | ~_IS_HELD).delete()


@transaction.atomic
def note_export(campaign: Campaign, what: str, *, by: Actor, now: datetime) -> None:
    """Put down that a table of people or events was taken away; every other admin is mailed."""
    record(by, "exported", "campaign", campaign.slug, now=now, campaign=campaign.slug, what=what)
    notify_admins(campaign.team, "exported", by=by, now=now, campaign=campaign.slug)


@transaction.atomic
def note_search(campaign: Campaign, hits: int, *, by: Actor, now: datetime) -> None:
    """Put down that somebody was looked for by address, and how much was found: never the address."""
    record(by, "searched", "campaign", campaign.slug, now=now, campaign=campaign.slug, hits=hits)


def erase_expired(*, drained_until: datetime, now: datetime) -> int:
    """Erase a part of what may not be held any longer, some hundreds of records; gives of how many: call again while
    it gives any. Safe to repeat, and to be cut off.

    `drained_until`: all that intake accepted before has been drained, so nobody confirmed in time unseen.
    """
    return _erase_unconfirmed(drained_until, now) + _erase_kept_long_enough(now)


def _erase_unconfirmed(drained_until: datetime, now: datetime) -> int:
    with transaction.atomic():
        erased = _note(signatures.erase_expired_signatures(drained_until=drained_until, now=now))
    with transaction.atomic():
        return erased + _note(events.erase_unconfirmed(drained_until=drained_until))


def _erase_kept_long_enough(now: datetime) -> int:
    erased = events.erase_old_contacts(now=now)
    with transaction.atomic():
        kept = [*events.erase_hosts_kept_long_enough(now=now), *signatures.erase_kept_long_enough(now=now)]
        note_kept(settings.ENV.data.erased, kept)
        return erased + len(kept)


@transaction.atomic
def forget_passed(*, now: datetime) -> None:
    """Let go of what is kept for hours or days: last addresses, marks, receipts, rows set aside. Safe to repeat."""
    signatures.forget_withdrawn_addresses(now=now)
    forget_my_data_addresses(now=now)
    forget_marks(now=now)
    Receipt.objects.filter(at__lte=now - RECEIPTS_KEPT).delete()
    SetAside.objects.filter(at__lte=now - SET_ASIDE_KEPT).delete()


def erase_again(*, now: datetime) -> int:
    """Erase what a restored backup brought back of the erased; gives of how many records. Safe to repeat.

    Their forms may wait in the backup's inbox too: each gets a receipt, and is passed over there.
    """
    # Those first that take a count away: it could not be told any more once their data is gone.
    path, erased = settings.ENV.data.erased, 0
    for ids in _slices(read_erased(path)):
        erased += _erase_again(ids, now)
    for ids in _slices(read_kept(path)):
        erased += _erase_kept_again(ids, now)
    # The campaign that came back may have an earlier day than the one by which these were kept so far.
    while _erase_kept_long_enough(now):
        pass
    return erased


def _slices(ids: Iterator[str]) -> Iterator[Sequence[str]]:
    while some := tuple(islice(ids, _AT_ONCE)):
        yield some


@transaction.atomic
def _erase_again(ids: Sequence[str], now: datetime) -> int:
    _note_receipts(ids, now)
    event_ids = events.erase_events(ids)
    erase_about(event_ids)
    return len(event_ids) + len(signatures.erase_signatures(ids, now=now))


@transaction.atomic
def _erase_kept_again(ids: Sequence[str], now: datetime) -> int:
    """The day by which they went may have been set since the backup, so that the records do not know it."""
    _note_receipts(ids, now)
    return len(events.erase_host(ids)) + len(signatures.erase_kept_again(ids, now=now))


def _note_receipts(ids: Sequence[str], now: datetime) -> None:
    # A record bears the id of the form that made it.
    Receipt.objects.bulk_create((Receipt(submission=one, at=now) for one in ids), ignore_conflicts=True)


def _note(ids: Collection[str]) -> int:
    note_erased(settings.ENV.data.erased, ids)
    return len(ids)
