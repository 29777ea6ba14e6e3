"""What stands behind the desk: `clarion serve` on free ports, with a data folder and a mail sink that go with it."""

import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from clarion.kernel.errors import ClarionError

_START_SECONDS = 180  # a slow machine that is busy, too; a server that ends is told at once
_STOP_SECONDS = 15
# Below those that systems give to connections that go out: such a one could have the port before it is listened on.
_PORTS = range(20_000, 32_000)
_ports = iter(random.sample(_PORTS, len(_PORTS)))  # two demos begin at different ones


class StageFailed(ClarionError):
    """A command did not do its part; the text holds what it said."""


def free_port() -> int:
    """A port of the loopback that nobody listens on now; each call gives another one."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise StageFailed("No port of this machine is free.")


@dataclass
class Stage:
    """The program on a folder of its own. One host name for all: frames of another site get no cookies."""

    folder: Path
    desk_origin: str
    public_port: int = field(default_factory=free_port)
    office_port: int = field(default_factory=free_port)
    in_child: Callable[[], None] | None = None  # run in the new process before its program
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def public_url(self) -> str:
        """Address of the public site."""
        return f"http://localhost:{self.public_port}"

    @property
    def office_url(self) -> str:
        """Address of the office."""
        return f"http://localhost:{self.office_port}"

    @property
    def mails(self) -> Path:
        """The mail sink."""
        return self.folder / "mails"

    @property
    def log(self) -> Path:
        """What `clarion serve` said."""
        return self.folder / "serve.log"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of every process; whatever else of Clarion's is set on this machine does not reach them."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("CLARION_", "DJANGO_"))}
        return others | {
            "CLARION_DATA": str(self.folder / "data"),
            "CLARION_PUBLIC_URL": self.public_url,
            "CLARION_OFFICE_URL": self.office_url,
            "CLARION_MAIL_URL": f"file://{self.mails}",
            "CLARION_TRUSTED_PROXIES": "127.0.0.1",
            "CLARION_FRAME_ANCESTOR": self.desk_origin,
        }

    def serve(self) -> None:
        """Start public site, office and worker; comes back when they answer. Raises `StageFailed`."""
        self.mails.mkdir()
        public, office = f"127.0.0.1:{self.public_port}", f"127.0.0.1:{self.office_port}"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, our own arguments
                [*_CLARION, "serve", "--public", public, "--office", office],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl-C reaches the demo, which stops them in order
                preexec_fn=self.in_child,
            )  # fmt: skip
        ends = time.monotonic() + _START_SECONDS
        while not (_answers(self.public_port) and _answers(self.office_port)):
            if not self.is_alive() or time.monotonic() > ends:
                raise StageFailed(f"`clarion serve` did not start:\n{self.last_words()}")
            time.sleep(0.1)

    def launch(self, call: Path) -> None:
        """Launch a call folder; raises `StageFailed`."""
        done = subprocess.run(  # noqa: S603
            [*_CLARION, "launch", str(call)], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StageFailed(f"`clarion launch` failed:\n{done.stdout}{done.stderr}")

    def is_alive(self) -> bool:
        """Whether `clarion serve` runs."""
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """The end of the log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def stop(self) -> None:
        """Stop everything; comes back when nothing runs."""
        if self._process is None or not self.is_alive():
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_CLARION = (sys.executable, "-m", "clarion")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # it listens, and says what it waits for
    except OSError:
        return False
