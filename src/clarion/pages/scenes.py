"""Reads a campaign from the records, once for each publication, for all its languages."""

from collections.abc import Mapping
from heapq import nlargest
from typing import Any

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import current_version, statements_in, updates_of
from clarion.donations.models import GivePage
from clarion.donations.queries import give_pages
from clarion.events.queries import coverage, ids_with_waiting_change, published_events
from clarion.locale.voice import voice
from clarion.pages.calendars import stamp_of
from clarion.pages.open_data import NEWEST
from clarion.pages.policy import hours_of
from clarion.pages.press import Press
from clarion.pages.programme import Programme
from clarion.pages.site import Assets, Scene, Ways
from clarion.places.countries import load_country_settings
from clarion.places.queries import venues_of
from clarion.signatures.queries import published_figures


def scenes_of(campaign: Campaign, press: Press, assets: Assets) -> list[Scene]:
    """One scene for each language of the call, the default language first."""
    version = current_version(campaign)
    statements = statements_in(version, campaign)
    gifts = give_pages(campaign)
    events = Programme(published_events(campaign))
    shared: dict[str, Any] = {
        "press": press,
        "campaign": campaign,
        "version": version,
        "languages": tuple(statements),
        "statements": statements,
        "stage": hours_of(campaign).stage_at(press.now.timestamp()),
        "ways": Ways(campaign.takes_signatures, campaign.takes_events, give=bool(gifts)),
        "figures": published_figures(campaign),
        "events": events,
        "newest": nlargest(NEWEST, events, key=lambda event: (stamp_of(event), event.public_id)),
        "venues": list(venues_of(campaign)),
        "coverage": coverage(campaign),
        "countries": load_country_settings(press.country_settings),
        "assets": assets,
        "changing": ids_with_waiting_change(campaign),
    }
    return [
        Scene(
            language=language,
            statement=statement,
            voice=voice(language, press.strings),
            updates=updates_of(campaign, language),
            give=_give_page(gifts, language),
            **shared,
        )
        for language, statement in statements.items()
    ]


def _give_page(gifts: Mapping[str, GivePage], language: str) -> GivePage | None:
    """The page in this language, else the first there is: an account number needs no translation."""
    return gifts.get(language) or next(iter(gifts.values()), None)
