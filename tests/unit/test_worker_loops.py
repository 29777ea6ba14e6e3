"""A loop of the worker goes on, however often it fails."""

from datetime import datetime
from threading import Event

from clarion.kernel.clock import MINUTE, SECOND, doubled
from clarion.worker.loops import run_loop
from clarion.worker.publishing import Failures
from clarion.worker.pulse import Pulse
from tests.make import NOON

TIMES = 1_100  # for hours, at one try in ten seconds


class Impatient(Event):
    """Nobody waits for it."""

    def wait(self, timeout: float | None = None) -> bool:
        return True


def test_a_loop_that_fails_for_hours_works_again_as_soon_as_it_can() -> None:
    pulse, stop, tried = Pulse(), Impatient(), []

    def step(now: datetime) -> bool:
        tried.append(now)
        if len(tried) <= TIMES:
            raise OSError("no space left on device")
        stop.set()
        return False

    run_loop("mail", step, pulse=pulse, stop=stop, idle_seconds=0.25)

    assert len(tried) == TIMES + 1
    assert pulse.trouble == {"mail": False}


def test_new_work_does_not_cut_the_rest_after_an_error_short() -> None:
    """A mail host that refuses the password would be asked again with each form that comes in."""
    pulse, stop, rested = Pulse(), Impatient(), []

    class Wanted(Event):
        def wait(self, timeout: float | None = None) -> bool:
            rested.append(timeout)
            stop.set()
            return True

    tries = iter([True, True, False])

    def step(now: datetime) -> bool:
        if next(tries):
            raise OSError("refused")
        return False

    run_loop("mail", step, pulse=pulse, stop=stop, idle_seconds=0.25, wanted=Wanted())

    assert rested == [0.25]


def test_a_promise_that_cannot_be_kept_for_days_is_tried_every_five_minutes() -> None:
    failures = Failures()
    for _ in range(TIMES):
        failures.note("publish-root", NOON)

    assert failures.is_resting("publish-root", NOON + 5 * MINUTE - SECOND)
    assert not failures.is_resting("publish-root", NOON + 5 * MINUTE)


def test_rests_double_up_to_the_longest() -> None:
    rests = [doubled(SECOND, times, MINUTE) for times in (0, 1, 5, 6, 10**6)]

    assert rests == [SECOND, 2 * SECOND, 32 * SECOND, MINUTE, MINUTE]
