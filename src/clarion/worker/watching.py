"""The fourth loop: waves are looked for and held, and what was decided of them is carried out (ADR 0012)."""

from datetime import datetime
from time import monotonic

from clarion.signatures.actions import look_for_waves, settle_waves

LOOK_SECONDS = 10.0
_REST = 50  # times as long as a look took: looking takes a fiftieth of one core at the most


class Watch:
    """Looks at what was confirmed in the last hour. Several workers may: a wave is opened once."""

    def __init__(self, wave_from: int) -> None:
        self._wave_from = wave_from
        self._next_look_at = 0.0  # monotonic

    def step(self, now: datetime) -> bool:
        """Carry out what was decided; and look, when it is time."""
        settle_waves(now=now)
        started_at = monotonic()
        if started_at >= self._next_look_at:
            look_for_waves(wave_from=self._wave_from, now=now)
            ended_at = monotonic()
            self._next_look_at = ended_at + max(LOOK_SECONDS, _REST * (ended_at - started_at))
        return False
