"""Debian's `smtp-sink` (package postfix): takes every mail, and appends it to a file from which links are read."""

import os
import re
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import needs
from bench.stage import Running, free_port, running, start

_MAIL_BEGINS = b"X-Client-Addr: "
_TO = re.compile(rb"^X-Rcpt-Args: <([^>]+)>", re.MULTILINE)
_CONFIRM = re.compile(rb"/([a-z]+(?:-[A-Za-z]+)?)/confirm/([A-Za-z0-9_-]+)")
_BASE64 = re.compile(rb"Content-Transfer-Encoding: base64\n\n([A-Za-z0-9+/=\n]+)")
_READ_BYTES = 1 << 20


@dataclass
class Sink:
    """A running sink."""

    server: Running
    port: int
    file: Path

    @property
    def url(self) -> str:
        """As `CLARION_MAIL_URL` has it."""
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def mail_sink(*, keeps: bool = True) -> Iterator[Sink]:
    """A sink for the time of a block. It `keeps` mails in memory (tmpfs), so that its disk is not ours."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(prefix="clarion-sink-", dir=memory if memory.is_dir() else None))
    port, file = free_port(), folder / "mails"
    tool = str(needs("smtp-sink", "postfix"))
    dump = ["-D", str(file)] if keeps else []
    # As root it wants to be told so.
    user = ["-u", "root"] if os.geteuid() == 0 else []
    try:
        with running(start([tool, *user, *dump, f"127.0.0.1:{port}", "1000"], port, dict(os.environ))) as server:
            yield Sink(server, port, file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Arrived:
    """What a mail says to its reader: to whom it went, and the path of its link to confirm."""

    to: str
    language: str
    token: str


class Mailbox:
    """Reads mails from a sink's file as they arrive."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle: int | None = None
        self._begun = b""

    def new_mails(self) -> list[Arrived]:
        """What has arrived since the last call. A mail is whole once the next one begins or its last line is there."""
        if self._handle is None:
            if not self._file.exists():
                return []
            self._handle = os.open(self._file, os.O_RDONLY)
        more = os.read(self._handle, _READ_BYTES)
        if not more:
            return []
        whole, self._begun = split_mails(self._begun + more)
        return [read_mail(mail) for mail in whole]

    def close(self) -> None:
        """Let the file go."""
        if self._handle is not None:
            os.close(self._handle)


def split_mails(text: bytes) -> tuple[list[bytes], bytes]:
    """The whole mails in what was read, and what has begun: a mail ends with the boundary that closes it."""
    parts = text.split(_MAIL_BEGINS)
    *whole, last = parts
    if last.endswith(b"=--\n\n"):
        return [part for part in [*whole, last] if part], b""
    return [part for part in whole if part], _MAIL_BEGINS + last if len(parts) > 1 or last else b""


def read_mail(mail: bytes) -> Arrived:
    """The reader's view of one mail; raises `ValueError` where it holds no link."""
    to = _TO.search(mail)
    link = _CONFIRM.search(mail.replace(b"=\n", b"")) or _link_in_base64(mail)
    if to is None or link is None:
        raise ValueError("a mail without a link to confirm")
    return Arrived(to[1].decode(), link[1].decode(), link[2].decode())


def _link_in_base64(mail: bytes) -> "re.Match[bytes] | None":
    body = _BASE64.search(mail)
    return _CONFIRM.search(b64decode(body[1])) if body else None
