"""The policy file, made of the records and of the public halves of the keys."""

from dataclasses import asdict
from datetime import UTC

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import current_version, languages_of, published_campaigns
from clarion.kernel.keys import read_key_ring
from clarion.kernel.links import link_public_keys
from clarion.kernel.marks import NetworkKeys, renewed_keys
from clarion.kernel.policy import (
    POLICY_NAME,
    CampaignPolicy,
    CampaignState,
    Hours,
    Policy,
    PolicyUnreadable,
    read_policy,
)
from clarion.kernel.sealing import sealing_public_key
from clarion.pages.press import Press
from clarion.pages.writing import replace_file
from clarion.places.countries import accepted, load_country_settings
from clarion.places.queries import venues_of


def write_policy(press: Press) -> None:
    """Write the policy file as the records are now. Safe to repeat; intake reads it within a second.

    The keys of networks lie in this file alone: those of today and yesterday are carried over, older ones go.
    """
    path = press.data.policy / POLICY_NAME
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    told = _read(before)
    keys: NetworkKeys = told.network_keys if told else {}
    text = make_policy(press, renewed_keys(keys, press.now.astimezone(UTC).date())).to_json()
    if text != before:
        replace_file(path, text.encode())


def is_told(press: Press, campaign: Campaign) -> bool:
    """Whether the policy file holds what intake must know of a campaign now."""
    path = press.data.policy / POLICY_NAME
    told = _read(path.read_text(encoding="utf-8")) if path.is_file() else None
    return told is not None and told.campaigns.get(campaign.slug) == policy_of(campaign)


def _read(text: str) -> Policy | None:
    try:
        return read_policy(text)
    except PolicyUnreadable:
        return None


def make_policy(press: Press, network_keys: NetworkKeys) -> Policy:
    """What intake must know. Raises `KeysMissing`."""
    seal = read_key_ring(press.data.keys, "inbox").current
    links = link_public_keys(read_key_ring(press.data.keys, "link"))
    return Policy(
        seal_key_number=seal.number,
        seal_key=sealing_public_key(seal).hex(),
        link_keys={str(number): public.hex() for number, public in links.items()},
        countries=tuple(sorted(accepted(load_country_settings(press.country_settings)))),
        campaigns={campaign.slug: policy_of(campaign) for campaign in published_campaigns()},
        network_keys=network_keys,
    )


def policy_of(campaign: Campaign) -> CampaignPolicy:
    """What intake must know of one campaign."""
    return CampaignPolicy(
        number=campaign.pk,
        languages=languages_of(campaign),
        default_language=campaign.default_language,
        takes_signatures=campaign.takes_signatures,
        takes_events=campaign.takes_events,
        version=current_version(campaign).number,
        consents=tuple(campaign.consent_wordings.order_by("wording_id").values_list("wording_id", flat=True)),
        venues=tuple(venues_of(campaign).order_by("ref").values_list("ref", flat=True)),
        **asdict(hours_of(campaign)),
    )


def hours_of(campaign: Campaign) -> Hours:
    """When a campaign takes forms."""
    return Hours(
        state=switched_state(campaign),
        opens_at=campaign.opens_at.timestamp() if campaign.opens_at else None,
        closes_at=campaign.closes_at.timestamp() if campaign.closes_at else None,
    )


def switched_state(campaign: Campaign) -> CampaignState:
    """Open, paused or closed as the organisers switched it, its dates aside."""
    if campaign.closed_at:
        return "closed"
    return "paused" if campaign.paused_at else "open"
