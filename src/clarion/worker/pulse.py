"""The worker's sign of life, and what its loops tell each other."""

import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Literal

LoopName = Literal["inbox", "mail", "publish", "waves"]
MAIL_SENDER = "mail-sender"


@dataclass(slots=True)
class Pulse:
    """State shared by the loops. Each field has one writer, so no lock is needed.

    `trouble`: loops that cannot do their work now. `refused_senders`: the campaigns whose sender the mail server does
    not take. `drained_until`: all that intake accepted before has been drained.
    """

    trouble: dict[LoopName, bool] = field(default_factory=dict)
    drained_until: datetime | None = None
    has_unkept_promises: bool = False
    mail_delay: timedelta | None = None
    refused_senders: frozenset[str] = frozenset()
    mail_wanted: Event = field(default_factory=Event)
    publish_wanted: Event = field(default_factory=Event)
    waves_wanted: Event = field(default_factory=Event)

    def codes(self) -> list[str]:
        """The names of the loops in trouble; `mail-sender:` with the campaign whose mails alone wait."""
        bad: set[str] = {name for name, is_bad in self.trouble.items() if is_bad}
        bad |= {f"{MAIL_SENDER}:{campaign}" for campaign in self.refused_senders}
        return sorted(bad | ({"publish"} if self.has_unkept_promises else set()))


@dataclass(frozen=True, slots=True)
class Beat:
    """What the heartbeat file says; office and `doctor` read it."""

    at: datetime
    inbox_waiting: int
    oldest: datetime | None
    mail_delay: timedelta | None
    mails_waiting: int
    publish_waiting: int
    trouble: list[str]
    public_url: str
    office_url: str

    def to_json(self) -> dict[str, Any]:
        """The file's content."""
        return {
            "at": self.at.isoformat(),
            "inbox_waiting": self.inbox_waiting,
            "oldest": self.oldest.isoformat() if self.oldest else None,
            "mail_delay_seconds": None if self.mail_delay is None else round(self.mail_delay.total_seconds()),
            "mails_waiting": self.mails_waiting,
            "publish_waiting": self.publish_waiting,
            "trouble": self.trouble,
            "public_url": self.public_url,
            "office_url": self.office_url,
        }


def write_beat(path: Path, beat: Beat) -> None:
    """Write the heartbeat beside and rename it: a reader never sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(beat.to_json()), encoding="utf-8")
    beside.replace(path)
