"""A crowd that signs, waits for its mails and confirms: `python -m bench.crowd` reads a `Plan`, says what was `Seen`.

One thread with kept connections and bare sockets: 25 µs a form, so that the load is not the limit. Each person has a
client address of their own, said in X-Forwarded-For as a trusted proxy says it.
"""

import json
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.sink import Mailbox

LANGUAGES = ("en", "fr", "es", "en", "ar", "en", "pt", "de")
COUNTRIES = ("KE", "FR", "ES", "IN", "EG", "US", "BR", "DE")
_LOOK_SECONDS = 0.004
_COUNTS_SECONDS = 0.1
_GIVE_UP_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """What to do. `on_the_road`: so many have signed and not yet confirmed, at the most. `rate` 0: as many as go."""

    port: int
    mails: str
    counts: str
    seconds: float
    on_the_road: int
    rate: float = 0.0
    first: int = 0
    counted_before: int = 0
    connections: int = 32
    warm_up: float = 3.0


@dataclass
class Seen:
    """What became of it. Times in seconds; `tail`: from the last form to the last count."""

    signed: int = 0
    confirmed: int = 0
    counted: int = 0
    rate: float = 0.0
    sign_p50: float = 0.0
    sign_p99: float = 0.0
    mail_p50: float = 0.0
    mail_p99: float = 0.0
    mail_oldest: float = 0.0
    counts_behind: float = 0.0
    tail: float = 0.0
    trouble: str = ""


def address_of(n: int) -> str:
    """The client address of person `n`: as many networks as people, up to four million."""
    spread = n * 2654435761 % (1 << 22)
    return f"{60 + (spread >> 16)}.{spread >> 8 & 255}.{spread & 255}.7"


def sign_request(n: int, host: str) -> bytes:
    """Person `n` signs."""
    language, country = LANGUAGES[n % len(LANGUAGES)], COUNTRIES[n % len(COUNTRIES)]
    body = f"name=Amina+Otieno&email=amina.{n}%40example.org&country={country}&postcode=00100"
    return _post(f"/clean-water/{language}/sign", body, n, host)


def confirm_request(n: int, language: str, token: str, host: str) -> bytes:
    """Person `n` presses the button."""
    return _post(f"/clean-water/{language}/confirm/{token}", "answer=yes", n, host)


def _post(path: str, body: str, n: int, host: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {address_of(n)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def quantile(values: list[float], part: float) -> float:
    """The value below which `part` of them lie; 0 where there is none."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0


@dataclass
class _Asked:
    """A form under way on a connection."""

    n: int
    expected: bytes
    at: float


@dataclass
class Crowd:
    """Runs one plan."""

    plan: Plan
    _signed_at: dict[int, float] = field(default_factory=dict)  # of those who wait for a mail
    _mailed: deque[tuple[int, str, str]] = field(default_factory=deque)
    _road: int = 0
    _sign_took: list[float] = field(default_factory=list)
    _mail_took: list[float] = field(default_factory=list)
    _confirmed_at: list[float] = field(default_factory=list)
    _next: int = 0
    _behind: float = 0.0
    _counted: int = 0

    def run(self) -> Seen:
        """Sign for the plan's seconds, then wait until all that was signed is counted."""
        plan = self.plan
        self._next = plan.first
        self._open()
        started = self._started = time.monotonic()
        ends = started + plan.warm_up + plan.seconds
        self._turn(lambda now: now >= ends, ends)
        last = time.monotonic()
        during = [at for at in self._confirmed_at if started + plan.warm_up <= at < ends]
        trouble = ""
        signed = self._next - plan.first
        self._turn(lambda now: self._counted >= signed or now > last + _GIVE_UP_SECONDS, 0.0)
        if not len(self._confirmed_at) == self._counted == signed:
            trouble = f"{signed} signed, {len(self._confirmed_at)} confirmed, {self._counted} counted"
        return Seen(
            signed, len(self._confirmed_at), self._counted, len(during) / plan.seconds,
            quantile(self._sign_took, 0.5), quantile(self._sign_took, 0.99),
            quantile(self._mail_took, 0.5), quantile(self._mail_took, 0.99), max(self._mail_took, default=0.0),
            self._behind, time.monotonic() - last, trouble,
        )  # fmt: skip

    def _open(self) -> None:
        self._host = f"127.0.0.1:{self.plan.port}"
        self._mailbox = Mailbox(Path(self.plan.mails))
        self._poll = select.epoll()
        self._connections: dict[int, socket.socket] = {}
        self._idle: deque[int] = deque()
        self._asked: dict[int, _Asked] = {}
        for _ in range(self.plan.connections):
            self._connect()

    def _connect(self) -> None:
        one = socket.create_connection(("127.0.0.1", self.plan.port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[one.fileno()] = one
        self._idle.append(one.fileno())
        self._poll.register(one.fileno(), select.EPOLLIN)

    def _turn(self, is_over: Callable[[float], bool], signs_until: float) -> None:
        looked = counts_read = 0.0
        while True:
            now = time.monotonic()
            if is_over(now):
                return
            if now - looked >= _LOOK_SECONDS:
                looked = now
                self._read_mails(now)
            if now - counts_read >= _COUNTS_SECONDS:
                counts_read = now
                self._read_counts(now)
            self._send(now, signs=now < signs_until)
            for handle, _ in self._poll.poll(_LOOK_SECONDS):
                self._receive(handle)

    def _send(self, now: float, *, signs: bool) -> None:
        plan = self.plan
        while self._idle and self._mailed:
            n, language, token = self._mailed.popleft()
            self._ask(n, b"/thanks/", confirm_request(n, language, token, self._host), now)
        while signs and self._idle and self._road < plan.on_the_road:
            if plan.rate and self._next - plan.first >= (now - self._started) * plan.rate:
                return
            n, self._next = self._next, self._next + 1
            self._road += 1
            self._signed_at[n] = now  # from here, not from the answer: a mail may overtake that
            self._ask(n, b"/check-your-mail/", sign_request(n, self._host), now)

    def _ask(self, n: int, expected: bytes, request: bytes, now: float) -> None:
        handle = self._idle.popleft()
        self._asked[handle] = _Asked(n, expected, now)
        self._connections[handle].sendall(request)

    def _receive(self, handle: int) -> None:
        answer = self._connections[handle].recv(4096)
        if not answer and handle not in self._asked:  # idle for too long: the server closed it
            self._idle.remove(handle)
            self._connections.pop(handle).close()
            self._connect()
            return
        asked = self._asked.pop(handle)
        if not answer.startswith(b"HTTP/1.1 303") or asked.expected not in answer:
            raise SystemExit(f"a wrong answer: {answer[:200]!r}")
        now = time.monotonic()
        self._idle.append(handle)
        if asked.expected == b"/thanks/":
            self._confirmed_at.append(now)
            self._road -= 1
        else:
            self._sign_took.append(now - asked.at)

    def _read_mails(self, now: float) -> None:
        for mail in self._mailbox.new_mails():
            n = int(mail.to.partition("@")[0].rpartition(".")[2])
            signed_at = self._signed_at.pop(n, None)
            if signed_at is None:
                raise SystemExit(f"a second mail for {n}")
            self._mail_took.append(now - signed_at)
            self._mailed.append((n, mail.language, mail.token))

    def _read_counts(self, now: float) -> None:
        self._counted = json.loads(Path(self.plan.counts).read_text())["total"] - self.plan.counted_before
        if self._counted < len(self._confirmed_at):
            self._behind = max(self._behind, now - self._confirmed_at[self._counted])


if __name__ == "__main__":
    print(json.dumps(asdict(Crowd(Plan(**json.load(sys.stdin))).run())))
