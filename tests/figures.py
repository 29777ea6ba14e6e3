"""What the records count, as exactly as no page shows it."""

from clarion.campaigns.models import Campaign
from clarion.signatures.queries import tally_rows


def confirmed_count(campaign: Campaign) -> int:
    """How many people have signed and confirmed."""
    return sum(number for _, _, number in tally_rows(campaign))
