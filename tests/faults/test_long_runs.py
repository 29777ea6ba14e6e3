"""Long runs alone (`--soak`): the door at more than a quarter of its rate while it is killed, and memory under load."""

import http.client
import random
import signal
import sqlite3
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.door import HOME
from tests.faults.conftest import Note
from tests.faults.crowd import Crowd, Door
from tests.faults.short_call import SLUG, door_of, kill_all, memory_of, start_short_call
from tests.faults.test_intake_kills import PublicProcess
from tests.program import Program, wait_until

pytestmark = pytest.mark.faults

KILLS = 40
DOOR_RATE = 2_500  # forms a second that people try to send
WANTED_RATE = 1_500  # a quarter of the rate that was measured
PEOPLE_RATE = 100
GETS_RATE = 200
WARM_UP_SECONDS = 120
LOAD_SECONDS = 600


def test_what_the_door_acknowledged_at_a_quarter_of_its_rate_is_there_however_often_it_is_killed(
    tmp_path: Path, note: Note
) -> None:
    public = PublicProcess(tmp_path)
    public.start()
    chance = random.Random(3)
    took = []
    with Crowd(Door(public.port, f"127.0.0.1:{public.port}", f"{HOME}/sign"), rate=DOOR_RATE, hands=64) as crowd:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.5, 3.0))
            public.end(signal.SIGKILL)
            began = time.monotonic()
            public.start()
            took.append(time.monotonic() - began)
        crowd.leave()
        wait_until(lambda: crowd.has_signed, "everybody to be answered")
    public.end(signal.SIGTERM)
    acknowledged = len(crowd.books.signed)
    with closing(sqlite3.connect(public.door.data.inbox)) as inbox:
        (stored,) = inbox.execute("SELECT count(*) FROM rows").fetchone()
    lost = set(crowd.books.signed) - public.stored()
    public.door.close()
    while_it_served = acknowledged / (crowd.seconds - sum(took))
    note(kills=KILLS, acknowledged=acknowledged, stored=stored, lost=len(lost))
    note(a_second_while_it_served=while_it_served, slowest_start=f"{max(took):.1f} s")
    assert lost == set()
    assert while_it_served > WANTED_RATE
    assert max(took) < 5


class Readers:
    """People who read the call's page, at a steady rate."""

    def __init__(self, program: Program, rate: float) -> None:
        self._program = program
        self._rate = rate
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.read = 0

    def _read(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._program.public_port, timeout=20)
        headers = {"host": urlsplit(self._program.public_url).netloc, "accept-encoding": "br"}
        while not self._over.wait(1 / self._rate):
            connection.request("GET", f"/{SLUG}/en/", headers=headers)
            assert connection.getresponse().read()
            self.read += 1
        connection.close()

    def __enter__(self) -> "Readers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    running = start_short_call(tmp_path)
    yield running
    running.stop()
    kill_all(running)


def test_memory_stays_flat_under_ten_minutes_of_mixed_load(program: Program, note: Note) -> None:
    """Signing, mails, confirming, counting, publishing and reading: proportional set size of all processes."""
    with (
        Crowd(door_of(program), rate=PEOPLE_RATE, mails=program.mail_folder) as crowd,
        Readers(program, GETS_RATE) as readers,
    ):
        time.sleep(WARM_UP_SECONDS)
        samples = []
        ends = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < ends:
            samples.append(memory_of(program) / 1e6)
            time.sleep(5)
        crowd.leave()
        wait_until(lambda: crowd.has_signed, "everybody to be answered", seconds=90)
    first, last = statistics.median(samples[:12]), statistics.median(samples[-12:])
    note(people=len(crowd.books.signed), pages_read=readers.read, first_minute=f"{first:.0f} MB",
         last_minute=f"{last:.0f} MB", highest=f"{max(samples):.0f} MB")  # fmt: skip
    assert last < first * 1.1 + 10
