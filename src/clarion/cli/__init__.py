"""The `clarion` command. Each subcommand is a module of its own, imported when it is asked for.

So `clarion --help` is quick, the public process never meets Django, and the other commands may import models at
their top: Django is set up before such a module is loaded.
"""

import importlib
import os
import sys
from typing import Any, NamedTuple

import click
import django
from django.db import OperationalError

from clarion.env import read_env
from clarion.kernel.errors import ClarionError
from clarion.kernel.keys import make_missing_keys
from clarion.kernel.logs import start_logging


class Command(NamedTuple):
    """Where a subcommand lives, and whether its module needs Django's apps."""

    module: str
    needs_records: bool
    help: str


COMMANDS = {
    "new": Command("clarion.cli.new", False, "Make a call folder from a text."),
    "launch": Command("clarion.cli.launch", True, "Check, store and publish a call folder."),
    "serve": Command("clarion.cli.serve", False, "Serve the public site and the office, and run the worker."),
    "worker": Command("clarion.cli.worker", True, "Run the worker alone."),
    "follow": Command("clarion.cli.follow", False, "Fetch what a worker elsewhere publishes."),
    "publish": Command("clarion.cli.publish", True, "Write the public site anew."),
    "export": Command("clarion.cli.export", True, "Write a call as a folder, with all that the office changed."),
    "doctor": Command("clarion.cli.doctor", True, "Say what is wrong and how to mend it."),
    "backup": Command("clarion.cli.backup", False, "Save everything while it runs."),
    "restore": Command("clarion.cli.restore", True, "Put a backup back."),
    "database": Command("clarion.cli.database", True, "Look after the database: its tables and roles."),
    "move": Command("clarion.cli.move", True, "Move everything from SQLite to PostgreSQL."),
    "office-link": Command("clarion.cli.office_link", True, "Make a sign-in link for an organiser."),
    "demo": Command("clarion.cli.demo", False, "Show everything on a sample call."),
}


class Commands(click.Group):
    """A group that imports a subcommand's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, its module loaded."""
        if cmd_name not in COMMANDS:
            return None
        place = COMMANDS[cmd_name]
        if place.needs_records:
            set_up_django()
        module = importlib.import_module(place.module)
        command: click.Command = getattr(module, place.module.rpartition(".")[2])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of subcommands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in COMMANDS.items()])


def set_up_django() -> None:
    """Make every key that is missing, and load Django's apps; safe to repeat."""
    data = read_env().data
    data.make()
    make_missing_keys(data.keys)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarion.settings")
    django.setup()


@click.group(cls=Commands)
@click.version_option(package_name="clarion")
def cli() -> None:
    """Run a public campaign on your own server."""


def main(args: list[str] | None = None, **extra: Any) -> None:
    """Run the command; what a person can mend is told in a sentence, without a traceback."""
    start_logging()
    try:
        cli.main(args=args, prog_name="clarion", **extra)
    except ClarionError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except OperationalError as error:  # away, locked, full: what a program cannot mend, and a person can
        why = next(iter(str(error).splitlines()), type(error).__name__)
        click.echo(f"The database of the records does not answer ({why}).", err=True)
        click.echo("`clarion doctor` says more. Then run this again: what was begun is not done.", err=True)
        sys.exit(1)
