"""The supervisor starts what comes after another only when that is done, and meanwhile does all else."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clarion.cli.supervisor import Child, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@contextmanager
def supervisor() -> Iterator[Supervisor]:
    """One that leaves nothing behind."""
    found = Supervisor()
    try:
        yield found
    finally:
        found.end()


def until_done(child: Child, running: Supervisor) -> None:
    """Let it look after its children until this one has done what it had to."""
    ends = time.monotonic() + 30
    while not child.is_done:
        assert time.monotonic() < ends
        running.look_after()
        time.sleep(0.02)


def test_what_has_to_be_done_first_is_tried_until_it_is_done(tmp_path: Path) -> None:
    """It fails while a file is missing: others run all the while, and what comes after it waits."""
    wanted = tmp_path / "wanted"
    first = Child("first", [sys.executable, "-c", f"open({str(wanted)!r})"], {}, is_once=True)
    other, last = Child("other", SLEEP, {}), Child("last", SLEEP, {}, after=first)
    with supervisor() as running:
        for child in (other, first, last):
            running.start(child)
        ends = time.monotonic() + 30
        while first.delay < 0.5:  # it was tried more than once
            assert time.monotonic() < ends
            running.look_after()
            time.sleep(0.02)
        assert (first.is_done, last.process, other.process is not None) == (False, None, True)

        wanted.touch()
        until_done(first, running)
        running.look_after()
        assert last.process is not None
        assert first.process is None


def test_what_was_done_once_is_not_done_again() -> None:
    once = Child("once", [sys.executable, "-c", ""], {}, is_once=True)
    with supervisor() as running:
        running.start(once)
        until_done(once, running)
        for _ in range(5):
            running.look_after()
            time.sleep(0.1)
        assert once.process is None
