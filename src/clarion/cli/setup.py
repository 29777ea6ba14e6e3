"""Getting ready to work on records from the shell."""

import importlib

from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from clarion.cli.migration_lock import migrating_alone
from clarion.cli.out_of_use import refuse_out_of_use
from clarion.kernel.errors import ClarionError
from clarion.settings import ENV


class TablesBehind(ClarionError):
    """The tables are older than this Clarion, and this role may not change them."""


class DatabaseAway(ClarionError):
    """The database cannot be asked now: it is down, locked, or lets nobody in."""


def migrate_if_behind() -> bool:
    """Bring the database's schema up to date; gives whether anything had to be done. Safe to repeat and to race.

    Raises what `refuse_out_of_use` does, and what `bring_up_to_date` does.
    """
    refuse_out_of_use(ENV)
    return bring_up_to_date()


def bring_up_to_date() -> bool:
    """As `migrate_if_behind`, on records that are not to be worked on yet: those of a backup, while it is restored.

    Raises `TablesBehind` where the role of CLARION_DATABASE_URL does not own the tables, and `DatabaseAway`.
    """
    try:
        with migrating_alone(ENV.data):
            return _migrate()
    except ProgrammingError as error:
        raise TablesBehind(
            "The tables cannot be brought up to date by this role: run `clarion database migrate` with the"
            " CLARION_DATABASE_URL of their owner."
        ) from error
    except OperationalError as error:
        raise DatabaseAway("The database of the records does not answer; `clarion doctor` says more.") from error


def _migrate() -> bool:
    executor = MigrationExecutor(connection)
    is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if is_behind:
        call_command("migrate", interactive=False, verbosity=0)
    return make_plain_tables() or is_behind


# Tables that are no app's: processes without Django use them. Each module is loaded where a database is named.
_PLAIN_TABLES = ("clarion.inbox.postgres", "clarion.mirrors.table")


def make_plain_tables() -> bool:
    """On PostgreSQL, make the tables of inbox and published files where they are missing; gives whether any was."""
    if connection.vendor != "postgresql":
        return False
    connection.ensure_connection()
    made = [importlib.import_module(module).make_table(connection.connection) for module in _PLAIN_TABLES]
    return any(made)
