"""The program to be measured, on a data folder of its own, as real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.load import Load
from bench.usage import cpu_seconds, pss_bytes

SAMPLE = Path(__file__).resolve().parents[1] / "src" / "clarion" / "sample" / "clean-water"
_START_SECONDS = 60
_IDLE_SECONDS = 600
_MEASURED_EVERY_SECONDS = 5  # the worker counts what waits every three


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stage:
    """A data folder with the sample call, and the addresses under which it is served."""

    folder: Path
    port: int = field(default_factory=free_port)
    office_port: int = field(default_factory=free_port)
    mail_url: str = ""
    database_url: str = ""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith(("CLARION_", "DJANGO_"))}
        return others | {
            "CLARION_DATA": str(self.data),
            "CLARION_PUBLIC_URL": f"http://{self.host}",
            "CLARION_OFFICE_URL": f"http://127.0.0.1:{self.office_port}",
            "CLARION_MAIL_URL": self.mail_url or f"file://{self.folder}/mails",
            "CLARION_DATABASE_URL": self.database_url,
            # As behind a proxy: the load says a client address of its own for each person.
            "CLARION_TRUSTED_PROXIES": "127.0.0.0/8",
        }

    def clarion(self, *arguments: str) -> str:
        """Run one command to its end; gives what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "clarion", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"clarion {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def python(self, module: str, *arguments: str) -> str:
        """Run a module of the bench on this data folder; gives what it said."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "clarion.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{module} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def serve(self, *options: str) -> "Running":
        """Start `clarion serve` with these options; comes back when the public site answers."""
        places = ["--public", self.host, "--office", f"127.0.0.1:{self.office_port}"]
        return start([sys.executable, "-m", "clarion", "serve", *places, *options], self.port, self.environment)

    def wait_for_worker(self) -> None:
        """Come back once the worker has given its first sign of life."""
        ends = time.monotonic() + _START_SECONDS
        while not (self.data / "worker" / "heartbeat.json").exists():
            if time.monotonic() > ends:
                raise SystemExit("the worker did not start")
            time.sleep(0.05)

    def wait_until_idle(self) -> None:
        """Come back once the worker says that nothing waits: what a launch left to publish is no part of a figure."""
        self.wait_for_worker()
        started, file = time.time(), self.data / "worker" / "heartbeat.json"
        while time.time() - started < _IDLE_SECONDS:
            found = json.loads(file.read_text())
            waiting = found["inbox_waiting"] or found["mails_waiting"] or found["publish_waiting"]
            if not waiting and file.stat().st_mtime > started + _MEASURED_EVERY_SECONDS:
                return
            time.sleep(0.5)
        raise SystemExit(f"something still waits after {_IDLE_SECONDS} s")


@dataclass
class Running:
    """A process that was started here."""

    process: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        """Its number, and the head of its family."""
        return self.process.pid

    def pss_bytes(self) -> int:
        """The memory of the process and of those it started, shared pages by their share."""
        return pss_bytes(self.pid)

    def cpu_seconds(self) -> float:
        """The CPU time of the process and of those it started."""
        return cpu_seconds(self.pid)

    def measured(self, work: Callable[[], Load]) -> Load:
        """The load that `work` gave, with the CPU time that this family spent on it."""
        before = self.cpu_seconds()
        load = work()
        return replace(load, cpu_seconds=self.cpu_seconds() - before)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def start(command: Sequence[str], port: int, environment: dict[str, str]) -> Running:
    """Start a server; comes back when something listens on its port."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + _START_SECONDS
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > ends:
            raise SystemExit(f"{' '.join(command)} did not start")
        time.sleep(0.05)
    return Running(process)


def start_quietly(command: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start a command that ends by itself; its output can be read."""
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@contextmanager
def running(server: Running) -> Iterator[Running]:
    """Stop it at the end of the block."""
    try:
        yield server
    finally:
        server.stop()


def get(url: str, **headers: str) -> bytes:
    """The body of an answer 200, as it was sent (compressed where that was asked for)."""
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
