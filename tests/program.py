"""The real program in processes of its own, for browser and fault tests: serve, launch, mails."""

import email
import email.policy
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from clarion.cli.supervisor import die_with_parent
from clarion.desk.sample import copy_sample
from clarion.kernel.clock import utc_now
from tests.postgres import records_settings

STOPS_WITHIN = 60  # seconds until a program that was told to stop counts as stuck; ten are promised on a free machine
SAMPLE = Path(__file__).resolve().parents[1] / "src" / "clarion" / "sample" / "clean-water"


# Below those that systems give to connections that go out: a client that knocks while its server starts again would
# else be given the server's own port, now and then, and keep it.
_FIRST_PORT, _LAST_PORT, _OWN_PORTS = 10_000, 16_000, 200
_held: list[socket.socket] = []


@cache
def _own_ports() -> Iterator[int]:
    """A range of ports that no other run of the tests takes: a name that the system forgets with this process."""
    for first in range(_FIRST_PORT, _LAST_PORT, _OWN_PORTS):
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0clarion-tests-{first}")
        except OSError:
            mark.close()
            continue
        _held.append(mark)
        return cycle(range(first, first + _OWN_PORTS))
    raise AssertionError("every range of ports is taken by other runs of the tests")


def free_port() -> int:
    """A port of the loopback that nobody listens on, and that no other test is given before it is bound."""
    for port in islice(_own_ports(), _OWN_PORTS):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("every port of this run is taken")


def wait_until(condition: Callable[[], Any], what: str, *, seconds: float = 120) -> Any:
    """The first true value of `condition`; fails with `what` after `seconds`."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for: {what}")


@dataclass
class Program:
    """`clarion` on a data folder of its own, mailing into a folder beside it."""

    folder: Path
    public_port: int = field(default_factory=free_port)
    office_port: int = field(default_factory=free_port)
    host: str = "localhost"
    extra: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=records_settings)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def mail_folder(self) -> Path:
        """Where mails arrive."""
        return self.folder / "mail"

    @property
    def log(self) -> Path:
        """What the processes wrote on standard output and error."""
        return self.folder / "serve.log"

    @property
    def public_url(self) -> str:
        """Address of the public site."""
        return f"http://{self.host}:{self.public_port}"

    @property
    def office_url(self) -> str:
        """Address of the office."""
        return f"http://office.localhost:{self.office_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("CLARION_", "DJANGO_", "COV_"))
        }
        return clean | {
            "CLARION_DATA": str(self.data),
            "CLARION_PUBLIC_URL": self.public_url,
            "CLARION_OFFICE_URL": self.office_url,
            "CLARION_MAIL_URL": f"file://{self.mail_folder}",
            **self.records,
            **self.extra,
        }

    def run(self, *arguments: str, check: bool = True, timeout: float = 240) -> "subprocess.CompletedProcess[str]":
        """Run one `clarion` command to its end."""
        command = [sys.executable, "-m", "clarion", *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False, cwd=self.folder
        )
        if check and done.returncode:
            raise AssertionError(
                f"clarion {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            )
        return done

    def begin(self) -> "Program":
        """Serve; comes back at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "clarion", "serve"]
        command += ["--public", f"127.0.0.1:{self.public_port}", "--office", f"127.0.0.1:{self.office_port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                preexec_fn=die_with_parent,  # a run that is killed leaves nothing behind
            )  # fmt: skip
        return self

    def start(self) -> "Program":
        """Serve; comes back when public site and office answer."""
        self.begin()
        try:
            for port in (self.public_port, self.office_port):
                wait_until(lambda port=port: self._is_healthy(port), f"port {port} to answer", seconds=240)
        except AssertionError as error:
            log_tail = self._log_tail()
            self.stop()
            raise AssertionError(f"{error}\n{log_tail}") from error
        return self

    def _is_healthy(self, port: int) -> bool:
        if self.process and self.process.poll() is not None:
            raise AssertionError(f"clarion serve ended with {self.process.returncode}: {self._log_tail()}")
        host = (self.public_url if port == self.public_port else self.office_url).removeprefix("http://")
        question = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
        try:
            with urllib.request.urlopen(question, timeout=2):
                return True
        except urllib.error.HTTPError as answer:
            return answer.code == 503 and port == self.office_port  # up, and waiting for the worker's first beat
        except OSError:
            return False

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else "no log"

    def stop(self) -> int:
        """Stop with SIGTERM; gives the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        self.process = None
        return code

    def launch(self, call: Path | None = None, *options: str) -> str:
        """Launch a call folder, else the sample call, whose events lie ahead; gives what the command said."""
        call = call or copy_sample(self.folder / "sample", today=utc_now().date())
        return self.run("launch", str(call), *options).stdout

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Status and Location of one form; 0 where no answer came."""
        host = self.public_url.removeprefix("http://")
        headers = {"content-type": "application/x-www-form-urlencoded", "host": host}
        with closing(http.client.HTTPConnection("127.0.0.1", self.public_port, timeout=20)) as connection:
            try:
                connection.request("POST", path, urlencode(fields), headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return 0, ""
        return answer.status, answer.getheader("location") or ""

    def answer_to(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Status and Location of a form, sent as an impatient person does: again, until there is room and an answer."""

        def answered() -> tuple[int, str] | None:
            answer = self.post(path, fields)
            return None if answer[0] in (0, 503) else answer

        answer: tuple[int, str] = wait_until(answered, f"an answer to {path.rpartition('/')[0]}")
        return answer

    def mails(self, to: str = "") -> list[EmailMessage]:
        """The mails that arrived, oldest first; those to one address where named."""
        paths = (
            sorted(self.mail_folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
            if self.mail_folder.exists()
            else []
        )
        found = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]
        return [mail for mail in found if isinstance(mail, EmailMessage) and (not to or to in str(mail["To"]))]

    def wait_for_mail(self, to: str, *, holding: str = "", count: int = 1, seconds: float = 120) -> EmailMessage:
        """The newest mail to an address, once `count` of them hold the text `holding`."""

        def there() -> EmailMessage | None:
            fitting = [mail for mail in self.mails(to) if holding in text_of(mail) or holding in str(mail["Subject"])]
            return fitting[-1] if len(fitting) >= count else None

        mail: EmailMessage = wait_until(
            there, f"a mail to {to} with {holding!r}; log: {self._log_tail()}", seconds=seconds
        )
        return mail

    def counts(self, slug: str = "clean-water") -> dict[str, Any]:
        """`counts.json` as published; asked for again, as a browser would, while its server starts again."""

        def published() -> dict[str, Any] | None:
            try:
                with urllib.request.urlopen(f"{self.public_url}/{slug}/counts.json", timeout=20) as answer:
                    counts: dict[str, Any] = json.load(answer)
            except urllib.error.HTTPError:
                raise
            except (OSError, http.client.HTTPException):
                return None
            return counts

        counts: dict[str, Any] = wait_until(published, "counts.json to be answered")
        return counts


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    return part.get_content() if part else ""


def links_of(mail: EmailMessage, kind: str = "") -> list[str]:
    """The addresses in a mail's text; those below `/kind/` where named."""
    return [link for link in re.findall(r"https?://\S+", text_of(mail)) if not kind or f"/{kind}/" in link]


def open_often(mail: EmailMessage, below: str, *, times: int = 20) -> None:
    """Open each link of a mail below an address so often, by GET and by HEAD, as scanners do; each must be a page."""
    links = [link for link in links_of(mail) if link.startswith(below)]
    assert links, mail["Subject"]
    for link in links:
        for method in ("GET", "HEAD") * times:
            with urllib.request.urlopen(urllib.request.Request(link, method=method), timeout=60) as answer:
                assert answer.status == 200, link
                assert not answer.url.endswith("/bad-link/"), link
