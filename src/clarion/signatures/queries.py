"""What is asked of signatures by more than one caller."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Sum

from clarion.campaigns.models import Campaign
from clarion.signatures.models import STANDING, CountState, Signature, Tally
from clarion.signatures.rules import Figures, figures, read_figures


def published_figures(campaign: Campaign) -> Figures:
    """The figures that may be shown: thresholds applied, and frozen ones while they are frozen."""
    state = CountState.objects.filter(campaign=campaign).first()
    if state and state.frozen_at and state.frozen:
        return read_figures(state.frozen, frozen_since=state.frozen_at)
    return figures_now(campaign, changed_at=state.changed_at if state else None)


def figures_now(campaign: Campaign, *, changed_at: datetime | None) -> Figures:
    """The figures as records stand, frozen or not."""
    return figures(
        tally_rows(campaign),
        threshold=campaign.count_threshold,
        never_shown=campaign.never_shown,
        as_of=changed_at or campaign.created_at,
    )


def tally_rows(campaign: Campaign) -> list[tuple[date, str, int]]:
    """Day, country and number of what counts: for the office; never published so finely."""
    rows: Iterable[tuple[date, str, int]] = Tally.objects.filter(campaign=campaign, count__gt=0).values_list(
        "day", "country", "count"
    )
    return list(rows)


def confirmed_count(campaign: Campaign) -> int:
    """How many people have signed and confirmed."""
    return Tally.objects.filter(campaign=campaign).aggregate(total=Sum("count"))["total"] or 0


def pending_count(campaign: Campaign) -> int:
    """How many signatures wait for their owner."""
    return Signature.objects.filter(campaign=campaign, state=Signature.State.PENDING).count()


def addresses_confirmed_here(hashes: Iterable[bytes]) -> set[bytes]:
    """Those addresses of which a signature is confirmed on this server, in whichever campaign, held or not."""
    found = Signature.objects.filter(address_hash__in=list(hashes), state__in=STANDING)
    return {bytes(one or b"") for one in found.values_list("address_hash", flat=True)}


def signatures_of_address(address_hash: bytes) -> list[Signature]:
    """What is kept of an address: pending and confirmed signatures, newest first."""
    states = (Signature.State.PENDING, *STANDING, Signature.State.VOIDED)
    rows = Signature.objects.filter(address_hash=address_hash, state__in=states).select_related("campaign")
    return list(rows.order_by("-signed_at"))
