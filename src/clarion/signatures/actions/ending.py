"""How a signature's personal data goes: withdrawn, denied, never confirmed, or kept long enough."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clarion.campaigns.queries import over_kept
from clarion.kernel.clock import MINUTE
from clarion.kernel.keys import Keys
from clarion.kernel.links import LinkKind
from clarion.kernel.sealing import hashed_address, lock_fields, unlock_fields
from clarion.kernel.submissions import Submission
from clarion.outbox.actions import MailPromise, note_denial, promise_mails, take_back_mails
from clarion.outbox.models import Mail
from clarion.signatures.actions.counting import change_sums, hold_sums, tally_key, vote_of
from clarion.signatures.actions.taking import CONFIRM_KIND
from clarion.signatures.models import HOLDING_DATA, Signature
from clarion.signatures.rules import CONFIRM_WITHIN, KEEP_SEALED_ADDRESS

WITHDRAWN_KIND = "withdrawn"
_AT_ONCE = 500
_NO_MARKS = dict.fromkeys(("network_mark", "network_mark_before", "domain_mark", "name_mark"))


@transaction.atomic
def withdraw_all(submission: Submission, *, keys: Keys, now: datetime) -> list[str]:
    """Withdraw every signature of the address in the campaign of the link, if the address typed is the link's.

    Gives the ids of the rows that were erased. Until the last mail has gone, the row of the link keeps its sealed
    address and nothing else. Safe to repeat.
    """
    named = _row_of_withdraw_link(submission, keys)
    if named is None:
        return []
    hold_sums([named.campaign_id])
    found = Signature.objects.select_for_update().filter(
        campaign_id=named.campaign_id, address_hash=bytes(named.address_hash or b"")
    )
    rows = list(found.order_by("pk"))
    _subtract(rows, now=now)
    _wipe(rows, Signature.State.WITHDRAWN, now=now)
    if named.pk in (row.pk for row in rows):  # else it was erased a moment ago, and its address is not put back
        address = unlock_fields(keys.field, bytes(named.box or b""))["email"]
        Signature.objects.filter(pk=named.pk).update(box=lock_fields(keys.field, {"email": address}))
        promise_mails([MailPromise(WITHDRAWN_KIND, named.public_id, submission.language, submission.campaign)], now=now)
    return [row.public_id for row in rows]


def _row_of_withdraw_link(submission: Submission, keys: Keys) -> Signature | None:
    link, typed = submission.link, submission.fields.get("email", "")
    if link is None or link.kind != LinkKind.WITHDRAW or not typed:
        return None
    row = Signature.objects.filter(public_id=link.record, campaign_id=link.campaign, address_hash__isnull=False).first()
    typed_hash = hashed_address(typed, keys)
    return row if row and row.box and bytes(row.address_hash or b"") == typed_hash else None


@transaction.atomic
def deny_signature(submission: Submission, *, keys: Keys, now: datetime) -> list[str]:
    """The owner of the address says that it was not they: the row goes, counted or not, its id stays as denied.

    Gives the ids of what was erased. For seven days the address's next links ask for it to be typed.
    """
    vote = vote_of(submission, keys)
    if vote is None:
        return []
    found = Signature.objects.filter(public_id=vote.record, campaign_id=vote.campaign, address_hash__isnull=False)
    if found.exists():
        hold_sums([vote.campaign])
    row = found.select_for_update().first()
    if row is None or (vote.is_typed and vote.address_hash != bytes(row.address_hash or b"")):
        return []
    note_denial(bytes(row.address_hash or b""), submission.campaign, now=now)
    _subtract([row], now=now)
    _wipe([row], Signature.State.DENIED, now=now)
    return [row.public_id]


@transaction.atomic
def erase_signatures(public_ids: Collection[str], *, now: datetime) -> list[str]:
    """Erase these once more (after a restore), whatever state they came back in; gives those that held anything."""
    held = Signature.objects.select_for_update().filter(public_id__in=public_ids, box__isnull=False)
    rows = list(held.order_by("pk"))
    _subtract(rows, now=now)
    _wipe(rows, Signature.State.WITHDRAWN, now=now)
    return [row.public_id for row in rows]


@transaction.atomic
def erase_expired_signatures(*, drained_until: datetime, now: datetime) -> list[str]:
    """Erase what nobody confirmed within seven days of the last mail; gives the ids (at most 500: call again).

    `drained_until`: all that intake accepted before this moment has been drained, so none of these was confirmed
    in time.
    """
    late = drained_until - CONFIRM_WITHIN
    # Locked, and looked at again once it is: whoever confirms meanwhile is not erased.
    # Who is mailed or confirms just now is passed over: nobody waits here for what another holds.
    locked = Signature.objects.select_for_update(of=("self",), skip_locked=True)
    pending = locked.filter(state=Signature.State.PENDING)
    rows = list(pending.filter(last_mailed_at__lte=late)[:_AT_ONCE])
    rows += _never_mailed(pending, late)[: _AT_ONCE - len(rows)]
    _wipe(rows, Signature.State.EXPIRED, now=now)
    return [row.public_id for row in rows]


def _never_mailed(pending: QuerySet[Signature], late: datetime) -> QuerySet[Signature]:
    """Those whose mail was given up without an attempt; where it still waits, its owner may still be asked."""
    promised = Mail.objects.filter(kind=CONFIRM_KIND, record=OuterRef("public_id"))
    return pending.filter(~Exists(promised), last_mailed_at=None, signed_at__lte=late)


@transaction.atomic
def erase_kept_long_enough(*, now: datetime) -> list[str]:
    """Erase the personal data of those whose campaign keeps it no longer; their count and country stay.

    Gives the ids (at most 500: call again).
    """
    erased: list[str] = []
    for campaign, ended in over_kept(now):
        free = Signature.objects.select_for_update(skip_locked=True)  # what a wave moves just now goes next time
        over = free.filter(campaign=campaign, box__isnull=False, signed_at__lte=ended)
        rows = list(over.filter(state__in=HOLDING_DATA)[: _AT_ONCE - len(erased)])
        _let_count_stay(rows, now=now)
        erased += [row.public_id for row in rows]
    return erased


@transaction.atomic
def erase_kept_again(public_ids: Collection[str], *, now: datetime) -> list[str]:
    """Erase the personal data of these once more (after a restore), whatever day their campaign came back with.

    Their count and country stay, as they did. Gives those that held anything.
    """
    held = Signature.objects.select_for_update().filter(public_id__in=public_ids, box__isnull=False)
    rows = list(held.filter(state__in=HOLDING_DATA).order_by("pk"))
    _let_count_stay(rows, now=now)
    return [row.public_id for row in rows]


def _let_count_stay(rows: Collection[Signature], *, now: datetime) -> None:
    """Leave nothing personal of these rows; one that nobody confirmed is over."""
    these = Signature.objects.filter(pk__in=[row.pk for row in rows])
    these.update(box=None, address_hash=None, consent="", **_NO_MARKS)
    these.filter(state=Signature.State.PENDING).update(state=Signature.State.EXPIRED, country="", ended_at=now)


def forget_withdrawn_addresses(*, now: datetime, mailed: Collection[str] = ()) -> int:
    """Let go of the sealed address of those whose last mail has gone, or who withdrew an hour ago, mailed or not.

    Where the clock was set back since, nobody knows how long ago that was.
    """
    withdrawn = Signature.objects.filter(state=Signature.State.WITHDRAWN, box__isnull=False)
    is_over = Q(ended_at__lte=now - KEEP_SEALED_ADDRESS) | Q(ended_at__gt=now + MINUTE)
    return withdrawn.filter(is_over | Q(public_id__in=mailed)).update(box=None)


def _subtract(rows: Iterable[Signature], *, now: datetime) -> None:
    """Take those that count out of the sums."""
    lost = Counter(
        tally_key(row.campaign_id, row.confirmed_at, row.country)
        for row in rows
        if row.state == Signature.State.CONFIRMED and row.confirmed_at is not None
    )
    change_sums({key: -n for key, n in lost.items()}, now=now)


def _wipe(rows: Collection[Signature], state: Signature.State, *, now: datetime) -> None:
    """Leave nothing of these rows but id, state and moments; mails still promised for them go too."""
    Signature.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state, box=None, address_hash=None, country="", consent="", confirmed_at=None, ended_at=now,
        wave=None, **_NO_MARKS,
    )  # fmt: skip
    take_back_mails(Mail.objects.filter(record__in=[row.public_id for row in rows]))
