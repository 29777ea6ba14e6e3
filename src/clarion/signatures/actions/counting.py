"""Confirming, and the sums that follow: one change of them for a whole batch."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from django.db import connection, transaction

from clarion.campaigns.models import Campaign
from clarion.jobs.promises import promise
from clarion.kernel.keys import Keys
from clarion.kernel.sealing import hashed_address
from clarion.kernel.submissions import Submission
from clarion.signatures.models import STANDING, CountState, Signature, Tally
from clarion.signatures.rules import Counted, Vote, Waiting, count_votes
from clarion.signatures.wave_queries import held_by_waves

State = Signature.State


@transaction.atomic
def confirm_signatures(submissions: Sequence[Submission], *, keys: Keys, now: datetime) -> int:
    """Count those whose owner pressed "confirm" on a link that was good when intake took it; gives how many.

    Safe to repeat: impatient people press twice, and a batch may be drained twice. The first of an address that is
    confirmed counts; whatever is withdrawn, denied or counted already is passed over. Who belongs to a wave that is
    held is confirmed and held.
    """
    votes = [vote for one in submissions if (vote := vote_of(one, keys)) is not None]
    waiting = _waiting_rows([vote.record for vote in votes])
    result = count_votes(votes, waiting, _counted_addresses(waiting.values()))
    held = held_by_waves([row.pk for row, _ in result.rows], {row.campaign for row, _ in result.rows})
    _mark_confirmed(result, held)
    change_sums(result.sums(held), now=now)
    return len(result.rows)


def vote_of(submission: Submission, keys: Keys) -> Vote | None:
    """What a press says; None where its link is none of a signature's, or had expired when intake accepted it."""
    link = submission.link
    if link is None or not link.kind.confirms_signature or link.is_expired(submission.accepted_at):
        return None
    typed = submission.fields.get("email", "")
    found_by = hashed_address(typed, keys) if link.kind.is_typed and typed else None
    return Vote(link.record, link.campaign, submission.accepted_at, link.kind.is_typed, found_by)


def _waiting_rows(records: Sequence[str]) -> dict[str, Waiting]:
    # Locked until the commit; on SQLite the transaction itself is IMMEDIATE, which does the same.
    pending = Signature.objects.filter(public_id__in=records, state=Signature.State.PENDING)
    rows = pending.select_for_update().order_by("pk")
    return {
        record: Waiting(pk, record, campaign, bytes(address_hash or b""), country)
        for pk, record, campaign, address_hash, country in rows.values_list(
            "pk", "public_id", "campaign", "address_hash", "country"
        )
    }


def _counted_addresses(waiting: Collection[Waiting]) -> set[tuple[int, bytes]]:
    rows = Signature.objects.filter(
        campaign__in={row.campaign for row in waiting},
        address_hash__in={row.address_hash for row in waiting},
        state__in=STANDING,
    )
    return {(campaign, bytes(one or b"")) for campaign, one in rows.values_list("campaign", "address_hash")}


def _mark_confirmed(result: Counted, held: Mapping[int, int]) -> None:
    """A conditional update of each row, since each has its own moment; `bulk_update` takes three times as long."""
    moment = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE signatures_signature SET state = %s, confirmed_at = %s, wave_id = %s WHERE id = %s AND state = %s",
            [
                (
                    State.HELD.value if row.pk in held else State.CONFIRMED.value,
                    moment(at),
                    held.get(row.pk),
                    row.pk,
                    State.PENDING.value,
                )
                for row, at in result.rows
            ],
        )


def change_sums(changes: Mapping[tuple[int, date, str], int], *, now: datetime) -> None:
    """Add `changes` to the tallies of campaign, day and country, and promise that the figures are published."""
    if not changes:
        return
    campaigns = {number for number, _, _ in changes}
    hold_sums(campaigns)
    CountState.objects.filter(campaign__in=campaigns).update(changed_at=now)
    _write_tallies(changes)
    for slug in Campaign.objects.filter(pk__in=campaigns).values_list("slug", flat=True):
        promise("publish-counts", campaign=slug)


def hold_sums(campaigns: Collection[int]) -> None:
    """Keep others from the sums of these campaigns until the commit.

    Who takes rows of people that count begins with this, and who needs the sums of several campaigns takes them
    together: in any other order two would wait for each other (ADR 0009).
    """
    for number in sorted(campaigns):
        CountState.objects.get_or_create(campaign_id=number)
    list(CountState.objects.select_for_update().filter(campaign__in=campaigns).order_by("pk"))


def hold_sums_of(submissions: Iterable[Submission]) -> None:
    """Hold the sums of all campaigns that these links are about, where they are several."""
    numbers = {one.link.campaign for one in submissions if one.link is not None}
    if len(numbers) > 1:
        hold_sums(list(Campaign.objects.filter(pk__in=numbers).values_list("pk", flat=True)))


def _write_tallies(changes: Mapping[tuple[int, date, str], int]) -> None:
    stored = Tally.objects.filter(campaign__in={n for n, _, _ in changes}, day__in={day for _, day, _ in changes})
    before = {(one.campaign_id, one.day, one.country): one.count for one in stored}
    Tally.objects.bulk_create(
        (
            Tally(campaign_id=key[0], day=key[1], country=key[2], count=before.get(key, 0) + change)
            for key, change in changes.items()
        ),
        update_conflicts=True,
        unique_fields=["campaign", "day", "country"],
        update_fields=["count"],
    )


def tally_key(campaign: int, confirmed_at: datetime, country: str) -> tuple[int, date, str]:
    """Where a confirmed signature is counted."""
    return campaign, confirmed_at.astimezone(UTC).date(), country
