"""The demo's mail sink: a folder of `.eml` files, read as they fall in."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from threading import Lock

_KEPT = 200  # mails that can be opened; all are counted
_CONFIRM = re.compile(r"https?://\S+/confirm/[A-Za-z0-9_-]+")
_ID = re.compile(r"[A-Za-z0-9._@=+-]{1,200}\.eml")


@dataclass(frozen=True, slots=True)
class Summary:
    """One mail as a line of the list. `id` names its file."""

    id: str
    to: str
    subject: str
    language: str
    at: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A summary whose headers are still as the mail writes them: most are never looked at."""

    id: str
    to: str
    subject: str | None
    language: str | None
    at: float

    def read(self) -> Summary:
        return Summary(
            self.id, self.to, str(make_header(decode_header(self.subject or ""))), self.language or "", self.at
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmation mail: whose it is, and the link in it."""

    to: str
    link: str


class Mailbox:
    """What fell into the sink. `look` may be called from any thread; `listener` is told of each new confirmation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self._latest: deque[_Line] = deque(maxlen=_KEPT)
        self._lock = Lock()
        self.listener: Callable[[Confirmation], None] = lambda _: None

    @property
    def total(self) -> int:
        """How many mails fell in so far."""
        return len(self._seen)

    def latest(self, limit: int) -> list[Summary]:
        """The newest mails, newest first."""
        with self._lock:
            newest = list(self._latest)[-limit:][::-1]
        return [line.read() for line in newest]

    def look(self) -> int:
        """Read what is new; gives how many there are."""
        with self._lock:
            found = sorted(self._new(), key=lambda entry: entry.stat().st_mtime_ns)
            for entry in found:
                self._take(entry)
            return len(found)

    def _new(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name not in self._seen and _ID.fullmatch(entry.name):
                    yield entry

    def _take(self, entry: os.DirEntry[str]) -> None:
        self._seen.add(entry.name)
        message = _read(Path(entry.path))
        to = str(message["to"])
        self._latest.append(
            _Line(entry.name, to, message["subject"], message["content-language"], entry.stat().st_mtime)
        )
        if link := _CONFIRM.search(_part(message, "text/plain")):
            self.listener(Confirmation(to, link[0]))

    def html(self, id: str) -> str | None:
        """The mail's page; None where there is no such mail."""
        return self._body(id, "text/html")

    def text(self, id: str) -> str | None:
        """The mail's plain text; None where there is no such mail."""
        return self._body(id, "text/plain")

    def _body(self, id: str, kind: str) -> str | None:
        if not _ID.fullmatch(id):
            return None
        try:
            return _part(_read(self._folder / id), kind)
        except FileNotFoundError:
            return None


def _read(path: Path) -> Message:
    # The older policy: it leaves headers as they are, and so reads ten thousand mails in seconds.
    return message_from_bytes(path.read_bytes())


def _part(message: Message, kind: str) -> str:
    for part in message.walk():
        if part.get_content_type() == kind:
            raw = part.get_payload(decode=True)
            return raw.decode(part.get_content_charset("utf-8"), "replace") if isinstance(raw, bytes) else ""
    return ""
