"""`clarion office-link`: let someone into the office from the host's shell."""

import click
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from clarion.audit.actions import HOST
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import campaign_by_slug
from clarion.cli.setup import migrate_if_behind
from clarion.kernel.addresses import is_address
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.organisers.actions import ensure_admin, make_sign_in_link
from clarion.organisers.models import Organiser
from clarion.organisers.queries import organiser_by_address


class NobodyHere(ClarionError):
    """No organiser has this address, and no campaign was named to make them admin of."""


@click.command("office-link")
@click.argument("email")
@click.option("--reset", is_flag=True, help="Take away their passkeys, password and app when the link is used.")
@click.option("--campaign", metavar="SLUG", help="Make them an admin of this campaign's team, if they are none.")
def office_link(email: str, reset: bool, campaign: str | None) -> None:
    """Print a sign-in link for EMAIL, good once within an hour. Older links of theirs end.

    It leads to the second factor that is there, or to getting one. With --reset a lost one is set up anew.
    """
    migrate_if_behind()
    with transaction.atomic():
        organiser = _organiser(email, campaign)
        token = make_sign_in_link(organiser, utc_now(), by=HOST, resets_factors=reset)
    click.echo(settings.ENV.office_url + reverse("office:sign-in-link", args=[token]))


def _organiser(email: str, slug: str | None) -> Organiser:
    if not is_address(email.strip()):
        raise NobodyHere(f"{email!r} is not an e-mail address.")
    if slug:
        return ensure_admin(_campaign(slug).team, email, by=HOST, now=utc_now())
    organiser = organiser_by_address(email)
    if organiser is None:
        raise NobodyHere(f"Nobody in the office has the address {email}. Name a campaign: --campaign SLUG.")
    return organiser


def _campaign(slug: str) -> Campaign:
    campaign = campaign_by_slug(slug)
    if campaign is None:
        known = ", ".join(Campaign.objects.order_by("slug").values_list("slug", flat=True)) or "none"
        raise NobodyHere(f"There is no campaign {slug!r}. There is: {known}.")
    return campaign
