"""The third loop: this worker publishes when elected; else it lays here what the elected one published."""

from datetime import datetime

from clarion.env import Env
from clarion.worker.publishing import PublishLoop
from clarion.worker.pulse import Pulse
from clarion.worker.roads import open_road


class Turn:
    """One worker's part in publishing. For one thread, under the lock of the data folder.

    Whoever takes over knows nothing of before: what is stale, what is due and what was promised is read from records.
    """

    def __init__(self, env: Env, pulse: Pulse) -> None:
        self._env = env
        self._pulse = pulse
        self._road = open_road(env)
        self._loop: PublishLoop | None = None

    def step(self, now: datetime) -> bool:
        """Publish one thing, or fetch some; gives whether more may wait. An error gives the turn to another."""
        if self._loop is None and not self._road.take():
            self._pulse.has_unkept_promises = False
            return self._road.follow()
        self._loop = self._loop or PublishLoop(self._env, self._pulse, self._road)
        try:
            has_more = self._loop.step(now)
            self._road.send()
        except Exception:
            self.close()
            raise
        return has_more

    def close(self) -> None:
        """Let another publish."""
        self._loop = None
        self._road.close()
