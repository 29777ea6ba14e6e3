"""Getting ready to work on records from the shell."""

import importlib

from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from clarion.cli.migration_lock import migrating_alone
from clarion.kernel.errors import ClarionError
from clarion.settings import ENV


class TablesBehind(ClarionError):
    """The tables are older than this Clarion, and this role may not change them."""


def migrate_if_behind() -> bool:
    """Bring the database's schema up to date; gives whether anything had to be done. Safe to repeat and to race.

    Raises `TablesBehind` where the role of CLARION_DATABASE_URL does not own the tables.
    """
    with migrating_alone(ENV.data):
        try:
            return _bring_up_to_date()
        except ProgrammingError as error:
            raise TablesBehind(
                "The tables cannot be brought up to date by this role: run `clarion database migrate` with the"
                " CLARION_DATABASE_URL of their owner."
            ) from error


def _bring_up_to_date() -> bool:
    executor = MigrationExecutor(connection)
    is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if is_behind:
        call_command("migrate", interactive=False, verbosity=0)
    return make_inbox_table() or is_behind


def make_inbox_table() -> bool:
    """On PostgreSQL, make the inbox's table where it is missing; gives whether it was."""
    if connection.vendor != "postgresql":
        return False
    connection.ensure_connection()
    is_new: bool = importlib.import_module("clarion.inbox.postgres").make_table(connection.connection)
    return is_new
