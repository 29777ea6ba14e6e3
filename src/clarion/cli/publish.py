"""`clarion publish`: write the public site anew."""

import click

from clarion.audit.actions import HOST
from clarion.campaigns.actions import publish_campaign
from clarion.campaigns.queries import campaign_by_slug, latest_version, published_campaigns
from clarion.cli.addresses import with_served_addresses
from clarion.cli.printing_press import is_promised, wait_until
from clarion.cli.setup import migrate_if_behind
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.settings import ENV


@click.command()
@click.argument("slug", required=False)
@click.option("--all", "everything", is_flag=True, help="Every campaign that is public.")
def publish(slug: str | None, everything: bool) -> None:
    """Publish the campaign SLUG, also a draft, or write all public ones anew. Safe to repeat."""
    if (slug is None) != everything:
        raise click.UsageError("Name a campaign, or say --all.")
    migrate_if_behind()
    slugs = [slug] if slug else [campaign.slug for campaign in published_campaigns()]
    for name in slugs:
        promise_campaign(name)
    now = utc_now()
    wait_until(ENV, lambda: not any(is_promised(name) for name in slugs), since=now)
    env = with_served_addresses(ENV, now=utc_now())
    for name in slugs:
        click.echo(f"{env.public_url}/{name}/")
    if not slugs:
        click.echo("No campaign is public yet. Begin with `clarion launch FOLDER`.")


def promise_campaign(slug: str) -> None:
    """Promise a campaign's pages; raises `ClarionError` where there is nothing to publish."""
    campaign = campaign_by_slug(slug)
    if campaign is None:
        raise ClarionError(f"There is no campaign {slug}. `clarion export --call DIR` lists those there are.")
    if latest_version(campaign) is None:
        raise ClarionError(f"{slug} has no statement yet. Write one in the office, or launch its folder.")
    publish_campaign(campaign, by=HOST, now=utc_now())
