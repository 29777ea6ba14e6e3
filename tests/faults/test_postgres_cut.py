"""Promise: where PostgreSQL ends its connections again and again, forms get 503 and never 500, and nothing is lost."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import Note
from tests.faults.crowd import Crowd, wait_to_reach
from tests.faults.short_call import SLUG, WIDE, door_of, kill_all, write_short_call
from tests.postgres import new_database, shared_server
from tests.program import Program, wait_until

pytestmark = pytest.mark.faults


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program on a database of its own, whatever the others run on."""
    running = Program(tmp_path / "run", extra=WIDE, records={"CLARION_DATABASE_URL": new_database()})
    running.folder.mkdir()
    running.launch(write_short_call(tmp_path / "call"))
    running.start()
    yield running
    running.stop()
    kill_all(running)


@contextmanager
def connections_ended(database: str, every_seconds: float) -> Iterator[list[float]]:
    """End every connection to a database in a loop, from another thread; gives when."""
    over = threading.Event()
    moments: list[float] = []

    def end_them() -> None:
        while not over.wait(every_seconds):
            shared_server().end_connections(database)
            moments.append(time.monotonic())

    thread = threading.Thread(target=end_them)
    thread.start()
    try:
        yield moments
    finally:
        over.set()
        thread.join()


def test_connections_that_are_ended_in_a_loop_cost_no_form_and_answer_503_never_500(
    program: Program, note: Note, is_soak: bool
) -> None:
    database = program.records["CLARION_DATABASE_URL"].partition("?")[0].rpartition("/")[2]
    with Crowd(door_of(program), rate=200 if is_soak else 60, mails=program.mail_folder) as crowd:
        with connections_ended(database, 0.4) as moments:
            time.sleep(120 if is_soak else 8)
        crowd.leave()
        wait_until(lambda: crowd.has_signed, "everybody to be answered", seconds=90)
        people = len(crowd.books.signed)
        wait_to_reach(people, lambda: crowd.books.confirmed, "people who confirmed")
        wait_to_reach(people, lambda: _total(program), "people who count")
    time.sleep(3)  # whatever would count twice
    assert program.counts(SLUG)["total"] == people
    assert set(crowd.books.refused) <= {503}
    assert crowd.books.without_retry_after == 0
    assert len(moments) > 5
    note(times_ended=len(moments), people=people, refused=crowd.books.refused.get(503, 0))


def _total(program: Program) -> int:
    return int(program.counts(SLUG)["total"])
