"""The public process, spoken to byte by byte."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from clarion.cli.serve import intake_environ
from clarion.kernel.files import error_page
from tests.door import EVENT, HOME, Door
from tests.postgres import inbox_settings
from tests.program import STOPS_WITHIN, free_port, wait_until

PATIENCE_SECONDS = 60.0  # for what comes in the end, however busy the machine is
# The real program, its patience cut short.
HASTY = """
from clarion.intake import __main__ as public, admission
public._HEADER_MILLISECONDS, admission._BODY_SECONDS, admission._PATIENCE = 700, 0.7, 0.1
raise SystemExit(public.main())
"""
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Wire:
    """A public process, its port, and the file it logs to."""

    door: Door
    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def host(self) -> bytes:
        """The header that names it."""
        return b"Host: 127.0.0.1:%d\r\n" % self.port

    @property
    def sign(self) -> bytes:
        """The head of a sign form, its end and its length aside."""
        kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
        return b"POST %b/sign HTTP/1.1\r\n%b%b" % (HOME.encode(), self.host, kind)

    def said(self, *pieces: bytes, pause: float = 0.05) -> bytes:
        """All that comes back for these pieces until the connection is closed."""
        with self._line() as line:
            self._send(line, pieces, pause)
            return _read_to_the_end(line)

    def answers(self, *pieces: bytes) -> bytes:
        """All that comes back for these pieces; the connection is given up by a last request, unless it is before."""
        with self._line() as line:
            self._send(line, pieces, 0.05)
            first = _read_one(line)
            self._send(line, [self._last], 0)
            rest = _read_to_the_end(line)
        return first + (rest if b'{"ok":true}' not in rest else rest[: rest.rindex(b"HTTP/1.1 200")])

    def status(self, *pieces: bytes) -> int:
        """The status of the one answer."""
        answer = self.answers(*pieces)
        assert answer.count(b"HTTP/1.") == 1, answer[:200]
        return int(answer[9:12])

    def _line(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def _send(self, line: socket.socket, pieces: Sequence[bytes], pause: float) -> None:
        with suppress(ConnectionError):  # an answer may come, and the line be closed, before all is said
            for number, piece in enumerate(pieces):
                time.sleep(pause if number else 0)
                line.sendall(piece)

    @property
    def _last(self) -> bytes:
        return b"GET /healthz HTTP/1.1\r\nConnection: close\r\n" + self.host + b"\r\n"

    def rss_bytes(self) -> int:
        """The memory of the process."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def is_well(self) -> bool:
        """Whether it runs and answers."""
        try:
            return self.process.poll() is None and self.said(self._last)[9:12] == b"200"
        except OSError:
            return False


def _read_to_the_end(line: socket.socket) -> bytes:
    """Until the other side closes; what it then breaks off counts as closed."""
    answer = b""
    with suppress(ConnectionError):
        while chunk := line.recv(65_536):
            answer += chunk
    return answer


def _read_one(line: socket.socket) -> bytes:
    """One answer; what there is of it where the line is closed before."""
    answer = b""
    with suppress(ConnectionError):
        while b"\r\n\r\n" not in answer or len(answer) < _size(answer):
            chunk = line.recv(65_536)
            if not chunk:
                break
            answer += chunk
    return answer


def _size(answer: bytes) -> int:
    """How long the answer is that begins so."""
    head, end, _ = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return len(head + end) + (int(length[1]) if length else 0)


@contextmanager
def open_wire(root: Path, *, is_hasty: bool = False) -> Iterator[Wire]:
    """A public process with one open campaign, its published event and the pages behind links."""
    door, port = Door(root / "data"), free_port()
    door.publish("clean-water/en/index.html", "<p>" + "call " * 40_000)
    door.publish(f"clean-water/en/events/{EVENT}/index.html")
    door.publish(error_page(503, "clean-water", "en"), "busy")
    door.publish_token_pages()
    settings = {
        "CLARION_DATA": str(door.data.root),
        "CLARION_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **inbox_settings(),
    }
    with (root / "log").open("wb") as log:
        program = ["-c", HASTY] if is_hasty else ["-m", "clarion.intake"]
        command = [sys.executable, "-P", *program, "127.0.0.1", str(port)]
        process = subprocess.Popen(command, env=intake_environ(os.environ) | settings, stderr=log, stdout=log)
    wire = Wire(door, port, root / "log", process)
    try:
        wait_until(wire.is_well, "intake to answer")
        yield wire
    finally:
        process.terminate()
        process.wait(STOPS_WITHIN)
        door.close()
