"""What the desk shows: how things stand now, gathered by one thread that looks again and again."""

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from threading import Event, Thread
from typing import Protocol

from clarion.desk.crowd import Crowd
from clarion.desk.mailbox import Mailbox
from clarion.desk.people import ADDRESSES
from clarion.desk.published import PublishedSite

CROWD_SIZE = 10_000
_MAILS_SHOWN = 60
_TICK = 0.25  # seconds
_MAP_EVERY = 8  # ticks

log = logging.getLogger(__name__)


class Office(Protocol):
    """The demo's coordinator: a way in, and the code of their authenticator."""

    def sign_in_address(self) -> str:
        """A fresh one-time link."""
        ...

    def code(self, at: float) -> tuple[str, int]:
        """The six digits at Unix time `at`, and for how many seconds more they hold."""
        ...


@dataclass
class Show:
    """Everything behind the page."""

    languages: Sequence[str]  # of the call, its default first
    site: PublishedSite
    mailbox: Mailbox
    crowd: Crowd
    office: Office
    crowd_size: int = CROWD_SIZE
    _counts: dict[str, object] = field(default_factory=dict)
    _stop: Event = field(default_factory=Event)

    def start(self) -> None:
        """Begin to look, in a thread of its own."""
        self.mailbox.listener = self.crowd.take_mail
        Thread(target=self._watch, name="watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _watch(self) -> None:
        tick = 0
        while not self._stop.wait(_TICK):
            try:
                self._look(tick)
            except Exception:
                log.exception("The desk could not look; it tries again.")
            tick += 1

    def _look(self, tick: int) -> None:
        self.mailbox.look()
        if tick % 2 == 0 and (counts := self.site.counts()):
            self._counts = counts
        if tick % _MAP_EVERY == 0:
            self.site.look_at_map()

    def state(self) -> dict[str, object]:
        """All of it, as the page reads it."""
        digits, left = self.office.code(time.time())
        progress = self.crowd.progress
        return {
            "counts": self._counts,
            "map": self.site.map_version() if self.site.map() else "",
            "crowd": progress.to_json() if progress else None,
            "mails": {"total": self.mailbox.total, "latest": self._mails()},
            "code": {"digits": digits, "left": left},
        }

    def _mails(self) -> list[dict[str, object]]:
        latest = self.mailbox.latest(_MAILS_SHOWN)
        return [asdict(mail) | {"crowd": mail.to.endswith(f"@{ADDRESSES}")} for mail in latest]
