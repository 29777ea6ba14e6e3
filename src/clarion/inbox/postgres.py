"""The inbox in PostgreSQL: its table, and connections that may be trusted with what must not be lost."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from clarion.inbox.store import InboxUnavailable
from clarion.kernel.databases import Database

log = logging.getLogger(__name__)

TABLE = "inbox_batches"
# A row is (a part of) one batch of intake, so a commit writes one, and one dead row is left behind. `size` counts its
# submissions, so that counting opens no array. Sealed bytes do not shrink: they are stored as they are.
SCHEMA = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} ("
    " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " key_number integer NOT NULL,"
    " sealed_key bytea NOT NULL,"
    " accepted_at double precision NOT NULL,"
    " size integer NOT NULL,"
    " submissions bytea[] NOT NULL,"
    " bodies bytea[] NOT NULL)",
    f"ALTER TABLE {TABLE} ALTER COLUMN bodies SET STORAGE EXTERNAL",
    # Rows come and go all day: what is dead goes soon, whatever the size.
    f"ALTER TABLE {TABLE} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)",
)
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"

# Of these a commit that returned is on this server's disk, and on a synchronous standby's where there is one.
SAFE_COMMITS = ("on", "remote_apply")


def make_table(connection: "psycopg.Connection[Any]") -> bool:
    """Make the inbox's table where it is missing; gives whether it was. In the caller's transaction."""
    found = connection.execute(_EXISTS, (TABLE,)).fetchone()
    if found and found[0]:
        return False
    for statement in SCHEMA:
        connection.execute(statement)  # type: ignore[call-overload]
    return True


class Line:
    """One connection, opened when it is needed, and opened again after it broke. For one thread at a time."""

    def __init__(self, database: Database, name: str) -> None:
        self._parameters = {**database.parameters(), "application_name": name}
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def use(self) -> Iterator["psycopg.Connection[Any]"]:
        """The connection, each statement a transaction of its own until BEGIN.

        Raises `InboxUnavailable`, and drops the connection, where the server is away, says no, or breaks off: whether
        what was sent holds is then unknown.
        """
        try:
            yield self._opened()
        except psycopg.Error as error:
            self.close()
            log.warning("PostgreSQL: %s %s", type(error).__name__, error.sqlstate or "")
            raise InboxUnavailable("the database did not do it") from error

    def _opened(self) -> "psycopg.Connection[Any]":
        if self._connection is None:
            # Nothing is prepared, so that pgbouncer may stand between.
            connection = psycopg.connect(**self._parameters, autocommit=True, prepare_threshold=None)  # type: ignore[arg-type]
            self._connection = connection
            _refuse_forgetful(connection)
        return self._connection

    def is_open(self) -> bool:
        """Whether there is a connection that nobody has closed from this side."""
        return self._connection is not None

    def close(self) -> None:
        """Close the connection; an open transaction ends without effect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def _refuse_forgetful(connection: "psycopg.Connection[Any]") -> None:
    """Raises `InboxUnavailable` where a commit returns before it is on disk."""
    row = connection.execute("SHOW synchronous_commit").fetchone()
    if row is None or row[0] not in SAFE_COMMITS:
        raise InboxUnavailable("synchronous_commit must be on for this role; run `clarion database roles`")
