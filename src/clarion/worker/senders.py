"""Campaigns whose sender the mail server does not take: their mails wait, and everybody else's go on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from clarion.outbox.rules import REST_OF_A_SENDER

_REMEMBERED = 2 * REST_OF_A_SENDER  # who was not refused anew by then has no mail left, or was taken


@dataclass(slots=True)
class RefusedSenders:
    """Which campaigns' senders were refused when they were last tried; in memory, for who looks after the server."""

    clock: Callable[[], float] = monotonic
    _refused_at: dict[str, float] = field(default_factory=dict)

    def note_refused(self, campaign: str) -> None:
        """The server did not take it."""
        self._refused_at[campaign] = self.clock()

    def note_taken(self, campaign: str) -> None:
        """A mail of this campaign went."""
        self._refused_at.pop(campaign, None)

    def campaigns(self) -> frozenset[str]:
        """Whose mails wait for that now."""
        oldest = self.clock() - _REMEMBERED.total_seconds()
        return frozenset(campaign for campaign, at in self._refused_at.items() if at > oldest)
