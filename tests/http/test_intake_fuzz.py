"""Malformed requests against every public route: no 500, nobody's words in the log, no memory that stays."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clarion.kernel.forms import FORMS
from clarion.kernel.links import LinkKind
from tests.door import EVENT, HOME, HOSTING, SIGN
from tests.program import STOPS_WITHIN, wait_until
from tests.wire import Wire, open_wire

MARK = "zq7secret"  # stands in everything that is sent
EVERYDAY, SOAK = 1_000, 12_000
HARMLESS = {200, 301, 302, 303, 304, 400, 403, 404, 405, 413, 414, 421, 429, 431, 503}
HOSTILE = [
    "", " ", "\0", "%", "%00", "%ff", "%zz", "+", "&", "=", ";", "..", "../", "\u202e", "\ud800", "é", "日本", "🙂",
    "'", '"', "<script>", "{{7*7}}", "${x}", "=cmd|' /C calc'!A0", "\r\n", "\n", "\t", "-1", "0", "9" * 40, "NaN",
    "null", "A" * 5_000, "a@b", "a@b.c" * 100, "@", "x@xn--", "ZZ", "٣", "²", "2026-02-30", "25:61",
    f"{MARK}@example.org",
]  # fmt: skip


def encoded(text: str) -> bytes:
    """As bytes, whatever stands in it."""
    return text.encode("utf-8", "surrogatepass")


text = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)).map(lambda some: some + MARK)
raw = st.one_of(text.map(encoded), st.binary(max_size=60))
no_line_end = raw.map(lambda some: some.replace(b"\r", b"").replace(b"\n", b""))
escaped = no_line_end.map(
    lambda some: b"".join(b"%%%02X" % byte if byte < 33 or byte > 126 else b"%c" % byte for byte in some)
)
field_names = sorted({field.name for form in FORMS.values() for field in form.fields})


@st.composite
def targets(draw: st.DrawFn, tokens: list[str]) -> bytes:
    """An address: of a public route, of one with a part exchanged, or of nothing."""
    token = draw(st.sampled_from(tokens))
    home = HOME.strip("/").split("/")
    known = [
        [], ["clean-water"], home, [*home, "sign"], [*home, "host"], [*home, "my-data"], [*home, "confirm", token],
        [*home, "withdraw", token], [*home, "unsubscribe", token], [*home, "events", EVENT, "manage", token],
        [*home, "events", EVENT, "report"], [*home, "events", EVENT], ["-", "cities", "ke.json"], ["healthz"],
        [*home, "refused", "sign", "name-missing"], ["clean-water", "counts.json"], [".well-known", "security.txt"],
    ]  # fmt: skip
    parts = [part.encode() for part in draw(st.sampled_from(known))]
    if parts and draw(st.integers(0, 3)) == 0:
        parts[draw(st.integers(0, len(parts) - 1))] = draw(st.one_of(escaped, no_line_end))
    query = draw(st.one_of(st.just(b""), escaped.map(lambda some: b"?" + some)))
    return b"/" + b"/".join(parts) + draw(st.sampled_from([b"", b"/", b"//"])) + query


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A form with some fields exchanged, dropped or doubled; or any bytes."""
    if draw(st.integers(0, 5)) == 0:
        return draw(raw)
    fields = draw(st.sampled_from([SIGN, HOSTING, {"answer": "yes"}, {"do": "change"}, {"reason": "spam"}]))
    pairs = [(name.encode(), value.replace(" ", "+").encode()) for name, value in fields.items()]
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(field_names)).encode()
        pairs.insert(draw(st.integers(0, len(pairs))), (name, draw(st.one_of(escaped, raw))))
    return b"&".join(b"%b=%b" % pair for pair in pairs)


@st.composite
def requests(draw: st.DrawFn, host: bytes, tokens: list[str]) -> tuple[bytes, bool]:
    """A request's bytes, and whether an answer can be waited for."""
    method = draw(st.sampled_from([b"POST"] * 5 + [b"GET"] * 3 + [b"HEAD", b"PUT", b"OPTIONS", b"get", b"\xff"]))
    body = draw(bodies()) if method == b"POST" else b""
    lines = [b"%b %b HTTP/1.1" % (method, draw(targets(tokens))), host.rstrip()]
    lines.append(b"Content-Type: application/x-www-form-urlencoded" if draw(st.integers(0, 9)) else b"Content-Type: x")
    names = [b"Origin", b"Sec-Fetch-Site", b"Accept-Language", b"Accept-Encoding", b"If-None-Match", b"Cookie", b"Host",
             b"X-Forwarded-For", b"Expect", b"Connection", b"Range", b"Transfer-Encoding", b"Upgrade"]  # fmt: skip
    for _ in range(draw(st.integers(0, 3))):
        lines.append(b"%b: %b" % (draw(st.sampled_from(names)), draw(no_line_end)))
    lie = draw(st.sampled_from([0] * 8 + [-1, 7]))
    lines.append(b"Content-Length: %d" % max(0, len(body) + lie))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body, lie == 0 and method != b"HEAD"


def status_of(wire: Wire, request: bytes, *, is_answered: bool) -> int | None:
    """The status that comes back, if any does."""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as line:
        try:
            line.sendall(request)
            head = line.recv(65_536) if is_answered else b""
        except OSError:
            return None
    return int(head[9:12]) if head.startswith(b"HTTP/1.") else None


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A public process with one open campaign, and little patience for what never ends."""
    with open_wire(tmp_path_factory.mktemp("fuzzed"), is_hasty=True) as opened:
        yield opened


def test_no_request_whatever_breaks_the_public_process(wire: Wire, is_soak: bool) -> None:
    kinds = (LinkKind.CONFIRM, LinkKind.CONFIRM_EVENT, LinkKind.WITHDRAW, LinkKind.MANAGE)
    tokens = [wire.door.token(kind, record=EVENT) for kind in kinds]
    tokens += [tokens[0][:-3] + "AAA", tokens[0][:10], MARK, "A" * 300]
    seen: dict[int | None, int] = {}
    before = wire.rss_bytes()

    @settings(
        max_examples=SOAK if is_soak else EVERYDAY, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(requests(wire.host, tokens))
    def ask(request: tuple[bytes, bool]) -> None:
        status = status_of(wire, request[0], is_answered=request[1])
        assert status is None or status in HARMLESS, request
        seen[status] = seen.get(status, 0) + 1

    ask()

    wait_until(wire.is_well, "it to answer")
    assert len(seen) > 4, seen  # it came further than the first check
    assert wire.rss_bytes() - before < 64e6
    logged = wire.log.read_text()
    assert '"error"' not in logged
    assert MARK not in logged


def test_what_the_fuzzer_sent_is_read_by_the_worker_or_was_never_taken(wire: Wire) -> None:
    """Every row that intake took opens, and says what a submission says."""
    for taken in wire.door.taken():
        assert taken.form in FORMS
        assert all("\0" not in value for value in taken.fields.values())


def test_the_log_of_the_process_is_where_it_is_looked_for(wire: Wire, tmp_path: Path) -> None:
    wire.process.terminate()
    wire.process.wait(STOPS_WITHIN)

    assert "Forms answered" in wire.log.read_text()
