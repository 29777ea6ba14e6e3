"""Intake's side of the inbox: append, one commit for a batch."""

from collections.abc import Sequence
from pathlib import Path

from clarion.inbox.store import InboxFile
from clarion.kernel.clock import utc_now


class InboxWriter:
    """Appends sealed rows. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._file = InboxFile(path)

    def append(
        self, rows: Sequence[tuple[str, bytes]], key_number: int, sealed_key: bytes, *, at: float | None = None
    ) -> None:
        """Store one batch of (submission id, sealed body); on disk when this returns.

        `at` is when the first of them was accepted, in Unix seconds. Raises `InboxUnavailable` (nothing was stored)
        or `InboxBroken` (unknown).
        """
        accepted_at = utc_now().timestamp() if at is None else at
        with self._file.turn() as db:
            db.execute("BEGIN IMMEDIATE")
            batch = db.execute(
                "INSERT INTO batches (key_number, sealed_key) VALUES (?, ?)", (key_number, sealed_key)
            ).lastrowid
            db.executemany(
                "INSERT INTO rows (submission, batch, accepted_at, body) VALUES (?, ?, ?, ?)",
                [(bytes.fromhex(submission), batch, accepted_at, body) for submission, body in rows],
            )
            db.execute("COMMIT")

    def close(self) -> None:
        """Close the file; what was appended stays."""
        self._file.close()
