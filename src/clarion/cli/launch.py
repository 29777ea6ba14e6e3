"""`clarion launch`: from a folder to a public campaign."""

from pathlib import Path

import click

from clarion.audit.actions import HOST
from clarion.calls.check import read_call_folder
from clarion.calls.problems import CallWrong
from clarion.calls.store import Stored, launch_call
from clarion.cli.addresses import with_served_addresses
from clarion.cli.printing_press import wait_for_call
from clarion.cli.setup import migrate_if_behind
from clarion.env import Env
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.organisers.actions import make_sign_in_link
from clarion.organisers.queries import organiser_by_address
from clarion.settings import ENV


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--draft", is_flag=True, help="Store it without publishing: see it in the office first.")
@click.option("--replace", is_flag=True, help="Put the folder in place of what the office changed.")
def launch(folder: Path, draft: bool, replace: bool) -> None:
    """Check the call in FOLDER, store it and publish it. The same folder may be launched again and again."""
    migrate_if_behind()
    now = utc_now()
    reading = read_call_folder(folder, now=now)
    try:
        stored = launch_call(reading, by=HOST, now=now, replace=replace, draft=draft)
    except CallWrong as error:
        raise ClarionError(_told(error)) from error
    for warning in stored.warnings:
        click.echo(f"Note: {warning}", err=True)
    if not draft:
        wait_for_call(ENV, stored.campaign.slug, stored.version.number if stored.is_new else None, since=now)
    _report(with_served_addresses(ENV, now=utc_now()), stored, draft=draft)


def _told(error: CallWrong) -> str:
    count = len(error.problems)
    mistakes = "1 mistake" if count == 1 else f"{count} mistakes"
    return f"{error}\n{mistakes}. Nothing was stored."


def _report(env: Env, stored: Stored, *, draft: bool) -> None:
    campaign = stored.campaign
    version = f"version {stored.version.number}" + ("" if stored.is_new else ", unchanged")
    click.echo(f"{campaign.slug} is {'stored as a draft' if draft else 'published'} ({version}).\n")
    if not draft:
        click.echo(f"Public:  {env.public_url}/{campaign.slug}/{campaign.default_language}/")
    click.echo(f"Office:  {_sign_in_address(env, campaign.organiser_email)}")
    click.echo(f"         (for {campaign.organiser_email}; good once, within an hour)")
    click.echo(f"         Another one: clarion office-link {campaign.organiser_email}")
    missing = still_missing(env, stored)
    if missing:
        click.echo("\nBefore you ask strangers to sign:")
        for what in missing:
            click.echo(f"- {what}")


def _sign_in_address(env: Env, email: str) -> str:
    organiser = organiser_by_address(email)
    if organiser is None:
        raise ValueError("launching makes its organiser an admin")
    return f"{env.office_url}/sign-in/{make_sign_in_link(organiser, utc_now(), by=HOST)}"


def still_missing(env: Env, stored: Stored) -> list[str]:
    """What a campaign needs before strangers may be asked to sign, each with how to mend it."""
    campaign = stored.campaign
    checks = (
        (campaign.controller_name, "legal name: [controller] legal_name in campaign.toml"),
        (campaign.controller_address, "postal address: [controller] postal_address in campaign.toml"),
        (campaign.privacy_contact, "privacy contact: [controller] privacy_contact in campaign.toml"),
        (
            env.mail.scheme == "smtp",
            "working mail: set CLARION_MAIL_URL=smtp://…, then `clarion doctor --mail ADDRESS`",
        ),
        (env.public_url.startswith("https://"), "TLS for the public site: CLARION_PUBLIC_URL=https://…"),
        (env.office_url.startswith("https://"), "TLS for the office: CLARION_OFFICE_URL=https://…"),
    )
    return [what for is_there, what in checks if not is_there]
