"""A machine's side: what lies in the table is laid into the data folder, a batch at a time."""

from collections import deque
from pathlib import Path
from typing import Any

import psycopg

from clarion.mirrors.folder import PublishedFile, fingerprint, is_published_path, lay_file, plain_files, remove_file
from clarion.mirrors.table import TABLE, Connection, MirrorUnavailable

_AT_ONCE = 100  # files
_LAST = f"SELECT coalesce(max(seq), 0) FROM {TABLE}"  # noqa: S608
_ALL = f"SELECT path, hash, br IS NOT NULL, gz IS NOT NULL FROM {TABLE} WHERE hash IS NOT NULL"  # noqa: S608
_COLUMNS = "path, seq, content, br, gz"
_THESE = f"SELECT {_COLUMNS} FROM {TABLE} WHERE path = ANY(%s)"  # noqa: S608
_NEWER = f"SELECT {_COLUMNS} FROM {TABLE} WHERE seq > %s ORDER BY seq LIMIT {_AT_ONCE}"  # noqa: S608
_SERVER = "SELECT pg_postmaster_start_time()::text, current_database()"


class Follower:
    """Brings one data folder to what the table holds. For one thread, which alone writes there.

    Everything is compared at the start and with each server that was not seen before (a standby may know less than
    was laid here); from then on only what is numbered higher is asked for. A table that is empty changes nothing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._server: object = None
        self._seen: int | None = None
        self._missing: deque[str] = deque()

    def forget(self) -> None:
        """Compare everything anew with the next step."""
        self._seen = None

    def step(self, connection: Connection) -> bool:
        """Lay the next batch; gives whether more waits. Raises `MirrorUnavailable`."""
        try:
            return self._step(connection)
        except psycopg.Error as error:
            raise MirrorUnavailable(f"the database did not answer ({type(error).__name__})") from error

    def meet(self, connection: Connection) -> None:
        """Look which server it is that a new connection leads to."""
        server = connection.execute(_SERVER).fetchone()
        if server != self._server:
            self._server, self._seen = server, None

    def _step(self, connection: Connection) -> bool:
        if self._seen is None:
            self._compare(connection)
        if self._missing:
            some = [self._missing.popleft() for _ in range(min(_AT_ONCE, len(self._missing)))]
            self._lay(connection.execute(_THESE, (some,), binary=True).fetchall())
            return True
        rows = connection.execute(_NEWER, (self._seen,), binary=True).fetchall()
        self._lay(rows)
        if rows:
            self._seen = rows[-1][1]
        return len(rows) == _AT_ONCE

    def _compare(self, connection: Connection) -> None:
        last = connection.execute(_LAST).fetchone()
        seen = last[0] if last else 0
        self._missing.clear()
        if seen:
            there: set[str] = set()
            for path, *found in connection.execute(_ALL, binary=True):
                there.add(path)
                if is_published_path(path) and fingerprint(self._root, path) != tuple(found):
                    self._missing.append(path)
            for path in list(plain_files(self._root)):
                if path not in there:
                    remove_file(self._root, path)
        self._seen = seen

    def _lay(self, rows: list[Any]) -> None:
        for path, _, content, br, gz in rows:
            if not is_published_path(path):
                continue
            if content is None:
                remove_file(self._root, path)
            else:
                lay_file(self._root, path, PublishedFile(content, br, gz))
