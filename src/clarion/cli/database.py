"""`clarion database`: the tables, and who may do what with them."""

import click

from clarion.cli.setup import migrate_if_behind


@click.group()
def database() -> None:
    """Look after the database: its tables and, on PostgreSQL, its roles."""


@database.command()
def migrate() -> None:
    """Bring the tables up to date. On PostgreSQL by their owner, once for all machines; safe to repeat."""
    done = migrate_if_behind()
    click.echo("The tables were brought up to date." if done else "The tables are up to date.")
