"""Getting ready to work on records from the shell."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clarion.cli.migration_lock import migrating_alone
from clarion.settings import ENV


def migrate_if_behind() -> bool:
    """Bring the database's schema up to date; gives whether anything had to be done. Safe to repeat and to race."""
    with migrating_alone(ENV.data):
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        call_command("migrate", interactive=False, verbosity=0)
        return True
