"""`clarion database`: the tables, and who may do what with them."""

import re
from collections.abc import Mapping
from pathlib import Path

import click
from django.db import ProgrammingError, connection, transaction

from clarion.cli.roles import PROCESSES, Place, role_statements
from clarion.cli.setup import migrate_if_behind
from clarion.env import Env
from clarion.kernel.databases import Database
from clarion.kernel.errors import ClarionError
from clarion.settings import ENV


class RolesNotMade(ClarionError):
    """The roles could not be made; nothing was changed."""


@click.group()
def database() -> None:
    """Look after the database: its tables and, on PostgreSQL, its roles."""


@database.command()
def migrate() -> None:
    """Bring the tables up to date. On PostgreSQL by their owner, once for all machines; safe to repeat."""
    done = migrate_if_behind()
    click.echo("The tables were brought up to date." if done else "The tables are up to date.")


@database.command()
@click.option("--apply", "is_applied", is_flag=True, help="Run the statements instead of printing them.")
@click.option(
    "--passwords",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=f"A folder with a file for each role that may sign in: {', '.join(PROCESSES)}.",
)
@click.option("--prefix", default="clarion", show_default=True, help="What the names of the roles begin with.")
def roles(is_applied: bool, passwords: Path | None, prefix: str) -> None:
    """Print (or apply) the statements that give each process a role of its own with just what it needs.

    Run it as the owner of the tables. Safe to repeat. Without passwords the roles cannot sign in: grant them to
    roles of your own.
    """
    place = Place(_postgresql(ENV).name, _postgresql(ENV).user, _checked_prefix(prefix))
    if not is_applied:
        if passwords:
            raise RolesNotMade("Passwords are not printed: run it with --apply, or set them with psql's \\password.")
        click.echo("".join(f"{statement};\n" for statement in role_statements(place)), nl=False)
        return
    migrate_if_behind()
    _apply(place, _read_passwords(passwords) if passwords else {})
    click.echo(f"The roles are made: {', '.join(map(place.role, PROCESSES))}.")


def _postgresql(env: Env) -> Database:
    if env.database is None:
        raise RolesNotMade("Records are in SQLite: files have no roles. Set CLARION_DATABASE_URL first.")
    return env.database


def _checked_prefix(prefix: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,39}", prefix):
        raise click.BadParameter("use small letters, digits and _ only.", param_hint="--prefix")
    return prefix


def _read_passwords(folder: Path) -> dict[str, str]:
    found = {one: folder / one for one in PROCESSES if (folder / one).is_file()}
    passwords = {one: path.read_text(encoding="utf-8").strip() for one, path in found.items()}
    if not all(passwords.values()):
        raise RolesNotMade("A file of a password is empty.")
    return passwords


@transaction.atomic
def _apply(place: Place, passwords: Mapping[str, str]) -> None:
    """All or nothing. Passwords leave this machine as SCRAM verifiers only, so no log of the server holds one."""
    connection.ensure_connection()
    encrypt = connection.connection.pgconn.encrypt_password
    login = {
        process: encrypt(password.encode(), place.role(process).encode(), b"scram-sha-256").decode()
        for process, password in passwords.items()
    }
    try:
        with connection.cursor() as cursor:
            for statement in role_statements(place, login=login):
                cursor.execute(statement)
    except ProgrammingError as error:
        raise RolesNotMade(
            "This role may not make roles, or does not own the tables: run it as one that does, or print the"
            " statements and let the server's administrator run them."
        ) from error
