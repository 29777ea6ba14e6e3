"""`clarion doctor`: what is wrong, and how to mend it."""

import sys
from collections.abc import Iterator
from email.utils import parseaddr

import click

from clarion.cli.checks import Finding, Level, all_findings
from clarion.cli.damage_checks import damage_findings
from clarion.cli.mail_check import mail_findings
from clarion.cli.postgres_checks import is_reachable, postgres_findings
from clarion.cli.web_checks import web_findings
from clarion.env import Env, read_env
from clarion.kernel.clock import utc_now

_MARKS = {Level.GOOD: ("ok", "green"), Level.DOUBTFUL: ("look", "yellow"), Level.BAD: ("BAD", "red")}


@click.command()
@click.option("--mail", "address", metavar="ADDRESS", help="Send a test mail there, and look at SPF, DKIM and DMARC.")
@click.option("--dkim", "selector", metavar="SELECTOR", help="With --mail: the name of the DKIM key to look at.")
@click.option("--quiet", is_flag=True, help="Say only what is doubtful or bad.")
def doctor(address: str | None, selector: str | None, quiet: bool) -> None:
    """Check keys, permissions, disk, clock, addresses, TLS, headers, database, worker and mail.

    Exits with 1 where something is bad.
    """
    env = read_env()
    if address and "@" not in parseaddr(address)[1]:
        raise click.BadParameter(f"{address!r} is not an e-mail address.", param_hint="--mail")
    is_bad = False
    for finding in _findings(env, address, selector):  # said as they are found: the next look may take long, or fail
        is_bad |= finding.level is Level.BAD
        if not (quiet and finding.level is Level.GOOD):
            _say(finding)
    if is_bad:
        sys.exit(1)


def _findings(env: Env, address: str | None, selector: str | None) -> Iterator[Finding]:
    """All of them; where PostgreSQL is away, that alone, since nearly all else is asked of it."""
    if env.database:
        yield from postgres_findings(env, env.database)
        if not is_reachable():
            return
    now = utc_now()
    yield from all_findings(env, now=now)
    yield from web_findings(env, now=now)
    yield from damage_findings(env)
    yield from mail_findings(env, address, selector)


def _say(finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    click.echo(f"{click.style(f'{mark:>4}', fg=colour, bold=True)}  {finding.what}")
    if finding.mend:
        click.echo(f"      {finding.mend}")
