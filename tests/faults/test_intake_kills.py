"""Promise: what intake has answered is on disk, however it dies; and what it cannot read it cannot leak."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlencode

import pytest

from clarion.cli.serve import intake_environ
from clarion.intake.confine import landlock_version
from clarion.kernel.files import DataFolder
from tests.door import HOME, SIGN, Door
from tests.faults.conftest import Allowed
from tests.postgres import PostgresServer, make_inbox, new_database
from tests.program import STOPS_WITHIN, free_port, wait_until

pytestmark = pytest.mark.faults
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class PublicProcess:
    """`python -m clarion.intake` on a port of its own, and those who sign there."""

    def __init__(self, root: Path) -> None:
        self.door = Door(root)
        self.port = free_port()
        self.answered: list[str] = []
        self.refused: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.extra: dict[str, str] = {}
        self.log = root / "intake.log"

    def start(self, *before: str) -> "PublicProcess":
        """Start it; comes back when it answers."""
        settings = {
            "CLARION_DATA": str(self.door.data.root),
            "CLARION_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "CLARION_NETWORK_LIMITS": "127.0.0.0/8=1000000/100000",
            **self.extra,
        }
        command = [*before, sys.executable, "-P", "-m", "clarion.intake", "127.0.0.1", str(self.port)]
        environ = intake_environ(os.environ | settings)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environ, stderr=log)
        wait_until(self._is_healthy, "intake to answer")
        return self

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def sign(self, crowd: int, each: int) -> list[threading.Thread]:
        """Let `crowd` threads sign `each` times, until the process is gone."""
        threads = [threading.Thread(target=self._sign_often, args=(person, each)) for person in range(crowd)]
        for thread in threads:
            thread.start()
        return threads

    def _sign_often(self, person: int, each: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for number in range(each):
            address = f"p{person}n{number}@example.org"
            try:
                connection.request("POST", f"{HOME}/sign", urlencode(SIGN | {"email": address}), FORM)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                break
            if answer.status == 303:
                self.answered.append(address)
            else:
                self.refused.append(answer.status)
        connection.close()

    def stored(self) -> set[str]:
        """The addresses in the inbox."""
        return {taken.fields["email"] for taken in self.door.taken()}

    def attempted(self) -> dict[str, str]:
        """What came of it when the process itself tried to open files (`attempt/sitecustomize.py`)."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1)
        said = wait_until(lambda: re.search(r"^attempted: (.*)\n", self.log.read_text(), re.MULTILINE), "its attempts")
        came_of_it: dict[str, str] = json.loads(said[1])
        return came_of_it

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=STOPS_WITHIN)


@pytest.fixture
def public(tmp_path: Path) -> Iterator[PublicProcess]:
    """A public process that is gone after the test."""
    process = PublicProcess(tmp_path)
    yield process
    if process.process is not None and process.process.poll() is None:
        process.end(signal.SIGKILL)
    process.door.close()


def test_nothing_that_was_answered_is_lost_by_kill_9(public: PublicProcess) -> None:
    answered_before = 0
    for _ in range(3):
        public.start()
        threads = public.sign(crowd=16, each=10_000)
        wait_until(lambda seen=answered_before: len(public.answered) > seen + 300, "300 answers")
        public.end(signal.SIGKILL)
        for thread in threads:
            thread.join()
        answered_before = len(public.answered)

    assert set(public.answered) <= public.stored()


def test_sigterm_lets_what_was_taken_reach_the_disk(public: PublicProcess, allowed: Allowed) -> None:
    public.start()
    threads = public.sign(crowd=16, each=10_000)
    wait_until(lambda: len(public.answered) > 300, "300 answers")

    started = time.monotonic()
    assert public.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < allowed(8)
    for thread in threads:
        thread.join()

    assert set(public.answered) <= public.stored()


def test_idle_visitors_do_not_hold_up_the_end(public: PublicProcess, allowed: Allowed) -> None:
    public.start()
    idle = http.client.HTTPConnection("127.0.0.1", public.port, timeout=60)
    idle.request("GET", "/healthz")
    idle.getresponse().read()

    started = time.monotonic()
    assert public.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < allowed(8)
    idle.close()


ATTEMPT = Path(__file__).parent / "attempt"


@pytest.mark.parametrize("place", ["a file", "PostgreSQL"])
def test_from_inside_intake_records_keys_and_the_rest_of_the_machine_cannot_be_opened(
    public: PublicProcess, tmp_path: Path, place: str
) -> None:
    """The running process tries it itself; and none of its threads is left out."""
    assert landlock_version(), "this kernel has no Landlock: the confinement cannot be proven here"
    data = public.door.data
    data.records.write_bytes(b"records")
    data.heartbeat.write_bytes(b"{}")
    data.inbox.touch()
    secret = [data.records, data.heartbeat, *data.keys.iterdir(), Path("/etc/passwd"), Path("/proc/1/environ")]
    beside = [data.root / "x", tmp_path / "x", Path(gettempdir()) / "x", data.site / "x.html", data.policy / "x.json"]
    attempts = [*secret, *beside, data.policy / "policy.json", data.inbox]
    public.extra = {"PYTHONPATH": str(ATTEMPT), "PYTHONATTEMPT": os.pathsep.join(map(str, attempts))}
    if place == "PostgreSQL":
        public.extra["CLARION_INBOX_URL"] = make_inbox(new_database())
    public.start()
    public.sign(crowd=1, each=1)[0].join()
    assert len(public.answered) == 1

    came_of_it = public.attempted()

    assert {came_of_it[f"{way} {path}"] for path in secret for way in ("read", "write")} == {"EACCES"}
    assert {came_of_it[f"write {path}"] for path in beside} == {"EACCES"}
    policy = [came_of_it[f"{way} {data.policy / 'policy.json'}"] for way in ("read", "write")]
    assert policy == ["opened", "EACCES"]
    inbox = {came_of_it[f"{way} {data.inbox}"] for way in ("read", "write")}
    assert inbox == {"opened" if place == "a file" else "EACCES"}
    assert len(secret) >= 9
    assert public.process
    threads = [said for task in Path(f"/proc/{public.process.pid}/task").iterdir() if (said := status_of(task))]
    assert len(threads) > 2
    assert all("NoNewPrivs:\t1" in said for said in threads)  # as Landlock wants it


def test_a_database_on_this_machine_is_found_by_its_name_from_inside(public: PublicProcess) -> None:
    """`localhost` is near, and has to be looked up like any other name."""
    assert landlock_version(), "this kernel has no Landlock: nothing is shut here"
    port = str(free_port())
    server = PostgresServer(settings={"listen_addresses": "localhost", "port": port}).start()
    try:
        make_inbox(server.url("postgres"))
        public.extra = {"CLARION_INBOX_URL": f"postgresql://postgres@localhost:{port}/postgres"}
        public.start()
        public.sign(crowd=1, each=1)[0].join()
        assert (len(public.answered), public.refused) == (1, [])
    finally:
        server.remove()


def status_of(task: Path) -> str:
    """What the system says of a thread; nothing where it has just ended."""
    try:
        return (task / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_intake_does_not_start_on_settings_it_cannot_read(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "clarion.intake", "127.0.0.1", str(free_port())],
        env=intake_environ(os.environ) | {"CLARION_DATA": str(tmp_path), "CLARION_PUBLIC_URL": "call.example.org"},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip

    assert done.returncode == 2
    assert "CLARION_PUBLIC_URL" in done.stderr
    assert DataFolder(tmp_path).inbox.exists() is False
