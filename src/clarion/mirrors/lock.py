"""One process at a time writes the published files of a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def publish_lock(path: Path) -> Iterator[bool]:
    """Whether this process alone writes the published files of this data folder for the time of the block."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            _wait_for_hands(hands_lock(path))
            yield True
    finally:
        os.close(handle)


def hands_lock(path: Path) -> Path:
    """The lock of the processes that print for the publisher who holds the lock at `path`."""
    return path.with_name("hands.lock")


@contextmanager
def held_by_hand(path: Path) -> Iterator[None]:
    """For the time of the block nobody else becomes the publisher: a hand outlives a killed one by a page or two."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _wait_for_hands(path: Path) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    finally:
        os.close(handle)
