"""Hands: processes beside the publisher's own that print a large publication, one for each processor.

They are there for that publication only, so that an idle server holds no memory for them, and the publisher's own
process (which drains and mails too) has its interpreter to itself meanwhile. Each holds a lock of its own: nobody else
publishes before the last has ended, even where their publisher was killed.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from clarion.mirrors.lock import hands_lock
from clarion.pages.pausing import Pause
from clarion.pages.printing import Manuscript, Printed, Sheet

_PROGRAM = "import django; django.setup(); from clarion.pages.hand import main; main()"
_END_SECONDS = 10


class HandLost(Exception):
    """A process that printed has died: what it had in hand may be old, everything else is as it was."""


@dataclass(slots=True)
class Hand:
    """One process, and whether it has been given the manuscript."""

    process: "subprocess.Popen[bytes]"
    has_read: bool = field(default=False)

    def print(self, manuscript: bytes, sheet: Sheet) -> Printed:
        """Have a sheet printed. Raises `HandLost`."""
        assert self.process.stdin is not None  # noqa: S101 - both are pipes
        assert self.process.stdout is not None  # noqa: S101
        try:
            if not self.has_read:
                pickle.load(self.process.stdout)  # noqa: S301 - it holds the lock
                self.process.stdin.write(manuscript)
                self.has_read = True
            pickle.dump(sheet, self.process.stdin)
            self.process.stdin.flush()
            printed: Printed = pickle.load(self.process.stdout)  # noqa: S301 - from a process of our own
        except (EOFError, OSError) as error:
            raise HandLost(f"a printing process ended with {self.process.poll()}") from error
        return printed

    def end(self) -> None:
        """End at once; a page that is being written stays the old one."""
        self.process.kill()
        self.process.wait(_END_SECONDS)

    def close(self) -> None:
        """Close the pipes, once nobody reads them any more."""
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # what an ended process did not read
                if pipe is not None:
                    pipe.close()


class Hands:
    """Some hands with one manuscript."""

    def __init__(self, manuscript: Manuscript, count: int) -> None:
        self._manuscript = pickle.dumps(manuscript, pickle.HIGHEST_PROTOCOL)
        self._all = [Hand(_started(hands_lock(manuscript.press.data.publish_lock))) for _ in range(count)]
        self._idle: SimpleQueue[Hand] = SimpleQueue()
        for hand in self._all:
            self._idle.put(hand)
        self._threads = ThreadPoolExecutor(count)

    def print(self, sheets: Iterable[Sheet], pause: Pause) -> Iterator[Printed]:
        """Print these sheets; gives what was printed, in any order. Whatever `pause` raises ends it.

        Before a pause all hands rest: what is published in it must not be overwritten by something older.
        """
        under_way: set[Future[Printed]] = set()
        for sheet in sheets:
            if len(under_way) > len(self._all):  # one waits for each that comes free
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
            if pause.is_wanted():
                yield from (future.result() for future in wait(under_way).done)
                under_way = set()
                pause.take()
            under_way.add(self._threads.submit(self._print, sheet))
        yield from (future.result() for future in wait(under_way).done)

    def _print(self, sheet: Sheet) -> Printed:
        hand = self._idle.get()
        try:
            return hand.print(self._manuscript, sheet)
        finally:
            self._idle.put(hand)

    def end(self) -> None:
        """Leave no process behind."""
        for hand in self._all:
            hand.end()
        self._threads.shutdown(cancel_futures=True)
        for hand in self._all:
            hand.close()


@contextmanager
def hands(manuscript: Manuscript, count: int) -> Iterator[Hands]:
    """Hands for the time of the block."""
    held = Hands(manuscript, count)
    try:
        yield held
    finally:
        held.end()


def _started(lock: Path) -> "subprocess.Popen[bytes]":
    settings = {"DJANGO_SETTINGS_MODULE": "clarion.settings"}
    return subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-P", "-c", _PROGRAM, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**settings, **os.environ},
    )
