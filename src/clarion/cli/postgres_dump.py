"""A PostgreSQL database's part in a backup: `pg_dump` and `pg_restore` of the machine, found on the PATH.

One dump is one snapshot: a row that is being drained is in the inbox or in the records, or in both.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from clarion.inbox.postgres import TABLE
from clarion.kernel.databases import Database
from clarion.kernel.errors import ClarionError
from clarion.mirrors.table import TABLE as FILES

DUMP = "database.dump"
_KEPT = f"{TABLE}_kept"  # forms that wait here, while a backup takes the place of the tables
_COLUMNS = ("key_number", "sealed_key", "accepted_at", "size", "submissions", "bodies")  # all but the number
_NAMES = {
    "inbox": sql.Identifier(TABLE),
    "kept": sql.Identifier(_KEPT),
    "columns": sql.SQL(", ").join(sql.Identifier(column) for column in _COLUMNS),
}
_LOOK_SECONDS = 0.2
_LEAVE_SECONDS = 5.0  # a server takes a moment to end the connections of a client that has just gone


class DumpFailed(ClarionError):
    """A dump could not be made or loaded; the text says why."""


def dump_database(database: Database, target: Path, *, spare_bytes: int) -> None:
    """Write a dump to `target`; raises `DumpFailed`, also where fewer than `spare_bytes` would stay free there."""
    if database.is_pooled:
        raise DumpFailed("pg_dump needs a line of its own: give the backup the server's address, not pgbouncer's.")
    # Most of it is sealed and does not shrink: the quickest compression will do.
    command = [_program("pg_dump"), "--format=custom", "--compress=1", "--no-owner", "--no-privileges"]
    # No large objects (the long name of -B changed): any role can make one, which another may not read; none is ours.
    command.append("-B")
    # Published files can be made again, and keys by which networks are marked lie among them.
    command += [f"--exclude-table={FILES}", f"--file={target}"]
    with _started(command, database) as process:
        while process.poll() is None:
            if shutil.disk_usage(target.parent).free < spare_bytes:
                process.kill()
                raise DumpFailed(f"The disk of {target.parent} is nearly full: the dump was broken off. Make room.")
            time.sleep(_LOOK_SECONDS)
        _refuse_failure(process, "pg_dump")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise DumpFailed(
            f"{name} is not on the PATH. It comes with Debian's package postgresql-client; take the server's version."
        )
    return found


def _started(command: list[str], database: Database) -> "subprocess.Popen[str]":
    said = database.parameters()
    environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGPASSWORD": said.pop("password", "")}
    return subprocess.Popen(  # noqa: S603 - found on the PATH; the password is no argument
        [*command, f"--dbname={make_conninfo(**said)}"], env=environ, stderr=subprocess.PIPE, text=True
    )


def _refuse_failure(process: "subprocess.Popen[str]", name: str) -> None:
    _, said = process.communicate()
    if not process.returncode:
        return
    if "server version mismatch" in said:
        versions = " ".join(line.split("detail: ")[-1] for line in said.splitlines() if "detail: " in line)
        raise DumpFailed(f"The server is newer than {name} ({versions}). Install postgresql-client of its version.")
    raise DumpFailed(f"{name} failed: {' '.join(said.split())[:600]}")


def refuse_to_load(database: Database, *, replace: bool) -> None:
    """Raises `DumpFailed` where this role may not make tables, where somebody uses the database, or where it holds
    campaigns and `replace` is not said.
    """
    with _connected(database) as connection:
        _refuse_without_right_to_make(connection)
        _wait_to_be_alone(connection)
        if not replace and _holds_campaigns(connection):
            raise DumpFailed("There are records in the database. Name an empty one, or say --replace.")


def _refuse_without_right_to_make(connection: "psycopg.Connection[Any]") -> None:
    found = connection.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()
    if not (found and found[0]):
        raise DumpFailed(
            "This role may not make tables: run it with the CLARION_DATABASE_URL of their owner"
            " (`ALSO=/etc/clarion-owner.env clarion restore …` where units run)."
        )


def _wait_to_be_alone(connection: "psycopg.Connection[Any]") -> None:
    until = time.monotonic() + _LEAVE_SECONDS
    while others := _others(connection):
        if time.monotonic() > until:
            raise DumpFailed(f"{others} connections to the database are open. Stop every Clarion that uses it first.")
        time.sleep(_LOOK_SECONDS)


def _others(connection: "psycopg.Connection[Any]") -> int:
    """How many other clients have a connection to this database."""
    connection.rollback()  # within a transaction the server's first answer stays its answer
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    ).fetchone()
    return int(found[0]) if found else 0


def _connected(database: Database) -> "psycopg.Connection[Any]":
    try:
        return psycopg.connect(**database.parameters())  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        raise DumpFailed(f"The database does not answer: {' '.join(str(error).split())[:300]}") from error


def _holds_campaigns(connection: "psycopg.Connection[Any]") -> bool:
    if not _exists(connection, "campaigns_campaign"):
        return False
    found = connection.execute("SELECT EXISTS (SELECT 1 FROM campaigns_campaign)").fetchone()
    return bool(found and found[0])


def _exists(connection: "psycopg.Connection[Any]", table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
    return bool(found and found[0])


def load_database(database: Database, dump: Path) -> None:
    """Put a dump in the place of the tables that are there, in one transaction; raises `DumpFailed`.

    Forms that wait in the inbox here stay: they are laid aside before, and added after. Safe to repeat.
    """
    with _connected(database) as connection:
        _lay_aside(connection)
    try:
        _restore(database, dump)
    except DumpFailed:
        # Put back here too: an earlier try may have been killed when its dump lay there and these alone were missing.
        with _connected(database) as connection:
            _add_what_was_laid_aside(connection)
        raise
    with _connected(database) as connection:
        _add_what_was_laid_aside(connection)


def _restore(database: Database, dump: Path) -> None:
    command = [_program("pg_restore"), "--clean", "--if-exists", "--no-owner", "--no-privileges"]
    command += ["--single-transaction", "--exit-on-error"]
    with _started([*command, str(dump)], database) as process:
        _refuse_failure(process, "pg_restore")


def _lay_aside(connection: "psycopg.Connection[Any]") -> None:
    """What an earlier try laid aside stays there too: a form that is drained twice counts once."""
    if _exists(connection, TABLE):
        for statement in (
            "CREATE TABLE IF NOT EXISTS {kept} AS SELECT {columns} FROM {inbox} WITH NO DATA",
            "INSERT INTO {kept} SELECT {columns} FROM {inbox}",
        ):
            connection.execute(sql.SQL(statement).format(**_NAMES))


def _add_what_was_laid_aside(connection: "psycopg.Connection[Any]") -> None:
    """Add what is not there: a batch is known by the ids of its forms."""
    if _exists(connection, _KEPT):
        for statement in (
            "INSERT INTO {inbox} ({columns}) SELECT {columns} FROM {kept} WHERE NOT EXISTS"
            " (SELECT FROM {inbox} WHERE {inbox}.submissions = {kept}.submissions)",
            "DROP TABLE {kept}",
        ):
            connection.execute(sql.SQL(statement).format(**_NAMES))
