"""Hangs up on a server that keeps an answer back for too long: libpq itself would wait for ever."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from time import monotonic

_LOOK_SECONDS = 0.25


class Patience:
    """Watches one connection at a time, from a thread of its own.

    A commit may wait for a standby that is gone, and a network may swallow everything: whoever waits past `seconds`
    gets the error of a broken connection, and may try again.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watched: tuple[int, float] | None = None  # file number of the connection, and until when it may take
        self._lock = Lock()
        self._stop = Event()
        self._thread: Thread | None = None

    @contextmanager
    def with_connection(self, number: int) -> Iterator[None]:
        """Watch the connection of this file number for a block."""
        if self._thread is None:
            self._thread = Thread(target=self._watch, name="patience", daemon=True)
            self._thread.start()
        with self._lock:
            self._watched = (number, monotonic() + self._seconds)
        try:
            yield
        finally:
            with self._lock:
                self._watched = None

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            with self._lock:
                if self._watched is not None and monotonic() > self._watched[1]:
                    _hang_up(self._watched[0])
                    self._watched = None

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


def _hang_up(number: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(number)) as line:
        line.shutdown(socket.SHUT_RDWR)
