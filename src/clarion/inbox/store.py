"""The inbox's file: its tables, how it is opened, the lock that lets one process write at a time, and its damage."""

import ctypes
import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError

LOCK_NAME = "inbox.lock"
_MAGIC = b"SQLite format 3\0"  # how every such file begins
_SET_ASIDE = ".damaged-"

log = logging.getLogger(__name__)

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS batches (id INTEGER PRIMARY KEY, key_number INTEGER NOT NULL,"
    " sealed_key BLOB NOT NULL)",
    # AUTOINCREMENT: a number that was removed never comes back, so a late `remove` cannot hit a newer row.
    "CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY AUTOINCREMENT, submission BLOB NOT NULL,"
    " batch INTEGER NOT NULL, accepted_at REAL NOT NULL, body BLOB NOT NULL)",
)
BUSY_MILLISECONDS = 5000
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # the log is on disk before a commit returns
    "secure_delete=ON",  # removed rows are overwritten
    # 400 MB of log. Whoever commits then copies it into the file, and those who sign wait a tenth of a second and more:
    # so the worker does that every few seconds (`InboxReader.copy_log`), and this is for when it is away.
    "wal_autocheckpoint=100000",
    "temp_store=MEMORY",  # intake may write nowhere else
    f"busy_timeout={BUSY_MILLISECONDS}",
)


class InboxUnavailable(ClarionError):
    """The rows were not taken, and trying again later may help: a full disk, or somebody else's transaction."""


class InboxBroken(ClarionError):
    """Whether the rows are on disk is unknown (fsync failed, or worse): answer nobody, start again."""


class WriterLock:
    """One writer at a time, across processes: waiting on a lock costs a tenth of SQLite's own polling (p99)."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        self._depth = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it for a block; waits for its turn. Blocks may lie within each other."""
        if not self._depth:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let the lock's file go."""
        os.close(self._handle)


class InboxFile:
    """The inbox at `path`, for one thread at a time; its file is made where it is missing, its folder not.

    It is opened when it is needed: neither a full disk nor damage keeps a process from starting. A damaged file is
    set aside as it was found, and nothing takes its place before somebody has looked (docs/operate/damage.md).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = WriterLock(path.parent / LOCK_NAME)
        self._db: sqlite3.Connection | None = None
        # Never closed: that would let go of this process's locks on the file (POSIX), SQLite's own among them.
        self._raw = -1
        with suppress(InboxUnavailable, InboxBroken):
            self._opened()

    @contextmanager
    def turn(self) -> Iterator[sqlite3.Connection]:
        """The connection, with the turn to write; transactions are the caller's, an open one is rolled back on error.

        Raises `InboxUnavailable` (nothing was stored) or `InboxBroken` (unknown).
        """
        with self._lock.held(), self.look() as db:
            try:
                yield db
            except sqlite3.Error:
                if db.in_transaction:
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")
                raise

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """The connection, to read with. Raises as `turn` does."""
        db = self._opened()
        try:
            yield db
        except sqlite3.Error as error:
            if is_damage(error):
                self._set_aside()
            raise trouble(error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._db is not None and not self._is_in_place():
            self._abandon()
        db = self._db or self._open()
        if os.pread(self._raw, len(_MAGIC), 0) != _MAGIC:
            self._set_aside()
            raise InboxBroken("the inbox is no database any more")
        return db

    def _open(self) -> sqlite3.Connection:
        """Raises `InboxBroken` for a damaged file; for all else `InboxUnavailable`: nothing was written yet."""
        with self._lock.held():
            if not self._path.exists() and set_aside_files(self._path):
                raise InboxUnavailable("the inbox was damaged and set aside; `clarion doctor` says more")
            try:
                if self._raw < 0 or not self._is_in_place():  # else each failed try would leave one open
                    self._raw = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
                db = self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                for statement in (*(f"PRAGMA {pragma}" for pragma in _PRAGMAS), *_SCHEMA):
                    db.execute(statement)
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)
                raise InboxUnavailable("the inbox cannot be opened now") from error
        return db

    def _give_up(self, error: Exception) -> None:
        if isinstance(error, sqlite3.Error) and is_damage(error):
            self._set_aside()
            raise InboxBroken("the inbox is damaged") from error
        if self._db is not None:
            self._db.close()
            self._db = None

    def _is_in_place(self) -> bool:
        """Whether what is open here lies at the inbox's place: another process may have set it aside."""
        try:
            here, ours = self._path.stat(), os.fstat(self._raw)
        except OSError:
            return False
        return (here.st_ino, here.st_dev) == (ours.st_ino, ours.st_dev)

    def _set_aside(self) -> None:
        """Rename the file with its log, unless another process has done so."""
        with self._lock.held():
            if self._is_in_place():
                mark = f"{_SET_ASIDE}{utc_now():%Y%m%dT%H%M%S%fZ}"
                for suffix in ("", "-wal", "-shm"):
                    file = self._path.with_name(self._path.name + suffix)
                    if file.exists():
                        file.rename(self._path.with_name(f"{self._path.name}{mark}{suffix}"))
                log.error("The inbox is damaged and was set aside as %s%s; forms are refused.", self._path.name, mark)
            self._abandon()

    def _abandon(self) -> None:
        """Never close the connection: closing moves the log into the file, which is to stay as it was found."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._db))
        self._db = None

    def close(self) -> None:
        """Close the file; what was appended stays."""
        if self._db is not None:
            self._db.close()
        self._lock.close()


def set_aside_files(path: Path) -> list[Path]:
    """The damaged inboxes that lie beside the inbox at `path`, oldest first, without their logs."""
    found = sorted(path.parent.glob(f"{path.name}{_SET_ASIDE}*"))
    return [file for file in found if not file.name.endswith(("-wal", "-shm"))]


def make_way(path: Path) -> None:
    """Let an empty inbox begin where a damaged one was set aside; the damaged files stay under another name."""
    for file in path.parent.glob(f"{path.name}{_SET_ASIDE}*"):
        file.rename(file.with_name(f"old-{file.name}"))


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file's content is at fault."""
    return _primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def trouble(error: sqlite3.Error) -> ClarionError:
    """What an error of SQLite means for those who wait for the commit."""
    if _primary_code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return InboxUnavailable("the inbox cannot be written now")
    return InboxBroken("the inbox cannot be written")


def _primary_code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
