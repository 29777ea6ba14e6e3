"""Keeps child processes running, and leaves none behind."""

import ctypes
import http.client
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# Whoever is killed serves again in under five seconds, of which starting takes one or two.
_FIRST_DELAY = 0.1  # seconds before a child that died is started again; doubled each time
_LONGEST_DELAY = 2.0
_STEADY_AFTER = 5.0  # seconds after which a child counts as healthy again
_GRACE = 7.0  # seconds between SIGTERM and SIGKILL
_PR_SET_PDEATHSIG = 1

log = logging.getLogger(__name__)
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """In a child, before its program: be told to stop when the parent is gone, however it went (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _give_way(niceness: int) -> None:
    """In a child: let others go first on a busy machine. Its session is a scheduling group of its own on Linux, whose
    niceness is what counts there (sched(7), "The autogroup feature")."""
    os.nice(niceness)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")


@dataclass(slots=True)
class Child:
    """One process with a group of its own, and when to start it again.

    `niceness`: above 0, others come before it where there is too little of the machine for all (nice(1)).
    `is_once`: it has something to do, and is started until it has done it: until it ended with 0.
    `after`: it is not started before that child has done what it had to do.
    """

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    niceness: int = 0
    is_once: bool = False
    after: "Child | None" = None
    is_done: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    starts_at: float = 0.0
    delay: float = field(default=_FIRST_DELAY)

    def start(self, now: float) -> None:
        """Start the process."""
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self.is_once else None,  # that it went well is no news
            start_new_session=True,
            preexec_fn=self._prepare,  # safe: the supervisor has one thread
        )
        self.started_at = now

    def _prepare(self) -> None:
        die_with_parent()
        if self.niceness:
            _give_way(self.niceness)

    def look_after(self, now: float) -> None:
        """Start it when it is time, and again where it died, later each time that it dies young."""
        if self.process is None:
            if self._may_start(now):
                self.start(now)
            return
        code = self.process.poll()
        if code is None:
            return
        if self.is_once and code == 0:
            self.process, self.is_done = None, True
            return
        if now - self.started_at > _STEADY_AFTER:
            self.delay = _FIRST_DELAY
        log.warning("%s ended with %s; it starts again in %.1f s.", self.name, code, self.delay)
        self.kill_group()
        self.process, self.starts_at = None, now + self.delay
        self.delay = min(self.delay * 2, _LONGEST_DELAY)

    def _may_start(self, now: float) -> bool:
        is_its_turn = self.after is None or self.after.is_done
        return is_its_turn and not self.is_done and now >= self.starts_at

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process; it stops those it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()

    def kill_group(self) -> None:
        """Kill whatever is left of it and of those it started."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    """Runs children until told to stop."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self.is_running = True

    def start(self, child: Child) -> None:
        """Start one child, at once unless it comes after another, and keep it running."""
        child.look_after(time.monotonic())
        self._children.append(child)

    def stop(self) -> None:
        """Let the loop end; safe in a signal handler."""
        self.is_running = False

    def look_after(self) -> None:
        """Start what may start now, and again what died."""
        for child in self._children:
            child.look_after(time.monotonic())

    def end(self) -> None:
        """Stop every child within ten seconds; nothing is left then."""
        for child in self._children:
            child.ask_to_stop()
        ends_at = time.monotonic() + _GRACE
        for child in self._children:
            if child.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    child.process.wait(timeout=max(0.0, ends_at - time.monotonic()))
                child.kill_group()
                child.process.wait()


def answers_health(host: str, port: int, name: str) -> bool:
    """Whether the server named `name` answers `/healthz` there; what it says of others' health is its own matter."""
    place = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(place, port, timeout=1)
    try:
        connection.request("GET", "/healthz", headers={"Host": name})
        return connection.getresponse().status in (200, 503)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
