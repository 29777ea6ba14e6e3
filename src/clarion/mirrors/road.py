"""The road of published files between machines: who may send, what is sent, and what is laid here meanwhile."""

from contextlib import suppress

import psycopg

from clarion.kernel.databases import Database
from clarion.kernel.files import DataFolder
from clarion.mirrors.folder import plain_files, read_file
from clarion.mirrors.following import Follower
from clarion.mirrors.notes import Notes
from clarion.mirrors.table import TABLE, Connection, MirrorUnavailable, connect

_AT_ONCE = 100  # files in one commit
_PUBLISHING = 0x7075626C697368  # "publish": the one publisher's lock
# A machine that vanished without a word is noticed by the server within twenty seconds, and another may publish.
_ON_THE_LINE = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
_PUT = (
    f"INSERT INTO {TABLE} (path, hash, content, br, gz) VALUES (%s, %b, %b, %b, %b) ON CONFLICT (path) DO UPDATE"  # noqa: S608
    " SET seq = DEFAULT, hash = EXCLUDED.hash, content = EXCLUDED.content, br = EXCLUDED.br, gz = EXCLUDED.gz"
)
# The row of a file, and those of all in a folder; `0` is what follows `/`.
_GONE = (
    f"UPDATE {TABLE} SET seq = DEFAULT, hash = NULL, content = NULL, br = NULL, gz = NULL"  # noqa: S608
    " WHERE hash IS NOT NULL AND (path = %(path)s OR path >= %(path)s || '/' AND path < %(path)s || '0')"
)


class SharedRoad:
    """One connection, which holds the right to publish and sends on: who lost the right cannot send. For one thread."""

    def __init__(self, database: Database, data: DataFolder) -> None:
        self._database = database
        self._root = data.root
        self._follower = Follower(data.root)
        self._notes = Notes(data.root)
        self._line: Connection | None = None
        self._is_ours = False

    def take(self) -> bool:
        """Whether this process is the one publisher now; the data folder then holds what the last one published.

        Raises `MirrorUnavailable`; and whatever keeps this machine from it (a full disk), which then leaves the right
        to another.
        """
        if self._is_ours:
            return True
        try:
            return self._take()
        except psycopg.Error as error:
            raise self._broken(error) from error
        except BaseException:
            self.close()
            raise

    def _take(self) -> bool:
        found = self._opened().execute("SELECT pg_try_advisory_lock(%s)", (_PUBLISHING,)).fetchone()
        if not (found and found[0]):
            return False
        while self.follow():
            pass
        self._is_ours = True
        self._begin()
        return True

    def follow(self) -> bool:
        """Lay here the next batch of what another machine published; gives whether more waits."""
        try:
            return self._follower.step(self._opened())
        except psycopg.Error as error:
            raise self._broken(error) from error
        except MirrorUnavailable:
            self.close()
            raise

    def send(self) -> None:
        """Send on what changed here. Raises `MirrorUnavailable`, and then somebody else may publish."""
        if not self._is_ours or self._line is None:
            raise MirrorUnavailable("this process is not the publisher any more")
        try:
            self._send(self._line)
        except psycopg.Error as error:
            raise self._broken(error) from error

    def _send(self, line: Connection) -> None:
        paths = self._notes.take()
        for start in range(0, len(paths), _AT_ONCE):
            self._send_some(line, paths[start : start + _AT_ONCE])
        self._notes.settle()
        if not paths:
            line.execute("SELECT 1")  # is it still there, and the right with it?

    def _send_some(self, line: Connection, paths: list[str]) -> None:
        """As they lie here now, in one commit: what is gone first, for a folder that went may be there again."""
        files = [(path, read_file(self._root, path)) for path in paths]
        there = [(path, file.hash, file.content, file.br, file.gz) for path, file in files if file]
        with line.transaction(), line.cursor() as cursor:
            cursor.executemany(_GONE, [{"path": path} for path, file in files if file is None])
            cursor.executemany(_PUT, there)

    def _begin(self) -> None:
        """Where nothing was ever sent, everything that lies here is."""
        self._notes.begin()
        found = self._opened().execute(f"SELECT EXISTS (SELECT FROM {TABLE})").fetchone()  # noqa: S608
        if found and not found[0]:
            self._notes.add_all(plain_files(self._root))

    def _opened(self) -> Connection:
        if self._line is None:
            line = connect(self._database, "clarion-publish")
            self._line = line
            line.execute(_ON_THE_LINE)
            self._follower.meet(line)
        return self._line

    def _broken(self, error: psycopg.Error) -> MirrorUnavailable:
        self.close()
        return MirrorUnavailable(f"the road of published files is closed ({type(error).__name__})")

    def close(self) -> None:
        """Let the right to publish go. What lies here unsent is compared with the table before anything else."""
        was_ours, self._is_ours = self._is_ours, False
        line, self._line = self._line, None
        if line is not None:
            with suppress(psycopg.Error):
                if was_ours and not line.broken:  # at once, not when the server notices
                    line.execute("SELECT pg_advisory_unlock_all()")
            line.close()
        if was_ours:
            self._follower.forget()
            self._notes.end()
