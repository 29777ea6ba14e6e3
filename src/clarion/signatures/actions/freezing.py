"""Holding the published figures while records go on counting."""

from datetime import datetime

from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.campaigns.models import Campaign
from clarion.jobs.promises import promise
from clarion.signatures.models import CountState
from clarion.signatures.queries import figures_now


@transaction.atomic
def freeze_counts(campaign: Campaign, *, by: Actor, now: datetime) -> bool:
    """Hold the figures as they are; gives whether that is new."""
    state, _ = CountState.objects.select_for_update().get_or_create(campaign=campaign)
    if state.frozen_at is not None:
        return False
    state.frozen_at = now
    state.frozen = figures_now(campaign, changed_at=state.changed_at).to_json()
    state.save(update_fields=["frozen_at", "frozen"])
    record(by, "froze-counts", "campaign", campaign.slug, now=now, campaign=campaign.slug)
    promise("publish-counts", campaign=campaign.slug)
    return True


@transaction.atomic
def unfreeze_counts(campaign: Campaign, *, by: Actor, now: datetime) -> bool:
    """Let the figures follow again; gives whether that is new."""
    thawed = CountState.objects.filter(campaign=campaign, frozen_at__isnull=False).update(frozen_at=None, frozen=None)
    if thawed:
        record(by, "unfroze-counts", "campaign", campaign.slug, now=now, campaign=campaign.slug)
        promise("publish-counts", campaign=campaign.slug)
    return bool(thawed)
