"""Shared reads of ways to give."""

from clarion.campaigns.models import Campaign
from clarion.donations.models import GivePage


def give_pages(campaign: Campaign) -> dict[str, GivePage]:
    """The give pages by language, the default language first; none where the campaign takes no gifts."""
    if not campaign.takes_gifts:
        return {}
    return stored_give_pages(campaign)


def stored_give_pages(campaign: Campaign) -> dict[str, GivePage]:
    """All give pages by language, also while giving is switched off."""
    pages = sorted(
        campaign.give_pages.all(), key=lambda page: (page.language != campaign.default_language, page.language)
    )
    return {page.language: page for page in pages}
