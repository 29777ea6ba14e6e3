"""The worker's side of the inbox in PostgreSQL: several take at once, and none holds what another does."""

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from clarion.inbox.postgres import TABLE, Connection, Line
from clarion.inbox.reader import SealedRow, read_moment, read_row
from clarion.kernel.databases import Database

_FETCHED_AT_ONCE = 32  # rows of the table: so many more than needed may be locked, until `remove`
_OLDEST = (
    "DECLARE oldest NO SCROLL CURSOR FOR SELECT id, key_number, sealed_key, accepted_at, submissions, bodies"  # noqa: S608
    f" FROM {TABLE} ORDER BY id FOR UPDATE SKIP LOCKED"
)
# A worker that hangs is cut off, and its rows are free again; receipts keep them from counting twice.
_HOLD_AT_MOST = "SET LOCAL idle_in_transaction_session_timeout = '120s'"
# Should the removal be lost, the rows come again and are passed over: nothing waits for the disk here.
_AT_LEISURE = "SET LOCAL synchronous_commit = off"


class PostgresReader:
    """Takes rows in the order in which they came, each in the hands of one worker. For one thread at a time.

    What is taken stays locked until `remove` or `release`, or until this process or its connection is gone.
    """

    def __init__(self, database: Database) -> None:
        self._line = Line(database, "clarion-inbox")

    def take(self, limit: int) -> list[SealedRow]:
        """The oldest rows that nobody holds, by whole batches until there are `limit` or more."""
        self.release()
        with self._line.use() as connection:
            if not _has_rows(connection):
                return []
            connection.execute("BEGIN")
            connection.execute(_HOLD_AT_MOST)
            connection.execute(_OLDEST)
            rows = _fetch(connection, limit)
        if not rows:
            self.release()
        return rows

    def remove(self, seqs: Sequence[int]) -> None:
        """Remove the batches of these numbers. Where the hold was lost meanwhile, another worker may have them."""
        if not seqs:
            return
        with self._line.use() as connection:
            if not self._line.is_holding:
                connection.execute("BEGIN")
            connection.execute(_AT_LEISURE)
            connection.execute(f"DELETE FROM {TABLE} WHERE id = ANY(%s)", [sorted(set(seqs))])  # noqa: S608
            connection.execute("COMMIT")

    def release(self) -> None:
        """Let go of what was taken and not removed, so that any worker can take it."""
        if self._line.is_holding:
            with self._line.use() as connection:
                if self._line.is_holding:  # unless it was cut off meanwhile
                    connection.execute("ROLLBACK")

    def waiting(self) -> int:
        """How many rows wait, those that a worker holds included."""
        with self._line.use() as connection:
            row = connection.execute(f"SELECT coalesce(sum(size), 0) FROM {TABLE}").fetchone()  # noqa: S608
        return int(row[0]) if row else 0

    def oldest_at(self) -> datetime | None:
        """When the oldest waiting row was accepted; None where the inbox is empty."""
        with self._line.use() as connection:
            row = connection.execute(f"SELECT accepted_at FROM {TABLE} ORDER BY id LIMIT 1").fetchone()  # noqa: S608
        return read_moment(row[0]) if row else None

    def copy_log(self) -> None:
        """The server does that by itself."""

    def truncate_log(self) -> bool:
        """Nothing to cut here: the server's own housekeeping overwrites what is dead (docs/operate/postgresql.md)."""
        return True

    def close(self) -> None:
        """Close the connection; what was taken and not removed can be taken again."""
        self._line.close()


def _has_rows(connection: Connection) -> bool:
    row = connection.execute(f"SELECT EXISTS (SELECT FROM {TABLE})").fetchone()  # noqa: S608
    return bool(row and row[0])


def _fetch(connection: Connection, limit: int) -> list[SealedRow]:
    rows: list[SealedRow] = []
    while len(rows) < limit:
        some = min(_FETCHED_AT_ONCE, limit - len(rows))
        batches = connection.execute(f"FETCH {some} FROM oldest", binary=True).fetchall()
        for seq, key_number, sealed_key, at, submissions, bodies in batches:
            if len(rows) >= limit:
                return rows
            rows += [
                read_row(seq, submission, key_number, sealed_key, body, at)
                for submission, body in zip_longest(submissions, bodies)
            ]
        if len(batches) < some:
            return rows
    return rows
