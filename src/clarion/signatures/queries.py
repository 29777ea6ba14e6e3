"""What is asked of signatures by more than one caller."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from clarion.campaigns.models import Campaign
from clarion.signatures.models import HOLDING_DATA, STANDING, CountState, Signature, Tally
from clarion.signatures.rules import Figures, figures, no_finer, read_figures


def published_figures(campaign: Campaign) -> Figures:
    """The figures that may be shown: as frozen while they are, and never finer than the campaign says now."""
    state = CountState.objects.filter(campaign=campaign).first()
    if state and state.frozen_at and state.frozen:
        frozen = read_figures(state.frozen, frozen_since=state.frozen_at)
        return no_finer(frozen, threshold=campaign.count_threshold, never_shown=campaign.never_shown)
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


def pending_count(campaign: Campaign) -> int:
    """How many signatures wait for their owner."""
    return Signature.objects.filter(campaign=campaign, state=Signature.State.PENDING).count()


def held_data_count(campaign: Campaign, until: datetime) -> int:
    """Of how many signatures sent up to `until` name and address are held."""
    held = Signature.objects.filter(campaign=campaign, box__isnull=False, signed_at__lte=until)
    return held.filter(state__in=HOLDING_DATA).count()


def addresses_confirmed_here(hashes: Iterable[bytes]) -> set[bytes]:
    """Those addresses of which a signature is confirmed on this server, in whichever campaign, held or not."""
    found = Signature.objects.filter(address_hash__in=list(hashes), state__in=STANDING)
    return {bytes(one or b"") for one in found.values_list("address_hash", flat=True)}


def signatures_of_address(address_hash: bytes) -> list[Signature]:
    """What is kept of an address: pending and confirmed signatures, newest first."""
    states = (Signature.State.PENDING, *STANDING, Signature.State.VOIDED)
    rows = Signature.objects.filter(address_hash=address_hash, state__in=states).select_related("campaign")
    return list(rows.order_by("-signed_at"))


ConfirmedRow = tuple[str, str, int, str, str, bytes]


def confirmed_rows(campaign: Campaign, *, at_once: int = 2000) -> Iterator[ConfirmedRow]:
    """Country, language, version, both moments (ISO 8601) and box of each signature that counts, the oldest first.

    Read in pieces: of millions of rows only some lie in memory, and no long read keeps SQLite's log from being cut.
    """
    rows = Signature.objects.filter(campaign=campaign, state=Signature.State.CONFIRMED, box__isnull=False)
    # Moments as text: to make a datetime of each, only to write it down again, was a quarter of an export.
    moments = (Cast("signed_at", TextField()), Cast("confirmed_at", TextField()))
    wanted = rows.order_by("pk").values_list("pk", "country", "language", "version", *moments, "box")
    last = 0
    while piece := _as_stored(wanted.filter(pk__gt=last)[:at_once]):
        for _, country, language, version, signed_at, confirmed_at, box in piece:
            yield country, language, version, _iso(signed_at), _iso(confirmed_at), bytes(box)
        last = piece[-1][0]


def _as_stored(rows: QuerySet[Signature, Any]) -> list[tuple[Any, ...]]:
    """What the database gives, without Django's conversions: they take longer than the reading."""
    with connection.cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return list(cursor.fetchall())


def _iso(stored: str) -> str:
    """A moment to the second; both databases write UTC as `2026-12-01 10:00:00.123456`, PostgreSQL `+00` after it."""
    return f"{stored[:10]}T{stored[11:19]}+00:00"
