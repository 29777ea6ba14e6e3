"""`clarion export`: what the records hold, as files."""

from pathlib import Path

import click

from clarion.calls.stored import call_of
from clarion.calls.write import write_folder
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import campaign_by_slug
from clarion.cli.setup import migrate_if_behind
from clarion.kernel.errors import ClarionError


@click.command()
@click.option(
    "--call",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the call's folder here.",
)
@click.option("--campaign", "slug", metavar="SLUG", help="Which campaign, where there is more than one.")
def export(folder: Path, slug: str | None) -> None:
    """Write a call as the folder that `clarion launch` takes: with all that the office changed."""
    migrate_if_behind()
    campaign = chosen_campaign(slug)
    for name in write_folder(call_of(campaign), folder):
        click.echo(folder / name)


def chosen_campaign(slug: str | None) -> Campaign:
    """The campaign of this slug, or the only one; raises `ClarionError` that lists what there is."""
    slugs = list(Campaign.objects.order_by("slug").values_list("slug", flat=True))
    if slug is None and len(slugs) == 1:
        slug = slugs[0]
    campaign = campaign_by_slug(slug) if slug else None
    if campaign is None:
        listed = ", ".join(slugs) or "none yet"
        wrong = f"There is no campaign {slug}." if slug else "Name the campaign with --campaign."
        raise ClarionError(f"{wrong} There is: {listed}.")
    return campaign
