"""Promise: whatever a mail server does for an hour, 0 mails are lost, at most one batch of 50 goes out twice for each
death of the worker (with its unchanged Message-ID), other domains are unharmed, and retries are spread.

A real worker, a real SMTP server that misbehaves as told, and a clock that the tests step: an hour passes in seconds.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.faults.conftest import Note
from tests.faults.stepping import SteppedClock
from tests.faults.worker_alone import Machine, sign_form, wait_for
from tests.program import free_port
from tests.smtp import listen

pytestmark = pytest.mark.faults

PEOPLE = 60
BATCH = 50
MINUTE = timedelta(minutes=1)


class Sink:
    """An SMTP server on one port, which may be down, and does to each address what `answer`, `delay`, `drops` say."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[tuple[str, str]] = []  # address, Message-ID
        self.tried: list[str] = []
        self._controller: Controller | None = None
        self.behave()

    def behave(self) -> None:
        """Take everything, at once."""
        self.answer: Callable[[str], str] = lambda address: ""
        self.delay: Callable[[str], float] = lambda address: 0.0
        self.drops: Callable[[str], bool] = lambda address: False

    def start(self) -> None:
        """Listen."""
        self._controller = listen(self, self.port)

    def stop(self) -> None:
        """Be gone: connections are refused."""
        if self._controller is not None:
            self._controller.stop()
        self._controller = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Delay, refuse or take one address."""
        self.tried.append(address)
        await asyncio.sleep(self.delay(address))
        if refusal := self.answer(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail; perhaps hang up instead of saying so."""
        assert isinstance(envelope.content, bytes)
        self.taken.append((envelope.rcpt_tos[0], str(message_from_bytes(envelope.content)["Message-ID"])))
        if self.drops(envelope.rcpt_tos[0]):
            assert server.transport is not None
            server.transport.abort()
        return "250 taken"

    def copies(self, addresses: list[str]) -> Counter[tuple[str, str]]:
        """How often each mail to one of these people was taken."""
        wanted = set(addresses)
        return Counter(mail for mail in list(self.taken) if mail[0] in wanted)

    def has_all(self, addresses: list[str]) -> bool:
        """Whether each of them has a mail."""
        return {address for address, _ in list(self.taken)} >= set(addresses)


class PostOffice:
    """A worker, its clock and its mail server."""

    def __init__(self, folder: Path) -> None:
        self.sink = Sink()
        self.clock = SteppedClock(folder)
        self.machine = Machine(folder, CLARION_MAIL_URL=f"smtp://127.0.0.1:{self.sink.port}", **self.clock.settings)
        self._people = 0
        self._running = ExitStack()

    def start_worker(self) -> None:
        """Let the worker work."""
        self._running = ExitStack()
        self._running.enter_context(self.machine.worker())

    def kill_worker(self) -> None:
        """Kill it with `kill -9`."""
        self._running.close()

    def sign(self, people: int, domain: str = "example.org") -> list[str]:
        """So many sign; gives their addresses."""
        numbers = range(self._people, self._people + people)
        self._people += people
        addresses = [f"signer{n}@{domain}" for n in numbers]
        self.machine.put([sign_form(n, address) for n, address in zip(numbers, addresses, strict=True)])
        return addresses

    def let_pass(self, span: timedelta, *, steps: int) -> None:
        """Let time pass in steps, each long enough for the worker to look."""
        for _ in range(steps):
            self.clock.step(span / steps)
            time.sleep(0.3)

    def waiting(self) -> int:
        """How many mails the records promise."""
        return self.machine.ask("SELECT count(*) FROM outbox_mail")

    def wait_for_all(self, addresses: list[str]) -> None:
        """Let time pass until each of them has a mail."""

        def passed() -> bool:
            self.clock.step(5 * MINUTE)
            time.sleep(0.2)
            return self.sink.has_all(addresses)

        wait_for(passed)


@pytest.fixture(scope="module")
def open_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostOffice]:
    """One post office for all tests here; each has people and domains of its own."""
    office = PostOffice(tmp_path_factory.mktemp("mail"))
    office.start_worker()
    yield office
    office.kill_worker()
    office.sink.stop()


@pytest.fixture
def office(open_office: PostOffice) -> Iterator[PostOffice]:
    """The post office with its worker running, and a server that behaves until told otherwise."""
    open_office.sink.behave()
    open_office.sink.start()
    yield open_office
    open_office.sink.stop()


def test_no_mail_is_lost_while_the_server_is_down_for_an_hour(office: PostOffice, note: Note) -> None:
    office.sink.stop()
    people = office.sign(PEOPLE, "down.example")
    wait_for(lambda: office.waiting() == PEOPLE)
    office.let_pass(60 * MINUTE, steps=6)
    assert office.waiting() == PEOPLE

    office.sink.start()
    wait_for(lambda: office.sink.has_all(people))
    copies = office.sink.copies(people)
    assert (len(copies), max(copies.values())) == (PEOPLE, 1)
    note(mails=PEOPLE, doubled=0)


REFUSALS = ("550 relaying denied", "451 4.3.0 later", "554 5.7.1 not from you")


def test_no_mail_is_lost_while_the_server_refuses_everything_for_an_hour(office: PostOffice, is_soak: bool) -> None:
    """Whether it says that it may pass or not; in long runs with other words too."""
    for refusal in REFUSALS if is_soak else REFUSALS[:1]:
        office.sink.answer = lambda address, refusal=refusal: refusal  # type: ignore[misc]
        people = office.sign(30, f"refused{refusal[:3]}.example")
        wait_for(lambda people=people: set(office.sink.tried) >= set(people))
        office.let_pass(60 * MINUTE, steps=6)

        office.sink.behave()
        office.wait_for_all(people)
        copies = office.sink.copies(people)
        assert (len(copies), max(copies.values())) == (30, 1)


def test_an_address_that_does_not_exist_is_believed_not_to_exist(office: PostOffice) -> None:
    office.sink.answer = lambda address: "550 5.1.1 unknown"
    people = office.sign(5, "unknown.example")
    wait_for(lambda: set(office.sink.tried) >= set(people))

    wait_for(lambda: office.waiting() == 0)
    assert Counter(address for address in office.sink.tried if address in people) == dict.fromkeys(people, 1)


def test_a_server_that_hangs_up_after_the_data_loses_nothing_and_doubles_few(office: PostOffice, note: Note) -> None:
    """It had the mail and never said so: that one may come twice, with the Message-ID it had."""
    hung_up: set[str] = set()

    def drops(address: str) -> bool:
        is_unlucky = int(address.removeprefix("signer").partition("@")[0]) % 10 == 3 and address not in hung_up
        hung_up.add(address)
        return is_unlucky

    office.sink.drops = drops
    people = office.sign(PEOPLE, "hang.example") + office.sign(PEOPLE, "up.example")
    office.wait_for_all(people)
    wait_for(lambda: office.waiting() == 0)

    copies = office.sink.copies(people)
    assert len({address for address, _ in copies}) == len(copies) == 2 * PEOPLE  # one Message-ID for each
    doubled = sum(count > 1 for count in copies.values())
    assert doubled <= 12 <= BATCH
    assert max(copies.values()) <= 2
    note(mails=len(people), doubled=doubled)


def test_a_tarpit_for_one_domain_holds_up_no_other(office: PostOffice, note: Note) -> None:
    """Forty mails of a slow domain, at one and a half seconds each, came first; the others do not wait a minute."""
    office.sink.delay = lambda address: 1.5 if address.endswith("@tarpit.example") else 0.0
    first = office.sign(5, "quick.example")  # the first one waits for the connection, too
    wait_for(lambda: office.sink.has_all(first))
    slow = office.sign(40, "tarpit.example")
    good = office.sign(PEOPLE, "quick.example")

    wait_for(lambda: office.sink.has_all(good))
    assert len(office.sink.copies(slow)) <= 8  # ten times the time that it took lies between two of them
    note(slow_mails_meanwhile=len(office.sink.copies(slow)))
    office.sink.behave()
    office.wait_for_all(slow)


def test_a_domain_that_defers_everything_harms_no_other_and_its_retries_are_spread(office: PostOffice) -> None:
    office.sink.answer = lambda address: "451 4.7.1 greylisted" if address.endswith("@grey.example") else ""
    bad = office.sign(60, "grey.example")
    good = office.sign(PEOPLE, "white.example")
    wait_for(lambda: office.sink.has_all(good))
    wait_for(lambda: set(office.sink.tried) >= set(bad))
    wait_for(lambda: office.machine.ask("SELECT min(attempts) FROM outbox_mail") >= 1)

    due = [at for (at,) in office.machine.rows("SELECT due_at FROM outbox_mail")]
    assert len(set(due)) > len(due) * 0.9  # jitter: a crowd does not come back at once
    office.sink.behave()
    office.wait_for_all(bad)
    assert max(office.sink.copies(bad + good).values()) == 1


def test_a_worker_that_is_killed_while_it_mails_doubles_at_most_a_batch_each_time(
    office: PostOffice, note: Note, is_soak: bool
) -> None:
    kills, people = (20, 4000) if is_soak else (3, 300)
    office.sink.delay = lambda address: 0.005
    addresses = office.sign(people, "killed.example")
    for _ in range(kills):
        before = len(office.sink.taken)
        wait_for(lambda before=before: len(office.sink.taken) > before + 20 or office.sink.has_all(addresses))
        office.kill_worker()
        office.start_worker()
    wait_for(lambda: office.sink.has_all(addresses))
    wait_for(lambda: office.waiting() == 0)

    copies = office.sink.copies(addresses)
    assert len(copies) == people  # one Message-ID for each
    doubled = sum(copies.values()) - people
    assert doubled <= kills * BATCH
    note(kills=kills, mails=people, doubled=doubled)


def test_a_domain_at_which_the_server_always_hangs_up_harms_no_other(office: PostOffice) -> None:
    """The last one here: for minutes nothing more is tried there, and nothing is lost."""
    office.sink.drops = lambda address: address.endswith("@poison.example")
    bad = office.sign(40, "poison.example")
    good = office.sign(PEOPLE, "unharmed.example")

    wait_for(lambda: office.sink.has_all(good))
    assert max(office.sink.copies(good).values()) == 1
    assert len(office.sink.copies(bad)) < 10  # the others rest, untried
    wait_for(lambda: office.waiting() == 40)
