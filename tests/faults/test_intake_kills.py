"""Promise: what intake has answered is on disk, however it dies; and what it cannot read it cannot leak."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from clarion.cli.serve import intake_environ
from clarion.intake.confine import landlock_version
from clarion.kernel.files import DataFolder
from tests.door import HOME, SIGN, Door
from tests.program import free_port, wait_until

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

    def start(self, *before: str) -> "PublicProcess":
        """Start it; comes back when it answers."""
        settings = {
            "CLARION_DATA": str(self.door.data.root),
            "CLARION_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "CLARION_NETWORK_LIMITS": "127.0.0.0/8=1000000/100000",
        }
        command = [*before, sys.executable, "-P", "-m", "clarion.intake", "127.0.0.1", str(self.port)]
        self.process = subprocess.Popen(command, env=intake_environ(os.environ) | settings)
        wait_until(self._is_healthy, "intake to answer")
        return self

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
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
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
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

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=10)


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
            thread.join(timeout=10)
        answered_before = len(public.answered)

    assert set(public.answered) <= public.stored()


def test_sigterm_lets_what_was_taken_reach_the_disk(public: PublicProcess) -> None:
    public.start()
    threads = public.sign(crowd=16, each=10_000)
    wait_until(lambda: len(public.answered) > 300, "300 answers")

    started = time.monotonic()
    assert public.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < 8
    for thread in threads:
        thread.join(timeout=10)

    assert set(public.answered) <= public.stored()


def test_idle_visitors_do_not_hold_up_the_end(public: PublicProcess) -> None:
    public.start()
    idle = http.client.HTTPConnection("127.0.0.1", public.port, timeout=10)
    idle.request("GET", "/healthz")
    idle.getresponse().read()

    started = time.monotonic()
    assert public.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < 8
    idle.close()


_ESCAPE = """
import sys
from pathlib import Path
from clarion.inbox.writer import InboxWriter
from clarion.intake.confine import confine
from clarion.kernel.files import DataFolder
from clarion.kernel.ids import new_id

data = DataFolder(Path(sys.argv[1]))
assert confine(data)
open_now = []
for path in map(Path, sys.argv[2:]):
    try:
        path.open("rb").close()
        open_now.append(str(path))
    except PermissionError:
        pass
for path in (data.site / "new.html", data.policy / "policy.json", data.root / "x", Path("/tmp/x")):
    try:
        path.open("ab").close()
        open_now.append(str(path))
    except PermissionError:
        pass
writer = InboxWriter(data.inbox)
writer.append([(new_id(), b"row")], 1, b"key")
writer.close()
(data.policy / "policy.json").read_text()
print(" ".join(open_now))
"""


def test_from_inside_intake_records_keys_and_the_rest_of_the_machine_cannot_be_opened(tmp_path: Path) -> None:
    assert landlock_version(), "this kernel has no Landlock: the confinement cannot be proven here"
    door = Door(tmp_path / "data")
    door.data.records.write_bytes(b"records")
    door.data.heartbeat.write_bytes(b"{}")
    forbidden = [door.data.records, door.data.heartbeat, *door.data.keys.iterdir(), "/etc/passwd", "/proc/1/environ"]

    done = subprocess.run(
        [sys.executable, "-P", "-c", _ESCAPE, str(door.data.root), *map(str, forbidden)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
    assert len(forbidden) >= 9
    door.close()


def test_intake_does_not_start_on_settings_it_cannot_read(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "clarion.intake", "127.0.0.1", str(free_port())],
        env=intake_environ(os.environ) | {"CLARION_DATA": str(tmp_path), "CLARION_PUBLIC_URL": "call.example.org"},
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip

    assert done.returncode == 2
    assert "CLARION_PUBLIC_URL" in done.stderr
    assert DataFolder(tmp_path).inbox.exists() is False
