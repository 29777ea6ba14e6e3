"""Receiving domains that are slow, or at which the server hangs up, rest: their mails hold up nobody else's."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from clarion.kernel.clock import MINUTE

_SLOW_SECONDS = 1.0
_SLOWER_THAN_OTHERS = 5.0  # a host that is slow to everyone holds up nobody in particular
_SHARE = 10  # a slow domain gets a tenth of the time
_MOST_REMEMBERED = 1000
_AFTER_A_HANG_UP = 5 * MINUTE
_LONGEST = 10 * MINUTE


@dataclass(slots=True)
class RestingDomains:
    """Which domains rest, and for how long; kept in memory only, so that a restart asks each of them again."""

    clock: Callable[[], float] = monotonic
    _until: dict[str, float] = field(default_factory=dict)
    _took: dict[str, float] = field(default_factory=dict)  # seconds, of each domain's last mail

    def rest_of(self, address: str) -> timedelta:
        """How long mails to this address's domain should wait; zero where it does not rest."""
        domain = _domain(address)
        if domain not in self._until:
            return timedelta()
        left = self._until[domain] - self.clock()
        if left <= 0:
            del self._until[domain]
        return timedelta(seconds=max(left, 0.0))

    def note(self, address: str, seconds: float, *, hung_up: bool = False) -> None:
        """A mail to this address took so many seconds, and perhaps the server hung up in the middle of it."""
        domain = _domain(address)
        rest = timedelta(seconds=seconds * _SHARE) if self._is_slow(domain, seconds) else timedelta()
        if hung_up:
            rest = max(rest, _AFTER_A_HANG_UP)
        if rest:
            self._forget_the_rested()
            self._until[domain] = self.clock() + min(rest, _LONGEST).total_seconds()
        if len(self._took) >= _MOST_REMEMBERED:
            self._took.clear()
        self._took[domain] = seconds

    def _forget_the_rested(self) -> None:
        if len(self._until) >= _MOST_REMEMBERED:
            now = self.clock()
            self._until = {domain: until for domain, until in self._until.items() if until > now}

    def _is_slow(self, domain: str, seconds: float) -> bool:
        if seconds <= _SLOW_SECONDS:
            return False
        others = [took for other, took in self._took.items() if other != domain]
        return bool(others) and seconds > _SLOWER_THAN_OTHERS * min(others)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
