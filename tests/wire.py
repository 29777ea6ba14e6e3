"""The public process, spoken to byte by byte."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clarion.cli.serve import intake_environ
from clarion.kernel.files import error_page
from tests.door import EVENT, HOME, Door
from tests.program import free_port, wait_until

# The real program, its patience cut short.
PROGRAM = """
from clarion.intake import __main__ as public, admission
public._HEADER_MILLISECONDS, admission._BODY_SECONDS, admission._PATIENCE = 700, 0.7, 0.1
raise SystemExit(public.main())
"""


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

    def said(self, *pieces: bytes, pause: float = 0.05, wait: float = 0.6) -> bytes:
        """What comes back for these pieces until the connection is closed, or nothing comes for `wait` seconds."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as line:
            answer = b""
            try:
                for number, piece in enumerate(pieces):
                    time.sleep(pause if number else 0)
                    line.sendall(piece)
                while chunk := line.recv(65_536):
                    answer += chunk
            except OSError:
                return answer
            return answer + b"(closed)"

    def status(self, *pieces: bytes) -> int:
        """The status of the one answer."""
        answer = self.said(*pieces)
        assert answer.count(b"HTTP/1.") == 1, answer[:200]
        return int(answer[9:12])

    def rss_bytes(self) -> int:
        """The memory of the process."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def is_well(self) -> bool:
        """Whether it runs and answers."""
        healthy = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n" + self.host + b"\r\n"
        try:
            return self.process.poll() is None and self.said(healthy, wait=5)[9:12] == b"200"
        except OSError:
            return False


@contextmanager
def open_wire(root: Path) -> Iterator[Wire]:
    """A public process with one open campaign, its published event and the pages behind links."""
    door, port = Door(root / "data"), free_port()
    door.publish("clean-water/en/index.html", "<p>" + "call " * 40_000)
    door.publish(f"clean-water/en/events/{EVENT}/index.html")
    door.publish(error_page(503, "clean-water", "en"), "busy")
    door.publish_token_pages()
    settings = {"CLARION_DATA": str(door.data.root), "CLARION_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with (root / "log").open("wb") as log:
        command = [sys.executable, "-P", "-c", PROGRAM, "127.0.0.1", str(port)]
        process = subprocess.Popen(command, env=intake_environ(os.environ) | settings, stderr=log, stdout=log)
    wire = Wire(door, port, root / "log", process)
    try:
        wait_until(wire.is_well, "intake to answer")
        yield wire
    finally:
        process.terminate()
        process.wait(10)
        door.close()
