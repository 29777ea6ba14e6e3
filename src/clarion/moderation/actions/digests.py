"""Reminding moderators of what waits."""

from datetime import datetime

from django.db import transaction

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import published_campaigns
from clarion.moderation.models import Digest
from clarion.moderation.queries import Waiting, waiting_counts
from clarion.moderation.rules import is_digest_due
from clarion.organisers.models import Organiser
from clarion.organisers.queries import members_of
from clarion.outbox.actions import MailPromise, promise_mails


@transaction.atomic
def promise_digests(*, now: datetime) -> int:
    """Remind moderators of what waits in their countries, each as often as `rules.is_digest_due`; gives how many."""
    return sum(_promise_digests(campaign, now) for campaign in published_campaigns().select_related("team"))


def _promise_digests(campaign: Campaign, now: datetime) -> int:
    last = dict(Digest.objects.filter(campaign=campaign.slug).values_list("organiser", "at"))
    counted: dict[tuple[str, ...], Waiting] = {}
    mailed: list[Organiser] = []
    for member in members_of(campaign.team).filter(organiser__is_active=True):
        last_at = last.get(member.organiser.public_id)
        if not is_digest_due(last_at, now, now):  # not even with news of this moment
            continue
        countries = () if member.role == "admin" else tuple(sorted(member.countries))
        if countries not in counted:
            counted[countries] = waiting_counts(campaign, countries, now=now)
        newest_at = counted[countries].newest_at
        if newest_at is not None and is_digest_due(last_at, newest_at, now):
            mailed.append(member.organiser)
    for organiser in mailed:
        Digest.objects.update_or_create(organiser=organiser.public_id, campaign=campaign.slug, defaults={"at": now})
    return promise_mails(
        [MailPromise("moderation-digest", one.public_id, one.language, campaign.slug) for one in mailed], now=now
    )
