"""The inbox's file: its tables, how it is opened, and the lock that lets one process write at a time."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clarion.kernel.errors import ClarionError

LOCK_NAME = "inbox.lock"

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS batches (id INTEGER PRIMARY KEY, key_number INTEGER NOT NULL,"
    " sealed_key BLOB NOT NULL)",
    # AUTOINCREMENT: a number that was removed never comes back, so a late `remove` cannot hit a newer row.
    "CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY AUTOINCREMENT, submission BLOB NOT NULL,"
    " batch INTEGER NOT NULL, accepted_at REAL NOT NULL, body BLOB NOT NULL)",
)
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # the log is on disk before a commit returns
    "secure_delete=ON",  # removed rows are overwritten
    "wal_autocheckpoint=20000",  # measured: smaller ones cost intake a tenth
    "temp_store=MEMORY",  # intake may write nowhere else
    "busy_timeout=5000",
)


class InboxUnavailable(ClarionError):
    """The rows were not taken, and trying again later may help: a full disk, or somebody else's transaction."""


class InboxBroken(ClarionError):
    """Whether the rows are on disk is unknown (fsync failed, or worse): answer nobody, start again."""


class WriterLock:
    """One writer at a time, across processes: waiting on a lock costs a tenth of SQLite's own polling (p99)."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it for a block; waits for its turn."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let the lock's file go."""
        os.close(self._handle)


def open_inbox(path: Path) -> tuple[sqlite3.Connection, WriterLock]:
    """A connection to the inbox at `path` (made where it is missing, its folder not) and its lock.

    Transactions are the caller's; so is using the connection from one thread at a time.
    """
    lock = WriterLock(path.parent / LOCK_NAME)
    with lock.held():
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        for statement in _SCHEMA:
            db.execute(statement)
    return db, lock


def trouble(error: sqlite3.Error) -> ClarionError:
    """What an error of SQLite means for those who wait for the commit."""
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if primary in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return InboxUnavailable("the inbox cannot be written now")
    return InboxBroken("the inbox cannot be written")
