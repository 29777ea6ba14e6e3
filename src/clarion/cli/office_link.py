"""`clarion office-link`: the host lets an organiser in, also one who lost a second factor."""

import click

from clarion.audit.actions import HOST
from clarion.cli.addresses import with_served_addresses
from clarion.cli.setup import migrate_if_behind
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.organisers.actions import make_sign_in_link
from clarion.organisers.queries import organiser_by_address
from clarion.settings import ENV


@click.command()
@click.argument("email")
@click.option("--reset-factors", is_flag=True, help="Passkeys and codes were lost: they are set up anew.")
def office_link(email: str, reset_factors: bool) -> None:
    """Make a sign-in link for the organiser with this EMAIL: good once, within an hour; older links end."""
    migrate_if_behind()
    organiser = organiser_by_address(email)
    if organiser is None:
        raise ClarionError(f"There is no organiser {email}. Add them in the office, or launch a call with that e-mail.")
    token = make_sign_in_link(organiser, utc_now(), by=HOST, resets_factors=reset_factors)
    env = with_served_addresses(ENV, now=utc_now())
    click.echo(f"{env.office_url}/sign-in/{token}")
