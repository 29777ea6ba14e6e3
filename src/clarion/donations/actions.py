"""Every write to ways to give."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.campaigns.actions import promise_pages
from clarion.campaigns.models import Campaign
from clarion.donations.models import GivePage
from clarion.donations.rules import GiveLink, GiveText
from clarion.organisers.actions import notify_admins


@transaction.atomic
def save_give_pages(campaign: Campaign, pages: Sequence[GiveText], *, by: Actor, now: datetime) -> bool:
    """Make these the ways to give; gives whether anything changed. Every other admin is mailed. Safe to repeat."""
    old = {page.language: as_text(page) for page in campaign.give_pages.all()}
    new = {page.language: page for page in pages}
    if old == new:
        return False
    campaign.give_pages.all().delete()
    GivePage.objects.bulk_create(_page(campaign, text) for text in new.values())
    record(by, "changed-give", "campaign", campaign.slug, now=now, campaign=campaign.slug, languages=sorted(new))
    notify_admins(campaign.team, "give-changed", by=by, now=now, campaign=campaign.slug)
    promise_pages(campaign)
    return True


def _page(campaign: Campaign, text: GiveText) -> GivePage:
    fields = asdict(text)
    return GivePage(campaign=campaign, **{**fields, "links": list(fields["links"])})


def as_text(page: GivePage) -> GiveText:
    """A stored page as it was written."""
    return GiveText(
        page.language, page.title, page.beneficiary, page.iban, page.bic, page.reference,
        tuple(GiveLink(link["text"], link["url"]) for link in page.links), page.body,
    )  # fmt: skip
