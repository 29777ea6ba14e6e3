"""A real mail server: what it takes, refuses and defers; and mail never leaves this machine in clear."""

import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from clarion.env import MailTarget
from clarion.gateways import mail
from clarion.gateways.mail import MailDeferred, MailDoubted, MailHostFailed, MailRefused, MailSenderRefused, SmtpMailer
from clarion.outbox.letters import Letter
from tests.program import free_port
from tests.smtp import listen

pytestmark = pytest.mark.faults

LETTER = Letter("amina@example.com", "Hello", "Hello.\n.dot\n", "<p>Hello.</p>", "en", "Water Committee")


class Sink:
    """Keeps what it is handed; answers MAIL and RCPT as told."""

    def __init__(self, offers: str) -> None:
        self.taken: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.offers = offers

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], f"250-{self.offers}", responses[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.answers.get(address):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return "250 taken"


@pytest.fixture(params=["PIPELINING", "DSN"])
def sink(request: pytest.FixtureRequest) -> Sink:
    """A server that takes commands in one go, and one that wants to be waited for."""
    return Sink(request.param)


@pytest.fixture
def controller(sink: Sink) -> Iterator[Controller]:
    controller = listen(sink, free_port())
    yield controller
    controller.stop()


@pytest.fixture
def mailer(controller: Controller) -> Iterator[SmtpMailer]:
    mailer = SmtpMailer(MailTarget("smtp", "127.0.0.1", controller.port), "call.example.org")
    yield mailer
    mailer.close()


def test_letters_go_out_on_one_connection(mailer: SmtpMailer, sink: Sink) -> None:
    for n in range(3):
        mailer.send(LETTER, f"id{n}", "Office <office@example.org>")

    assert [envelope.rcpt_tos for envelope in sink.taken] == [["amina@example.com"]] * 3
    assert sink.taken[0].mail_from == "office@example.org"
    content = sink.taken[0].content
    assert isinstance(content, bytes)
    assert b"\r\n.dot\r\n" in content
    assert b"Message-ID: <id0@call.example.org>" in content


def test_an_address_beyond_ascii_travels_with_smtputf8(mailer: SmtpMailer, sink: Sink) -> None:
    mailer.send(Letter("amīna@bücher.example", "Hello", "x", "x", "en"), "id", "office@example.org")

    assert sink.taken[0].smtp_utf8
    assert sink.taken[0].rcpt_tos == ["amīna@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [("550 5.1.1 no such amina", MailRefused), ("550 no amina", MailDoubted), ("451 later for amina", MailDeferred)],
)
def test_an_answer_decides_and_its_words_are_not_kept(
    mailer: SmtpMailer, sink: Sink, answer: str, failure: type[Exception]
) -> None:
    sink.answers = {"amina@example.com": answer}

    with pytest.raises(failure) as caught:
        mailer.send(LETTER, "id", "office@example.org")
    assert "amina" not in str(caught.value)
    sink.answers = {}
    mailer.send(LETTER, "id", "office@example.org")
    assert len(sink.taken) == 1


def test_a_sender_that_is_not_taken_leaves_the_way_to_others(mailer: SmtpMailer, sink: Sink) -> None:
    sink.answers = {"office@example.org": "553 5.7.1 office@example.org is not yours"}

    with pytest.raises(MailSenderRefused) as caught:
        mailer.send(LETTER, "id", "office@example.org")
    assert "office" not in str(caught.value)
    mailer.send(LETTER, "id", "call@example.org")
    assert len(sink.taken) == 1


def test_a_connection_that_went_stale_is_made_anew(mailer: SmtpMailer, sink: Sink) -> None:
    mailer.send(LETTER, "id1", "office@example.org")
    kept = mailer._smtp
    assert kept is not None
    assert kept.sock is not None
    kept.sock.shutdown(socket.SHUT_RDWR)
    mailer.send(LETTER, "id2", "office@example.org")

    assert len(sink.taken) == 2


def test_a_dead_host_is_said_to_be_one() -> None:
    mailer = SmtpMailer(MailTarget("smtp", "127.0.0.1", 9), "call.example.org")

    with pytest.raises(MailHostFailed, match="mail-unreachable"):
        mailer.send(LETTER, "id", "office@example.org")


def test_without_starttls_nothing_leaves_this_machine(
    controller: Controller, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The one server we have is on loopback: let it be taken for a host elsewhere.
    monkeypatch.setattr(mail, "is_loopback", lambda _: False)
    mailer = SmtpMailer(MailTarget("smtp", "127.0.0.1", controller.port), "call.example.org")

    with pytest.raises(MailHostFailed, match="mail-tls"):
        mailer.send(LETTER, "id", "office@example.org")
    assert sink.taken == []
