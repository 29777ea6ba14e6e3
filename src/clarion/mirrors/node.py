"""A public node on a machine of its own: it fetches what is published, and can write nothing that others serve."""

import logging
from contextlib import suppress
from threading import Event

from clarion.kernel.databases import Database
from clarion.kernel.files import DataFolder
from clarion.mirrors.following import Follower
from clarion.mirrors.lock import publish_lock
from clarion.mirrors.table import Connection, MirrorUnavailable, connect

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.3
_REST_SECONDS = 1.0


class Node:
    """Follows the table into one data folder, and goes on after whatever befalls the database."""

    def __init__(self, database: Database, data: DataFolder) -> None:
        self._database = database
        self._lock = data.publish_lock
        self._follower = Follower(data.root)
        self._line: Connection | None = None
        self._is_away = False

    def run(self, stop: Event) -> None:
        """Fetch until `stop`."""
        while not stop.is_set():
            stop.wait(self._turn())
        self.close()

    def _turn(self) -> float:
        """Fetch a batch; gives how long to rest then, in seconds."""
        with publish_lock(self._lock) as is_ours:
            if not is_ours:  # a worker of this machine does it
                self._follower.forget()
                return _REST_SECONDS
            try:
                has_more = self._step()
            except MirrorUnavailable:
                self.close()
                self._say(is_away=True)
                return _REST_SECONDS
        self._say(is_away=False)
        return 0.0 if has_more else _POLL_SECONDS

    def _step(self) -> bool:
        if self._line is None:
            self._line = connect(self._database, "clarion-follow")
            self._follower.meet(self._line)
        return self._follower.step(self._line)

    def _say(self, *, is_away: bool) -> None:
        """Once for each change."""
        if is_away != self._is_away:
            self._is_away = is_away
            if is_away:
                log.warning("the database is away: what was fetched before is served")
            else:
                log.info("the database is back")

    def close(self) -> None:
        """Let the connection go."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError):
                line.close()
