"""What comes over the wire from slow, broken and hostile clients: the real process, spoken to byte by byte."""

import socket
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from clarion.kernel.forms import MAX_BODY_BYTES
from tests.door import HOSTING, SIGN
from tests.program import wait_until
from tests.wire import Wire, open_wire

BODY = urlencode(SIGN).encode()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A public process with one open campaign."""
    with open_wire(tmp_path_factory.mktemp("wire")) as opened:
        yield opened


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """The same with little patience, to see it end."""
    with open_wire(tmp_path_factory.mktemp("hasty"), is_hasty=True) as opened:
        yield opened


def test_a_form_in_one_piece_or_in_many_is_taken(wire: Wire) -> None:
    head = wire.sign + b"Content-Length: %d\r\n\r\n" % len(BODY)

    assert wire.status(head + BODY) == 303
    assert wire.status(head, BODY[:7], BODY[7:30], BODY[30:]) == 303


@pytest.mark.parametrize(
    ("language", "page"),
    [("en", b"/check-your-mail/"), ("de", b"/check-your-mail/"), ("ady", b"/check-your-mail/"), ("xx", b"/refused/")],
)
def test_languages_are_known_to_a_process_that_may_read_hardly_any_file(wire: Wire, language: str, page: bytes) -> None:
    body = urlencode(HOSTING | {"language": language}).encode()
    head = wire.sign.replace(b"/sign ", b"/host ") + b"Content-Length: %d\r\n\r\n" % len(body)

    said = wire.answers(head + body)

    assert said.startswith(b"HTTP/1.1 303")
    assert page in said


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n" % len(BODY),
        b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n" % len(BODY),
        b"Content-Length: %d\r\nContent-Length: 3\r\n\r\n" % len(BODY),
        b"Content-Length: 60, 60\r\n\r\n",
        b"Content-Length: +60\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 0x10\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n",
        b"X-Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        b"X-Nul: a\0b\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\nzz\r\n" % (len(BODY), BODY),
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ],
)
def test_a_form_whose_end_can_be_read_in_two_ways_is_refused_and_nothing_after_it_is_answered(
    wire: Wire, head: bytes
) -> None:
    before = len(wire.door.taken())

    assert wire.status(wire.sign + head + BODY) == 400
    assert len(wire.door.taken()) == before


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n{host}\r\n", 421),
        (b"GET / HTTP/1.1\r\n{host}Host: evil.example\r\n\r\n", 421),
        (b"GET http://evil.example/ HTTP/1.1\r\n{host}\r\n", 421),
        (b"GET / HTTP/1.1\nHost: evil.example\n\n", 421),
        (b"CONNECT evil.example:443 HTTP/1.1\r\n{host}\r\n", 421),
        (b"OPTIONS * HTTP/1.1\r\n{host}\r\n", 405),
        (b"DELETE /clean-water/en/ HTTP/1.1\r\n{host}\r\n", 405),
        (b"G\0T / HTTP/1.1\r\n{host}\r\n", 400),
        (b"GET /\xff\xfe HTTP/1.1\r\n{host}\r\n", 400),
        (b"GET /%ff%00/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n{host}\r\n", 404),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n{host}" + b"X: a\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n{host}X: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n{host}\r\n", 414),
    ],
)
def test_what_is_no_request_of_ours_has_a_clear_end(wire: Wire, request_: bytes, status: int) -> None:
    assert wire.status(request_.replace(b"{host}", wire.host)) == status
    assert wire.is_well()


def test_a_form_must_say_how_long_it_is(wire: Wire) -> None:
    """Of a chunked one the server does not tell the end from its breaking off; no browser sends one."""
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

    assert wire.status(wire.sign + b"Transfer-Encoding: chunked\r\n\r\n" + chunk) == 400


def test_a_body_too_long_is_refused_before_it_is_read(wire: Wire) -> None:
    assert wire.status(wire.sign + b"Content-Length: 1000000000\r\n\r\nname=") == 413
    assert wire.status(wire.sign + b"Content-Length: %d\r\n\r\nname=" % (MAX_BODY_BYTES + 1)) == 413


def test_a_form_that_breaks_off_is_not_taken(wire: Wire) -> None:
    before = len(wire.door.taken())
    head = wire.sign + b"Content-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", wire.port)) as line:
        line.sendall(head % (len(BODY) + 1) + BODY)
    assert wire.status(head % len(BODY) + BODY) == 303  # who comes later is done with later

    assert len(wire.door.taken()) == before + 1
    assert "error" not in wire.log.read_text()


def test_a_head_that_trickles_and_a_line_that_is_silent_are_closed(hasty: Wire) -> None:
    assert hasty.said(b"GET / HTTP/1.1\r\n") == b""
    assert hasty.said(b"") == b""
    assert hasty.said(b"GET /healthz HTTP/1.1\r\n" + hasty.host + b"\r\n").endswith(b'{"ok":true}')


def test_a_body_that_trickles_is_given_up(hasty: Wire) -> None:
    head = hasty.sign + b"Content-Length: %d\r\n\r\n" % len(BODY)
    answer = hasty.said(head, *[b"n"] * 5, pause=0.1)

    assert answer.count(b"HTTP/1.") == 1
    assert answer[9:12] == b"400"


def test_a_thousand_bodies_that_trickle_keep_nobody_from_signing(wire: Wire) -> None:
    head = wire.sign + b"Content-Length: %d\r\n\r\n" % len(BODY)
    lines = [socket.create_connection(("127.0.0.1", wire.port)) for _ in range(1_000)]
    for line in lines:
        line.sendall(head)

    for _ in range(3):  # at once, or once the trickle was told from those who send a form
        wait_until(lambda: wire.status(head + BODY) == 303, "a form to be taken", seconds=15)
    for line in lines:
        line.close()


def test_who_does_not_read_the_answer_holds_up_nobody(wire: Wire) -> None:
    lines = []
    for _ in range(50):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.connect(("127.0.0.1", wire.port))
        line.sendall((b"GET /clean-water/en/ HTTP/1.1\r\n" + wire.host + b"\r\n") * 20)
        lines.append(line)

    assert wire.is_well()
    assert wire.rss_bytes() < 200e6
    for line in lines:
        line.close()


def test_thousands_of_idle_connections_cost_little_and_keep_nobody_out(wire: Wire) -> None:
    before = wire.rss_bytes()
    lines = [socket.create_connection(("127.0.0.1", wire.port)) for _ in range(3_000)]
    grown = wire.rss_bytes() - before

    assert wire.is_well()
    assert grown / len(lines) < 20_000
    for line in lines:
        line.close()


def test_nothing_of_all_that_is_in_the_log(wire: Wire) -> None:
    wire.answers(wire.sign + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)

    logged = wire.log.read_text()
    assert not any(word in logged for word in ("ada@example.org", "Lovelace", "127.0.0.1", "evil.example"))
