"""Intake's side of the inbox in PostgreSQL. Its role needs INSERT on one table, and nothing else."""

from collections.abc import Sequence
from typing import Any

from clarion.inbox.patience import Patience
from clarion.inbox.postgres import MOST_IN_A_ROW, TABLE, Line
from clarion.kernel.clock import utc_now
from clarion.kernel.databases import Database

_LONGEST_WAIT_SECONDS = 5.0  # then visitors are told to try again
_INTO = f"INSERT INTO {TABLE} (key_number, sealed_key, accepted_at, size, submissions, bodies) VALUES "  # noqa: S608
_ROW = "(%b, %b, %b, %b, %b, %b)"


class PostgresWriter:
    """Appends sealed rows. For one thread at a time.

    A connection that broke while it rested is opened anew before a batch; one that breaks under a batch costs that
    batch a 503: whether it is stored is unknown, and sending it again is harmless (a submission's id is new).
    """

    def __init__(self, database: Database) -> None:
        self._line = Line(database, "clarion-public")
        self._patience = Patience(_LONGEST_WAIT_SECONDS)

    def append(
        self, rows: Sequence[tuple[str, bytes]], key_number: int, sealed_key: bytes, *, at: float | None = None
    ) -> None:
        """Store one batch of (submission id, sealed body) in one statement; committed when this returns.

        `at` is when the first of them was accepted, in Unix seconds. Raises `InboxUnavailable`.
        """
        accepted_at = utc_now().timestamp() if at is None else at
        said: list[Any] = []
        for start in range(0, len(rows), MOST_IN_A_ROW):
            part = rows[start : start + MOST_IN_A_ROW]
            ids, bodies = [bytes.fromhex(submission) for submission, _ in part], [body for _, body in part]
            said += [key_number, sealed_key, accepted_at, len(part), ids, bodies]
        with self._line.use() as connection, self._patience.with_connection(connection.fileno()):
            connection.execute(_INTO + ", ".join([_ROW] * (len(said) // 6)), said)

    def close(self) -> None:
        """Close the connection; what was appended stays."""
        self._line.close()
        self._patience.close()
