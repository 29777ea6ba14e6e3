"""`clarion doctor`: what is wrong, and how to mend it."""

import sys
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
    findings = _findings(env, address, selector)
    for finding in findings:
        if not (quiet and finding.level is Level.GOOD):
            _say(finding)
    if any(finding.level is Level.BAD for finding in findings):
        sys.exit(1)


def _findings(env: Env, address: str | None, selector: str | None) -> list[Finding]:
    """All of them; where PostgreSQL is away, that alone, since nearly all else is asked of it."""
    found = list(postgres_findings(env, env.database)) if env.database else []
    if env.database and not is_reachable():
        return found
    now = utc_now()
    here, outside = all_findings(env, now=now), web_findings(env, now=now)
    return [*found, *here, *outside, *damage_findings(env), *mail_findings(env, address, selector)]


def _say(finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    click.echo(f"{click.style(f'{mark:>4}', fg=colour, bold=True)}  {finding.what}")
    if finding.mend:
        click.echo(f"      {finding.mend}")
