"""Load that does not wait for answers: `python -m bench.open_load` reads a plan and prints what came back.

Requests are due by a schedule, whatever the server does; a latency counts from the moment at which a request was due.
One thread, one epoll, no framework: some 40,000 requests a second are in it, so that the server is what is measured.
"""

import json
import random
import re
import select
import socket
import sys
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

_MOST_CONNECTIONS = 2_000  # as a proxy before the server keeps open; past them a request waits, and its time counts
_LATE_ANSWERS = 10.0  # seconds after the last request in which answers are still waited for
_PARTS = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Plan:
    """What to send to `host`:`port`: so many a second of each kind, for `seconds`, each kind in a form of its own.

    `requests` are whole requests by kind, with `{n}` for the number and `{ip}` for an address of a visitor.
    """

    host: str
    port: int
    seconds: float
    rates: dict[str, float]
    requests: dict[str, str]
    seed: int = 1

    def arrivals(self) -> "deque[tuple[float, str]]":
        """When each request is due, in seconds from the start, and its kind."""
        chance = random.Random(self.seed)
        due: list[tuple[float, str]] = []
        for kind, rate in self.rates.items():
            at = chance.expovariate(rate)
            while at < self.seconds:
                due.append((at, kind))
                at += chance.expovariate(rate)
        return deque(sorted(due))


@dataclass
class Told:
    """What came back: latencies in seconds by kind and status, and what went wrong."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[str] = field(default_factory=Counter)
    lateness: list[float] = field(default_factory=list)


class Connection:
    """One connection, kept alive, with one request under way at the most."""

    __slots__ = ("due", "kind", "received", "socket", "to_send")

    def __init__(self, place: tuple[str, int]) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(place)
        self.kind = ""
        self.due = 0.0
        self.to_send = b""
        self.received = b""


class Generator:
    """Sends a plan's requests when they are due."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._poll = select.epoll()
        self._idle: list[Connection] = []
        self._open: dict[int, Connection] = {}
        self._waiting: deque[tuple[float, str]] = deque()
        self._number = 0
        self._chance = random.Random(plan.seed)
        self.told = Told()

    def run(self) -> Told:
        """Send everything, and gather the answers."""
        due, started = self._plan.arrivals(), time.monotonic()
        ends = self._plan.seconds + _LATE_ANSWERS
        while due or len(self._open) > len(self._idle) or self._waiting:
            now = time.monotonic() - started
            if now > ends:
                break
            while due and due[0][0] <= now:
                self.told.lateness.append(now - due[0][0])
                self._waiting.append(due.popleft())
            while self._waiting and self._send_next(started):
                pass
            wait = max(0.0, due[0][0] - (time.monotonic() - started)) if due else 0.05
            for number, event in self._poll.poll(min(wait, 0.05), 1_000):
                self._handle(self._open[number], event)
        self.told.failures["unanswered"] += len(self._open) - len(self._idle) + len(self._waiting)
        return self.told

    def _send_next(self, started: float) -> bool:
        """Send the request that waits longest; False where no connection is free and no more may be opened."""
        if self._idle:
            connection = self._idle.pop()
        elif len(self._open) < _MOST_CONNECTIONS:
            connection = Connection((self._plan.host, self._plan.port))
            self._open[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        else:
            return False
        due, connection.kind = self._waiting.popleft()
        connection.due = started + due
        connection.to_send = self._request(connection.kind)
        self._write(connection)
        return True

    def _request(self, kind: str) -> bytes:
        self._number += 1
        address = f"{self._chance.randrange(11, 126)}.{self._chance.randrange(256)}.{self._number & 255}.7"
        return self._plan.requests[kind].replace("{n}", f"{self._number:09}").replace("{ip}", address).encode()

    def _write(self, connection: Connection) -> None:
        try:
            sent = connection.socket.send(connection.to_send)
            connection.to_send = connection.to_send[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)

    def _handle(self, connection: Connection, event: int) -> None:
        if connection.to_send and event & select.EPOLLOUT:
            self._write(connection)
        if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR) and connection.socket.fileno() >= 0:
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        try:
            while chunk := connection.socket.recv(65_536):
                connection.received += chunk
                if self._is_whole(connection.received):
                    self._note(connection)
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop(connection)

    @staticmethod
    def _is_whole(answer: bytes) -> bool:
        head = answer.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = _LENGTH.search(answer, 0, head + 2)
        return len(answer) >= head + 4 + (int(length[1]) if length else 0)

    def _note(self, connection: Connection) -> None:
        status = connection.received[9:12].decode()
        self.told.latencies[f"{connection.kind} {status}"].append(time.monotonic() - connection.due)
        connection.kind, connection.received = "", b""
        self._idle.append(connection)

    def _drop(self, connection: Connection) -> None:
        number = connection.socket.fileno()
        if number < 0:
            return
        if connection.kind:
            self.told.failures["dropped"] += 1
        else:
            self._idle.remove(connection)
        del self._open[number]
        connection.socket.close()


def main() -> None:
    """Run the plan on standard input (JSON); tell on standard output (JSON)."""
    plan = Plan(**json.load(sys.stdin))
    cpu, started = time.process_time(), time.monotonic()
    told = Generator(plan).run()
    busy = (time.process_time() - cpu) / (time.monotonic() - started)
    answers = {key: summary(latencies) for key, latencies in told.latencies.items()}
    late_ms = summary(told.lateness)["p99_ms"]
    json.dump({"answers": answers, "failures": told.failures, "late_ms": late_ms, "busy": busy}, sys.stdout)


def summary(seconds: list[float]) -> dict[str, float]:
    """How many there are, and where they lie, in milliseconds."""
    ordered = sorted(seconds)
    places = {name: ordered[int(len(ordered) * part)] * 1e3 for name, part in _PARTS.items()}
    return {"count": len(ordered), **places, "max_ms": ordered[-1] * 1e3}


if __name__ == "__main__":
    main()
