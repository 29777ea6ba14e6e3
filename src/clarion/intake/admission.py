"""Who may come in while more forms arrive than can be taken: decided before any of a form is read.

Every answer waits behind the forms that are under way, a refusal too; so their number bounds how late any answer
leaves, and it shrinks while forms take long. Forms that a mailed link leads to may be twice as many: whoever presses
that button might not come back.
"""

import asyncio
from types import TracebackType

_AIM = 0.15  # seconds from a form's last byte to the disk
_LOOK_EVERY = 0.1  # seconds
_FEWEST = 192  # a slow disk gains nothing from fewer: they share its commits
_PATIENCE = 0.25  # seconds for which a form counts as under way though its body has not come
_BODY_SECONDS = 20
_MOST_SLOW = 4_096


class Busy(Exception):
    """More forms are under way than may."""


class Gone(Exception):
    """The visitor left, or sends too slowly to wait for."""


class Admission:
    """Counts the forms under way. Used from one event loop."""

    def __init__(self, most: int) -> None:
        self._most = self._limit = most
        self._fewest = min(_FEWEST, most)
        self._under_way = 0
        self._slow = 0
        self._looked_at = 0.0
        self._longest = 0.0

    def enter(self, *, is_by_link: bool) -> bool:
        """Let one form in, which must `leave`; False where too many are under way."""
        if self._under_way >= (2 * self._limit if is_by_link else self._limit):
            return False
        self._under_way += 1
        return True

    def leave(self) -> None:
        """One form is answered."""
        self._under_way -= 1

    def note(self, took: float, now: float) -> None:
        """Tell how long a form took from its last byte to the disk, in seconds; more or fewer may then be under way."""
        self._longest = max(self._longest, took)
        if now - self._looked_at >= _LOOK_EVERY:
            factor = min(max(_AIM / max(self._longest, 0.001), 0.8), 1.2)
            self._limit = round(min(max(self._limit * factor, self._fewest), self._most))
            self._longest, self._looked_at = 0.0, now

    def step_aside(self) -> bool:
        """Count one form as slow, not as under way; False where too many are slow already."""
        if self._slow >= _MOST_SLOW:
            return False
        self._under_way -= 1
        self._slow += 1
        return True

    def step_back(self) -> None:
        """Count it as under way again, since it is here as a whole. Raises `Busy`, and it must `leave` all the same."""
        self._slow -= 1
        self._under_way += 1
        if self._under_way > 2 * self._limit:
            raise Busy


class BodyAwaited:
    """Holds while a form's body comes in: one that trickles keeps nobody out, and is given up in the end.

    Raises `Gone` at the end of the block where the body did not come in time, `Busy` where nobody can look at it now.
    """

    __slots__ = ("_admission", "_is_given_up", "_is_slow", "_loop", "_task", "_timer")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._is_slow = False
        self._is_given_up = False

    def __enter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._timer = self._loop.call_later(_PATIENCE, self._step_aside)

    def _step_aside(self) -> None:
        self._is_slow = self._admission.step_aside()
        self._timer = self._loop.call_later(_BODY_SECONDS if self._is_slow else 0, self._give_up)

    def _give_up(self) -> None:
        self._is_given_up = True
        if self._task is not None:
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._timer.cancel()
        if self._is_slow:
            self._admission.step_back()
        if self._is_given_up:
            raise Gone from error
