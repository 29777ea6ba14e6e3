"""The inbox in PostgreSQL: its table, and connections that may be trusted with what must not be lost."""

import logging
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from clarion.inbox.store import InboxUnavailable
from clarion.kernel.databases import Database

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]

TABLE = "inbox_batches"
# A worker takes whole rows, so none holds more submissions than this.
MOST_IN_A_ROW = 100
# Whoever may only INSERT can say nothing that a worker cannot read: a public node may be in other hands.
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
    " bodies bytea[] NOT NULL,"
    " CONSTRAINT a_batch_names_its_key CHECK (key_number >= 0),"
    " CONSTRAINT a_batch_was_accepted_in_our_era CHECK (accepted_at >= 0 AND accepted_at < 253402300800),"  # year 10000
    f" CONSTRAINT a_row_holds_some_submissions CHECK (size BETWEEN 1 AND {MOST_IN_A_ROW}),"
    " CONSTRAINT each_submission_has_its_body CHECK ("
    "array_ndims(submissions) = 1 AND cardinality(submissions) = size AND array_position(submissions, NULL) IS NULL"
    " AND array_ndims(bodies) = 1 AND cardinality(bodies) = size AND array_position(bodies, NULL) IS NULL))",
    f"ALTER TABLE {TABLE} ALTER COLUMN bodies SET STORAGE EXTERNAL",
    # Rows come and go all day: what is dead goes soon, whatever the size.
    f"ALTER TABLE {TABLE} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)",
)
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"

# Of these a commit that returned is on this server's disk, and on a synchronous standby's where there is one.
SAFE_COMMITS = ("on", "remote_apply")
_REST_SECONDS = 0.5


def make_table(connection: Connection) -> bool:
    """Make the inbox's table where it is missing; gives whether it was. In the caller's transaction."""
    found = connection.execute(_EXISTS, (TABLE,)).fetchone()
    if found and found[0]:
        return False
    for statement in SCHEMA:
        connection.execute(statement)
    return True


class Line:
    """One connection, opened when it is needed, and opened again after it broke. For one thread at a time."""

    def __init__(self, database: Database, name: str) -> None:
        self._parameters = {**database.parameters(), "application_name": name}
        self._connection: Connection | None = None
        self._rests_until = 0.0
        self._is_warned = False

    @contextmanager
    def use(self) -> Iterator[Connection]:
        """The connection, each statement a transaction of its own until BEGIN.

        Raises `InboxUnavailable`, and drops the connection, where the server is away, says no, or breaks off: whether
        what was sent holds is then unknown.
        """
        self._is_warned = False
        try:
            yield self._opened()
        except psycopg.Error as error:
            self.close()
            log.warning("PostgreSQL: %s %s", type(error).__name__, error.sqlstate or self._why_away(error))
            raise InboxUnavailable("the database did not do it") from error
        if self._is_warned:
            self.close()
            raise InboxUnavailable("the database did it, with a warning: a standby may not hold it")

    def _why_away(self, error: psycopg.Error) -> str:
        """Said of the line alone: the text of any other error may hold what was sent."""
        if not isinstance(error, psycopg.OperationalError):
            return ""
        return reason_of(error, self._parameters.get("password", ""))

    def _opened(self) -> Connection:
        if self._connection is not None and _is_cut_off(self._connection):
            self.close()
        if self._connection is None:
            self._connection = self._open()
            try:
                _refuse_forgetful(self._connection)
            except InboxUnavailable:
                self.close()  # the next use asks again: what the server says may have been mended
                raise
        return self._connection

    def _open(self) -> Connection:
        """A server that is away is left alone for a moment after each attempt: meanwhile nobody waits for it."""
        if monotonic() < self._rests_until:
            raise InboxUnavailable("the database is away")
        try:
            # Nothing is prepared, so that pgbouncer may stand between.
            connection = psycopg.connect(**self._parameters, autocommit=True, prepare_threshold=None)  # type: ignore[arg-type]
        except psycopg.Error:
            self._rests_until = monotonic() + _REST_SECONDS
            raise
        connection.add_notice_handler(self._heed)
        return connection

    def _heed(self, notice: psycopg.errors.Diagnostic) -> None:
        """A wait for the standby that somebody cut short ends in a warning, and the commit seems to be good."""
        self._is_warned = self._is_warned or notice.severity_nonlocalized == "WARNING"

    @property
    def is_holding(self) -> bool:
        """Whether a transaction is open."""
        return self._connection is not None and self._connection.info.transaction_status != TransactionStatus.IDLE

    def close(self) -> None:
        """Close the connection; an open transaction ends without effect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def reason_of(error: Exception, password: str) -> str:
    """In one line what the driver says, of each server where there are several: host, port, role and what failed.

    Never the password, should it be among it.
    """
    lines = str(error).splitlines()
    said = "; ".join([line[2:] for line in lines if line.startswith("- host: ")] or lines[:1])
    return said.replace(password, "…") if password else said


def _is_cut_off(connection: Connection) -> bool:
    """Whether the server has hung up, or said so: a line that rests has nothing to read."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _refuse_forgetful(connection: Connection) -> None:
    """Raises `InboxUnavailable` where a commit returns before it is on disk."""
    row = connection.execute("SHOW synchronous_commit").fetchone()
    if row is None or row[0] not in SAFE_COMMITS:
        log.error("synchronous_commit must be on for this role; `clarion database roles` says so to the server.")
        raise InboxUnavailable("synchronous_commit is not on")
