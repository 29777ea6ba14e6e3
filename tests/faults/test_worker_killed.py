"""No accepted form is lost and none counts twice, however often the worker is killed in the middle."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Allowed, Note
from tests.faults.worker_alone import Machine, sign_form, wait_for
from tests.postgres import on_postgresql
from tests.program import STOPS_WITHIN

pytestmark = pytest.mark.faults

PEOPLE = 1000


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def kill_in_the_middle(machine: Machine, left: Callable[[], int], kills: int, done: int = 0) -> None:
    """Kill the worker with SIGKILL each time that some of what is left was done, then let it finish."""
    for _ in range(kills):
        with machine.worker() as process:
            before = left()
            wait_for(lambda: left() < before or left() <= done)  # noqa: B023 - called in this round only
            process.send_signal(signal.SIGKILL)
    with machine.worker():
        wait_for(lambda: left() <= done)


def test_a_killed_worker_loses_nothing_and_counts_nobody_twice(machine: Machine, note: Note, is_soak: bool) -> None:
    """In long runs it is killed fifty times while it drains."""
    kills, people = (25, 40 * PEOPLE) if is_soak else (3, PEOPLE)
    machine.put([sign_form(n) for n in range(people)])
    kill_in_the_middle(machine, machine.waiting, kills)
    with machine.worker():
        wait_for(lambda: machine.ask("SELECT count(*) FROM outbox_mail") == 0)
    assert machine.ask("SELECT count(*) FROM signatures_signature") == people

    presses = machine.confirmations()
    assert len(presses) == people
    machine.put(presses)
    machine.put(presses[: people // 2])  # a retry, with the same ids
    kill_in_the_middle(machine, machine.waiting, kills)

    assert machine.ask("SELECT count(*) FROM signatures_signature WHERE state = 'confirmed'") == people
    assert machine.ask("SELECT sum(count) FROM signatures_tally") == people
    note(kills=2 * kills, people=people)


def test_a_worker_that_is_told_to_stop_ends_in_time_and_leaves_no_mail_half_written(
    machine: Machine, allowed: Allowed
) -> None:
    machine.put([sign_form(n) for n in range(PEOPLE)])
    with machine.worker() as process:
        wait_for(lambda: machine.waiting() < PEOPLE)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=STOPS_WITHIN) == 0
        assert time.monotonic() - started < allowed(8)

    assert not list(machine.mails.glob(".*.tmp"))
    assert machine.ask("SELECT count(*) FROM signatures_signature") + machine.waiting() == PEOPLE


def test_a_worker_of_which_a_loop_has_ended_ends_so_that_it_is_started_again(machine: Machine) -> None:
    """Else its heart would beat on, and nobody would learn that nothing is published any more."""
    machine.data.publish_lock.mkdir(parents=True)  # no loop can mend that
    with machine.worker() as process:
        assert process.wait(timeout=STOPS_WITHIN) == 1

    assert "ended by itself (publish)" in machine.log.read_text(encoding="utf-8")


def test_the_log_of_the_worker_holds_no_word_of_a_person(machine: Machine) -> None:
    machine.put([sign_form(1)])
    with machine.worker() as process:
        wait_for(lambda: machine.data.heartbeat.exists() and machine.waiting() == 0)
        process.terminate()
        process.wait(timeout=STOPS_WITHIN)

    log = machine.log.read_bytes()
    assert b"the worker has stopped" in log
    assert b"igner" not in log + machine.data.heartbeat.read_bytes()


def test_of_a_batch_with_one_poison_row_all_others_are_accepted_and_the_one_is_set_aside_and_reported(
    machine: Machine,
) -> None:
    """A NUL cannot come in at the door. If it did, PostgreSQL would refuse the row, and so does a constraint here."""
    machine.do(
        "ALTER TABLE signatures_signature ADD CONSTRAINT poison CHECK (country <> 'ZZ')"
        if on_postgresql()
        else "CREATE TRIGGER poison BEFORE INSERT ON signatures_signature WHEN NEW.country = 'ZZ'"
        " BEGIN SELECT RAISE(ABORT, 'constraint of a poisoned row'); END"
    )
    forms = [sign_form(n) for n in range(199)]
    forms.insert(77, sign_form(200, country="ZZ"))
    machine.put(forms)
    with machine.worker():
        wait_for(lambda: machine.waiting() == 0)
        wait_for(lambda: machine.ask("SELECT count(*) FROM signatures_signature") == 199)

    assert machine.ask("SELECT count(*) FROM privacy_setaside") == 1
    assert b"a row of the inbox is set aside: IntegrityError" in machine.log.read_bytes()
    said = machine.run("doctor").stdout
    assert "1 forms could not be carried out and are set aside (IntegrityError)" in said


def test_a_row_whose_box_does_not_open_is_set_aside_alone(machine: Machine) -> None:
    machine.put([sign_form(n) for n in range(20)])
    machine.do(
        r"UPDATE inbox_batches SET bodies[7] = '\x00ff00ff'"
        if on_postgresql()
        else "UPDATE rows SET body = x'00ff00ff' WHERE seq = 7",
        to_inbox=True,
    )
    with machine.worker():
        wait_for(lambda: machine.waiting() == 0)
        wait_for(lambda: machine.ask("SELECT count(*) FROM signatures_signature") == 19)

    assert machine.ask("SELECT count(*) FROM privacy_setaside") == 1
