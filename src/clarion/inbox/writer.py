"""Intake's side of the inbox: append, one commit for a batch."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from clarion.inbox.store import open_inbox, trouble
from clarion.kernel.clock import utc_now


class InboxWriter:
    """Appends sealed rows. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._db, self._lock = open_inbox(path)

    def append(
        self, rows: Sequence[tuple[str, bytes]], key_number: int, sealed_key: bytes, *, at: float | None = None
    ) -> None:
        """Store one batch of (submission id, sealed body); on disk when this returns.

        `at` is when the first of them was accepted, in Unix seconds. Raises `InboxUnavailable` (nothing was stored)
        or `InboxBroken` (unknown).
        """
        accepted_at = utc_now().timestamp() if at is None else at
        with self._lock.held():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                batch = self._db.execute(
                    "INSERT INTO batches (key_number, sealed_key) VALUES (?, ?)", (key_number, sealed_key)
                ).lastrowid
                self._db.executemany(
                    "INSERT INTO rows (submission, batch, accepted_at, body) VALUES (?, ?, ?, ?)",
                    [(bytes.fromhex(submission), batch, accepted_at, body) for submission, body in rows],
                )
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise trouble(error) from error

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file; what was appended stays."""
        self._db.close()
        self._lock.close()
