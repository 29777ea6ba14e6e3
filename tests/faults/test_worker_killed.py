"""No accepted form is lost and none counts twice, however often the worker is killed in the middle."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from clarion.inbox.reader import InboxReader
from clarion.inbox.writer import InboxWriter
from clarion.kernel.clock import utc_now
from clarion.kernel.files import DataFolder
from clarion.kernel.ids import new_id
from clarion.kernel.keys import read_key_ring
from clarion.kernel.links import link_public_key, read_link
from clarion.kernel.sealing import BatchSealer, sealing_public_key
from clarion.kernel.submissions import Submission

pytestmark = pytest.mark.faults

PEOPLE = 1000
PATIENCE_SECONDS = 90
SET_UP = """
from clarion.cli import set_up_django; set_up_django()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.make import make_campaign
make_campaign()
"""


class Machine:
    """A data folder of its own, with the environment of its worker."""

    def __init__(self, root: Path) -> None:
        self.data = DataFolder(root / "data")
        self.mails = root / "mails"
        self.env = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "clarion.settings",
            "CLARION_DATA": str(self.data.root),
            "CLARION_MAIL_URL": f"file://{self.mails}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        subprocess.run([sys.executable, "-c", SET_UP], env=self.env, check=True, timeout=120)

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A running worker; killed at the end, if it still lives."""
        process = subprocess.Popen([sys.executable, "-m", "clarion", "worker"], env=self.env, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate(timeout=20)

    def put(self, submissions: list[Submission]) -> None:
        """What intake does: seal and append, in batches."""
        key = read_key_ring(self.data.keys, "inbox").current
        with closing(InboxWriter(self.data.inbox)) as writer:
            for start in range(0, len(submissions), 50):
                sealer = BatchSealer(key.number, sealing_public_key(key))
                batch = [(one.id, sealer.seal(one.to_bytes())) for one in submissions[start : start + 50]]
                writer.append(batch, sealer.key_number, sealer.sealed_key)

    def waiting(self) -> int:
        """How many rows lie in the inbox."""
        with closing(InboxReader(self.data.inbox)) as reader:
            return reader.waiting()

    def ask(self, question: str) -> int:
        """A number from the records."""
        with closing(sqlite3.connect(self.data.records, timeout=20)) as records:
            answer: int = records.execute(question).fetchone()[0] or 0
            return answer

    def confirmations(self) -> list[Submission]:
        """One press for each mail, on the link that it carries."""
        key = read_key_ring(self.data.keys, "link").current
        public = {key.number: link_public_key(key)}
        found = []
        for path in self.mails.glob("*.eml"):
            body = message_from_bytes(path.read_bytes(), policy=policy.SMTP).get_body(("plain",))
            assert body is not None
            token = re.search(r"/confirm/([\w-]+)", body.get_content())
            assert token
            link = read_link(public, token[1])
            at = utc_now().timestamp()
            found.append(
                Submission(new_id(), "confirm", "clean-water", "en", at, {"answer": "yes"}, link, token=token[1])
            )
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "the worker did not get there in time"
        time.sleep(0.05)


def kill_in_the_middle(machine: Machine, left: Callable[[], int], done: int = 0) -> None:
    """Kill the worker with SIGKILL each time that some of what is left was done, then let it finish."""
    for _ in range(3):
        with machine.worker() as process:
            before = left()
            wait_for(lambda: left() < before or left() <= done)  # noqa: B023 - called in this round only
            process.send_signal(signal.SIGKILL)
    with machine.worker():
        wait_for(lambda: left() <= done)


def sign_form(n: int) -> Submission:
    said = {"name": f"Signer {n}", "email": f"signer{n}@example.com", "country": "KE"}
    return Submission(new_id(), "sign", "clean-water", "en", utc_now().timestamp(), said)


def test_a_killed_worker_loses_nothing_and_counts_nobody_twice(machine: Machine) -> None:
    machine.put([sign_form(n) for n in range(PEOPLE)])
    kill_in_the_middle(machine, machine.waiting)
    with machine.worker():
        wait_for(lambda: machine.ask("SELECT count(*) FROM outbox_mail") == 0)
    assert machine.ask("SELECT count(*) FROM signatures_signature") == PEOPLE

    presses = machine.confirmations()
    assert len(presses) == PEOPLE
    machine.put(presses)
    machine.put(presses[: PEOPLE // 2])  # a retry, with the same ids
    kill_in_the_middle(machine, machine.waiting)

    assert machine.ask("SELECT count(*) FROM signatures_signature WHERE state = 'confirmed'") == PEOPLE
    assert machine.ask("SELECT sum(count) FROM signatures_tally") == PEOPLE


def test_a_worker_that_is_told_to_stop_ends_in_time_and_leaves_no_mail_half_written(machine: Machine) -> None:
    machine.put([sign_form(n) for n in range(PEOPLE)])
    with machine.worker() as process:
        wait_for(lambda: machine.waiting() < PEOPLE)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=8) == 0
        assert time.monotonic() - started < 8

    assert not list(machine.mails.glob(".*.tmp"))
    assert machine.ask("SELECT count(*) FROM signatures_signature") + machine.waiting() == PEOPLE


def test_the_log_of_the_worker_holds_no_word_of_a_person(machine: Machine) -> None:
    machine.put([sign_form(1)])
    process = subprocess.Popen([sys.executable, "-m", "clarion", "worker"], env=machine.env, stderr=subprocess.PIPE)
    wait_for(lambda: machine.data.heartbeat.exists() and machine.waiting() == 0)
    process.terminate()
    _, log = process.communicate(timeout=10)

    assert b"the worker has stopped" in log
    assert b"igner" not in log + machine.data.heartbeat.read_bytes()
