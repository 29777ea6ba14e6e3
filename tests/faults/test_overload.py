"""Promise: where far more forms come than can be taken, who is refused hears 503 and when to come again, some are taken
all the while and none of them is lost, pages are served, memory is bounded, and ten seconds later all is as before.

More people stand at the door than may come in at once, however fast or slow the machine is. `make bench` says at
which rates (docs/performance.md).
"""

import http.client
import sqlite3
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from urllib.parse import urlencode, urlsplit

import pytest

from tests.faults.conftest import Allowed, Note
from tests.faults.crowd import Crowd, wait_to_reach
from tests.faults.short_call import SIGN, SLUG, door_of, kill_all, memory_of_process, parts_of, start_short_call
from tests.program import Program, wait_until

pytestmark = pytest.mark.faults

HANDS = 1_500  # people at the door; 640 may be under way
NORMAL_AFTER_SECONDS = 10.0
MEMORY = 128e6  # bytes by which the public process may grow
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program with a short call, whose mails wait: what overload does at the door is asked here."""
    running = start_short_call(tmp_path, CLARION_MAIL_URL="")
    yield running
    running.stop()
    kill_all(running)


def ask(program: Program, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, float]:
    """Status of one request, and how many seconds it took."""
    headers = FORM | {"host": urlsplit(program.public_url).netloc}
    began = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", program.public_port, timeout=60)) as connection:
        connection.request(method, path, urlencode(fields) if fields else None, headers)
        answer = connection.getresponse()
        answer.read()
    return answer.status, time.monotonic() - began


def read_on(program: Program, over: Event) -> list[tuple[int, float]]:
    """Open the page of the call again and again until it is over."""
    seen = []
    while not over.wait(0.1):
        seen.append(ask(program, "GET", f"/{SLUG}/en/"))
    return seen


def measure_on(pid: int, over: Event) -> int:
    """The most memory that a process took until it is over."""
    most = 0
    while not over.wait(0.2):
        most = max(most, memory_of_process(pid))
    return most


def is_normal(program: Program) -> bool:
    """Whether twenty who sign one after the other are all taken, each at once."""
    forms = [{"name": "Amina", "email": f"after{n}@example.org", "country": "KE"} for n in range(20)]
    took = [ask(program, "POST", SIGN, form) for form in forms]
    return all(status == 303 and seconds < 1 for status, seconds in took)


def test_more_people_than_may_come_in_are_refused_politely_and_soon_all_is_as_before(
    program: Program, note: Note, allowed: Allowed, is_soak: bool
) -> None:
    intake, over = parts_of(program)["intake"], Event()
    before = memory_of_process(intake)
    with (
        ThreadPoolExecutor(2) as watchers,
        Crowd(door_of(program), rate=1e6, hands=HANDS, answer_seconds=allowed(20)) as crowd,
    ):
        reading, measuring = watchers.submit(read_on, program, over), watchers.submit(measure_on, intake, over)
        time.sleep(60 if is_soak else 3)
        wait_until(lambda: crowd.books.refused and crowd.books.signed, "some to be refused, and some to be taken")
        crowd.leave()
        began = time.monotonic()
        wait_until(lambda: crowd.has_signed, "everybody to be answered", seconds=90)
        over.set()
    wait_until(lambda: is_normal(program), "all to be as before", seconds=90)
    again = time.monotonic() - began
    books, seen = crowd.books, reading.result()
    people = len(books.signed)
    note(
        people=people, refused=books.refused.get(503, 0), slowest_refusal=f"{books.slowest_refusal:.2f} s",
        page_meanwhile=f"{statistics.median(seconds for _, seconds in seen) * 1000:.0f} ms",
        grown_by=f"{(measuring.result() - before) / 1e6:.0f} MB", normal_after=f"{again:.1f} s",
    )  # fmt: skip

    assert set(books.refused) == {503}
    assert books.without_retry_after == 0
    assert books.broken == 0
    assert {status for status, _ in seen} == {200}
    assert measuring.result() - before < MEMORY
    assert parts_of(program)["intake"] == intake
    assert again < allowed(NORMAL_AFTER_SECONDS)
    wait_to_reach(people + 20, lambda: signed(program), "forms to be drained")
    assert signed(program) == people + 20


def signed(program: Program) -> int:
    """How many signatures the records hold."""
    with closing(sqlite3.connect(program.data / "records" / "records.sqlite3", timeout=20)) as records:
        return int(records.execute("SELECT count(*) FROM signatures_signature").fetchone()[0])
