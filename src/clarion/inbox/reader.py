"""The worker's side of the inbox: take rows, and remove them once records hold them."""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clarion.inbox.store import BUSY_MILLISECONDS, InboxBroken, InboxFile, InboxUnavailable
from clarion.kernel.clock import from_epoch
from clarion.kernel.ids import ID_BYTES, RecordId

_REMOVED_AT_ONCE = 256  # rows; intake waits that long for the lock


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One row as it lies in the inbox; `body` opens with the batch's key, itself sealed to the worker."""

    seq: int
    submission: RecordId
    key_number: int
    sealed_key: bytes
    body: bytes
    accepted_at: datetime


def read_row(
    seq: int, submission: object, key_number: int, sealed_key: bytes, body: object, accepted_at: float
) -> SealedRow:
    """A row as it is stored.

    One that says what intake never writes (it may be in other hands) is read as a row that does not open: it is set
    aside as such, and holds up no other.
    """
    sealed = body if isinstance(body, bytes) else b""
    return SealedRow(seq, _id_of(submission, sealed), max(key_number, 0), sealed_key, sealed, read_moment(accepted_at))


def _id_of(submission: object, body: bytes) -> RecordId:
    """By which the row is known; for one without an id the same each time."""
    said = submission if isinstance(submission, bytes) else b""
    is_whole = len(said) == ID_BYTES
    return RecordId((said if is_whole else hashlib.blake2b(said + body, digest_size=ID_BYTES).digest()).hex())


def read_moment(accepted_at: float) -> datetime:
    """When a row was accepted; long ago where what is stored is no moment, so that meanwhile nothing expires."""
    try:
        return from_epoch(accepted_at)
    except (ValueError, OverflowError, OSError):
        return from_epoch(0)


class InboxReader:
    """Takes rows in the order in which they were accepted. For one thread at a time.

    Its methods raise `InboxUnavailable` or `InboxBroken` where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = InboxFile(path)

    def take(self, limit: int, *, after: int = 0) -> list[SealedRow]:
        """Up to `limit` of the oldest rows (numbered above `after`); they stay until `remove`."""
        with self._file.look() as db:
            found = db.execute(
                "SELECT seq, submission, key_number, sealed_key, body, accepted_at FROM rows"
                " JOIN batches ON batches.id = rows.batch WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, limit),
            ).fetchall()
        return [read_row(*row) for row in found]

    def remove(self, seqs: Sequence[int]) -> None:
        """Remove rows that records now hold, and the keys of batches that are empty. Safe to repeat."""
        for start in range(0, len(seqs), _REMOVED_AT_ONCE):
            with self._file.turn() as db:
                _remove(db, seqs[start : start + _REMOVED_AT_ONCE])

    def release(self) -> None:
        """Let go of what was taken and not removed: nothing is held here, since a file has one worker."""

    def has_given(self, seq: int) -> bool:
        """Whether this file ever gave the number `seq`: none does again, so one that did not is another file."""
        with self._file.look() as db:
            given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'rows'").fetchone()
        return bool(given and given[0] >= seq)

    def waiting(self) -> int:
        """How many rows wait."""
        with self._file.look() as db:
            count: int = db.execute("SELECT count(*) FROM rows").fetchone()[0]
        return count

    def oldest_at(self) -> datetime | None:
        """When the oldest waiting row was accepted; None where the inbox is empty."""
        with self._file.look() as db:
            found = db.execute("SELECT accepted_at FROM rows ORDER BY seq LIMIT 1").fetchone()
        return read_moment(found[0]) if found else None

    def copy_log(self) -> None:
        """Copy the log into the file as far as that keeps nobody waiting: intake writes on meanwhile."""
        with self._file.look() as db:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def truncate_log(self) -> bool:
        """Move the log into the file and cut it to nothing, so that removed rows are gone; False: try again.

        Waits for nobody who reads, a backup say: intake would wait too.
        """
        with self._file.turn() as db:
            db.execute("PRAGMA busy_timeout=0")
            try:
                is_busy: int = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                db.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        return not is_busy

    def integrity_ok(self) -> bool:
        """Whether SQLite finds the file whole."""
        try:
            with self._file.look() as db:
                return bool(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
        except (InboxUnavailable, InboxBroken):
            return False

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def count_rows(path: Path, *, after: int) -> int:
    """How many rows numbered above `after` lie in an inbox that nobody drains. It is looked at and not opened as ours:
    nothing of it changes. Raises `sqlite3.Error`.
    """
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_MILLISECONDS / 1000)) as db:
        given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'rows'").fetchone()
        if (given[0] if given else 0) < after:  # another file, begun after that number was given in the one before
            after = 0
        count: int = db.execute("SELECT count(*) FROM rows WHERE seq > ?", (after,)).fetchone()[0]
    return count


def _remove(db: sqlite3.Connection, seqs: Sequence[int]) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("DELETE FROM rows WHERE seq = ?", [(seq,) for seq in seqs])
        # Batches are numbered in the order of their rows: those before the oldest row's are empty.
        db.execute("DELETE FROM batches WHERE id < coalesce((SELECT batch FROM rows ORDER BY seq LIMIT 1), 1 << 62)")
