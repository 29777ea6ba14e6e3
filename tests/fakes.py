"""Stand-ins for the outside world."""

from dataclasses import dataclass, field

from clarion.gateways.mail import MailFailed, MailSenderRefused
from clarion.gateways.mime import Sendable


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter as it was handed over."""

    letter: Sendable
    message_id: str
    sender: str


@dataclass(slots=True)
class FakeMailer:
    """Keeps what it is handed; fails for the addresses in `failing`, and for everyone while `host_failure` is set.

    Takes nothing from `refused_senders`.
    """

    sent: list[SentLetter] = field(default_factory=list)
    failing: dict[str, MailFailed] = field(default_factory=dict)
    host_failure: MailFailed | None = None
    refused_senders: set[str] = field(default_factory=set)
    is_open: bool = False

    def open(self) -> None:
        """Open, unless the host fails."""
        if self.host_failure:
            raise self.host_failure
        self.is_open = True

    def send(self, letter: Sendable, message_id: str, sender: str) -> None:
        """Keep the letter, or fail as told."""
        if error := self.host_failure or self.failing.get(letter.to):
            raise error
        if sender in self.refused_senders:
            raise MailSenderRefused("sender refused with 553")
        self.sent.append(SentLetter(letter, message_id, sender))

    def close(self) -> None:
        """Close."""
        self.is_open = False
