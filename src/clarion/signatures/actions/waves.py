"""Waves: found, held, released or voided as a whole, with undo. The sums are exact at every commit (ADR 0012).

A wave's state says where its signatures belong. They are brought there in batches, each a transaction of its own:
whoever is killed in between leaves a wave that is not settled, and the next one goes on.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clarion.audit.actions import WORKER, Actor, record
from clarion.campaigns.models import Campaign
from clarion.kernel.ids import new_id
from clarion.kernel.marks import MARKS_KEPT
from clarion.organisers.actions import notify_admins
from clarion.signatures.actions.counting import change_sums, hold_sums, tally_key
from clarion.signatures.models import STANDING, Signature, Wave
from clarion.signatures.wave_queries import (
    Found,
    Rows,
    busy_campaigns,
    counted_since,
    having,
    is_held,
    networks_of,
    not_released,
    traits_of,
    unsettled_waves,
    watched_waves,
    waves_among,
)
from clarion.signatures.wave_rules import COUNTRY_FROM, WINDOW, AlreadyDecided, Decision

State = Signature.State
_AT_ONCE = 1_000
_VERBS = {"release": "released-wave", "void": "voided-wave", "undo": "undid-wave"}
_LEADS_TO = {"release": Wave.State.RELEASED, "void": Wave.State.VOIDED, "undo": Wave.State.HELD}
_BELONG: dict[str, State] = {
    Wave.State.HELD: State.HELD,
    Wave.State.RELEASED: State.CONFIRMED,
    Wave.State.VOIDED: State.VOIDED,
}


def look_for_waves(*, wave_from: int, now: datetime) -> int:
    """Hold every wave of the last hour that is not known yet; gives how many. Safe to repeat; 0 looks for none."""
    for number in watched_waves(now=now):
        settle_wave(number, now=now)
    opened, since = 0, now - WINDOW
    busy = busy_campaigns(since, int(wave_from * COUNTRY_FROM)) if wave_from else {}
    for number, size in busy.items():
        rows = not_released(counted_since(since).filter(campaign=number), number, now=now)
        for found in waves_among(rows, size, wave_from):
            wave = open_wave(number, found, since=since, now=now)
            if wave is not None:
                settle_wave(wave.pk, now=now)
                opened += 1
    return opened


@transaction.atomic
def open_wave(campaign: int, found: Found, *, since: datetime, now: datetime) -> Wave | None:
    """Begin to hold a wave, and mail every admin; None where another worker was faster."""
    hold_sums([campaign])  # one at a time
    traits, crowd = found.traits, found.crowd
    if is_held(campaign, traits):
        return None
    wave = Wave.objects.create(
        public_id=new_id(), campaign_id=campaign, kind=traits.kind, networks=sorted(traits.networks),
        domain_mark=traits.domain, name_mark=traits.name, country=traits.country, since=since, opened_at=now,
        found={**asdict(crowd), "people": found.people},
    )  # fmt: skip
    owner = Campaign.objects.select_related("team").get(pk=campaign)
    record(WORKER, "held-wave", "wave", wave.public_id, now=now, campaign=owner.slug, kind=wave.kind, size=crowd.size)
    notify_admins(owner.team, "wave-held", by=WORKER, now=now, campaign=owner.slug)
    return wave


@transaction.atomic
def decide_wave(
    campaign: Campaign, public_id: str, decision: Decision, *, seen: str, reason: str = "", by: Actor, now: datetime
) -> Wave:
    """Release or void a wave, or take that back; the worker moves its signatures within seconds.

    `seen` is the state in which who decides saw it. Raises `AlreadyDecided`, and changes nothing, where it is in
    another by now. Every other admin is mailed.
    """
    expected = [Wave.State.RELEASED, Wave.State.VOIDED] if decision == "undo" else [Wave.State.HELD]
    found = Wave.objects.filter(campaign=campaign, public_id=public_id, state__in=expected).filter(state=seen)
    is_held = decision == "undo"
    if not found.update(
        state=_LEADS_TO[decision], is_settled=False, decided_at=None if is_held else now,
        decided_by="" if is_held else by.id, reason="" if is_held else reason,
    ):  # fmt: skip
        raise AlreadyDecided("Another admin decided on this wave meanwhile.")
    wave = Wave.objects.get(public_id=public_id)
    record(by, _VERBS[decision], "wave", public_id, now=now, campaign=campaign.slug, kind=wave.kind)
    notify_admins(campaign.team, "wave-decided", by=by, now=now, campaign=campaign.slug)
    return wave


def settle_waves(*, now: datetime) -> int:
    """Bring the signatures of every wave where they belong; gives how many moved. Safe to repeat and to cut off."""
    return sum(settle_wave(number, now=now) for number in unsettled_waves())


def settle_wave(number: int, *, now: datetime) -> int:
    """Bring the signatures of one wave where its state says, batch by batch; gives how many moved."""
    moved = 0
    while some := settle_some(number, now=now):
        moved += some
    return moved


@transaction.atomic
def settle_some(number: int, *, now: datetime) -> int:
    """Move one batch, with the sums; gives how many. Once none is left the wave is settled."""
    campaign = Wave.objects.filter(pk=number).values_list("campaign", flat=True).first()
    if campaign is None:
        return 0
    hold_sums([campaign])  # who counts or withdraws holds them before any of these rows, or neither
    wave = Wave.objects.select_for_update(no_key=True).get(pk=number)  # whom it holds may join it meanwhile
    rows = list(_misplaced(wave)[:_AT_ONCE]) or list(_joining(wave)[:_AT_ONCE])
    if rows:
        _move(rows, wave, now=now)
    else:
        _note_settled(wave)
    return len(rows)


def _misplaced(wave: Wave) -> Rows:
    """Members in another state than the wave's, locked until the commit."""
    belong = _BELONG[wave.state]
    members = Signature.objects.filter(wave=wave, state__in=(*STANDING, State.VOIDED)).exclude(state=belong)
    if wave.state != Wave.State.VOIDED:
        members = members.exclude(Exists(_takes_its_place(wave)), state=State.VOIDED)
    return members.select_for_update().order_by("pk")


def _joining(wave: Wave) -> Rows:
    """Who should be a member of a wave that is held, locked until the commit."""
    rows = counted_since(wave.since).filter(campaign=wave.campaign_id)
    if wave.state != Wave.State.HELD:
        return rows.none()
    return having(rows, traits_of(wave)).select_for_update().order_by("pk")


def _takes_its_place(wave: Wave) -> Rows:
    """By whom the address of a voided row counts meanwhile: it stays voided, for nobody counts twice."""
    others = Signature.objects.filter(campaign=OuterRef("campaign"), address_hash=OuterRef("address_hash"))
    earlier_one = Q(wave=wave, state=State.VOIDED, pk__lt=OuterRef("pk"))
    return others.filter(Q(state__in=STANDING) | earlier_one)


def _move(rows: Sequence[Signature], wave: Wave, *, now: datetime) -> None:
    belong = _BELONG[wave.state]
    changes: Counter[tuple[int, date, str]] = Counter()
    for row in rows:
        change = (belong == State.CONFIRMED) - (row.state == State.CONFIRMED)
        if row.confirmed_at is not None:
            changes[tally_key(row.campaign_id, row.confirmed_at, row.country)] += change
    Signature.objects.filter(pk__in=[row.pk for row in rows]).update(state=belong, wave=wave)
    Wave.objects.filter(pk=wave.pk).update(is_settled=False)
    change_sums({key: change for key, change in changes.items() if change}, now=now)


def _note_settled(wave: Wave) -> None:
    """Nothing is left to move. A network's marks are followed over midnight while its wave is held."""
    members = Signature.objects.filter(wave=wave, state=State.HELD)
    is_network = wave.state == Wave.State.HELD and wave.kind in ("network", "mailboxes")
    networks = sorted(networks_of(members)) if is_network else wave.networks
    if not wave.is_settled or networks != wave.networks:
        Wave.objects.filter(pk=wave.pk).update(is_settled=True, networks=networks)


@transaction.atomic
def forget_wave_marks(*, now: datetime) -> int:
    """Let go of the marks of forms sent two days ago, and of waves decided then; gives of how many forms.

    Call again while it gives as many as fit a batch (5,000).
    """
    ended = now - MARKS_KEPT
    decided = Wave.objects.filter(decided_at__lte=ended).exclude(networks=[], domain_mark=None, name_mark=None)
    decided.update(networks=[], domain_mark=None, name_mark=None)
    old = Signature.objects.filter(domain_mark__isnull=False, signed_at__lte=ended).order_by("signed_at")
    return Signature.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:5_000])).update(
        network_mark=None, network_mark_before=None, domain_mark=None, name_mark=None
    )
