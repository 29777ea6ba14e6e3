"""The privacy page: what GDPR, article 13 asks to be told, made from the campaign's own settings."""

from collections.abc import Iterator

from clarion.campaigns.queries import kept_until
from clarion.campaigns.rules import KEEP_MONTHS
from clarion.kernel.addresses import canonical
from clarion.pages.consent import CONTACT_DAYS, HOST_AGE, controller_of
from clarion.pages.site import Page, Scene

# The examples by which the rule of one address, one person is told; computed, so that they are never wrong.
_SPELLINGS = ("Anna.Berg+water@gmail.com", "annaberg@googlemail.com", "Jo+news@Example.ORG")


def pages_of(scene: Scene) -> Iterator[Page]:
    """`privacy/`."""
    campaign = scene.campaign
    contact = campaign.privacy_contact or campaign.organiser_email
    yield Page(
        scene.at("privacy/"),
        "pages/privacy.html",
        {
            "controller": controller_of(campaign),
            "contact": contact,
            "contact_is_mail": "@" in contact and "/" not in contact,
            "kept_until": kept_until(campaign),
            "keep_months": KEEP_MONTHS,
            "contact_days": CONTACT_DAYS,
            "host_age": HOST_AGE,
            "spellings": [(spelling, canonical(spelling)) for spelling in _SPELLINGS],
            "never_shown": [scene.country(code) for code in campaign.never_shown],
        },
    )
