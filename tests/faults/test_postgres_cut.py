"""Promise: where PostgreSQL ends its connections again and again, forms get 503 and never 500, and nothing is lost; the
office says 503, too.
"""

import http.client
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.faults.conftest import Note
from tests.faults.crowd import Crowd, wait_to_reach
from tests.faults.short_call import SLUG, door_of, kill_all, start_short_call
from tests.postgres import shared_server
from tests.program import Program, wait_until

pytestmark = pytest.mark.faults


# Prints the cookie of a browser in which an admin has signed in.
SIGN_IN = f"""
from clarion.cli import set_up_django; set_up_django()
from clarion.campaigns.models import Campaign
from tests.make import make_organiser
from tests.office import signed_in
team = Campaign.objects.get(slug="{SLUG}").team
print(signed_in(make_organiser(email="nadia@example.org", team=team), again=True).cookies["session"].value)
"""
PAGES = (
    "",
    "call/",
    "events/",
    "moderation/",
    "signatures/?q=amina",
    "waves/",
    "export/",
    "log/",
    "team/",
    "switches/",
)
NEVER_MIND = "x" * 32  # the cookie against foreign forms; whoever sends it may choose it


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program on a database of its own, whatever the others run on."""
    running = start_short_call(tmp_path_factory.mktemp("cut"), is_on_postgresql=True)
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
    database = database_of(program)
    with Crowd(door_of(program), rate=200 if is_soak else 60, mails=program.mail_folder) as crowd:
        with connections_ended(database, 0.4) as moments:
            time.sleep(120 if is_soak else 8)
            wait_until(lambda: len(moments) > 5, "connections to be ended a few times")
        crowd.leave()
        wait_until(lambda: crowd.has_signed, "everybody to be answered", seconds=90)
        people = len(crowd.books.signed)
        wait_to_reach(people, lambda: crowd.books.confirmed, "people who confirmed")
        wait_to_reach(people, lambda: _total(program), "people who count")
    time.sleep(3)  # whatever would count twice
    assert program.counts(SLUG)["total"] == people
    assert set(crowd.books.refused) <= {503}
    assert crowd.books.without_retry_after == 0
    note(times_ended=len(moments), people=people, refused=crowd.books.refused.get(503, 0))


def database_of(program: Program) -> str:
    """The name of its database."""
    return program.records["CLARION_DATABASE_URL"].partition("?")[0].rpartition("/")[2]


class OfficeVisitor:
    """An admin who opens one page after the other, and sets the notice of the call meanwhile."""

    def __init__(self, program: Program) -> None:
        self._port = program.office_port
        command = [sys.executable, "-c", SIGN_IN]
        done = subprocess.run(command, env=program.environment, check=True, capture_output=True, text=True)
        self._headers = {
            "host": program.office_url.removeprefix("http://"), "origin": program.office_url,
            "cookie": f"session={done.stdout.strip()}; csrf={NEVER_MIND}", "x-csrftoken": NEVER_MIND,
            "content-type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        self.answers: Counter[int] = Counter()
        self.without_retry_after = 0

    def go_round(self) -> set[int]:
        """Look at every page once, and write once; gives what was answered."""
        asked = [("GET", "/"), *(("GET", f"/c/{SLUG}/{page}") for page in PAGES)]
        return {self._ask(*one) for one in [*asked, ("POST", f"/c/{SLUG}/switches/notice/")]}

    def _ask(self, method: str, path: str) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            body = "notice-en=Come+at+noon" if method == "POST" else None
            connection.request(method, path, body, self._headers)
            answer = connection.getresponse()
            answer.read()
        self.answers[answer.status] += 1
        self.without_retry_after += answer.status == 503 and not answer.getheader("retry-after")
        return answer.status


def test_the_office_answers_503_and_never_500_while_connections_are_ended_in_a_loop(
    program: Program, note: Note, is_soak: bool
) -> None:
    visitor = OfficeVisitor(program)
    assert visitor.go_round() <= {200, 302}
    with connections_ended(database_of(program), 0.02) as moments:
        rounds, ends = 0, time.monotonic() + 120
        while rounds < (200 if is_soak else 10) or visitor.answers[503] < 3:
            assert time.monotonic() < ends or is_soak, f"no page was ever cut off: {visitor.answers}"
            visitor.go_round()
            rounds += 1
    assert set(visitor.answers) <= {200, 302, 503}, program.log.read_text()[-3000:]
    assert visitor.without_retry_after == 0
    wait_until(lambda: visitor.go_round() <= {200, 302}, "all pages to be there again")
    note(times_ended=len(moments), answers=dict(visitor.answers))


def _total(program: Program) -> int:
    return int(program.counts(SLUG)["total"])
