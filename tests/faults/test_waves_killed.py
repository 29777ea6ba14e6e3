"""A wave is released or taken back whole, and no figure is wrong meanwhile, however often the worker is killed."""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from clarion.kernel.clock import utc_now
from clarion.kernel.ids import new_id
from tests.faults.worker_alone import Machine, wait_for

pytestmark = pytest.mark.faults

_COUNTRIES = ("KE", "FR", "BR")
_SIGNATURE = (
    "INSERT INTO signatures_signature (public_id, campaign_id, state, version, language, consent, country, "
    "signed_at, confirmed_at, wave_id) VALUES (?, 1, 'held', 1, 'en', 'sign-en', ?, ?, ?, ?)"
)
_WAVE = (
    "INSERT INTO signatures_wave (public_id, campaign_id, kind, networks, country, found, since, opened_at, state, "
    "is_settled, decided_by, reason) VALUES (?, 1, 'names', '[]', '', '{}', ?, ?, 'held', 1, '', '')"
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def hold(machine: Machine, size: int) -> None:
    """A wave of `size` signatures, held, over two days."""
    now = utc_now()
    with closing(sqlite3.connect(machine.data.records)) as records, records:
        number = records.execute(_WAVE, (new_id(), str(now), str(now))).lastrowid
        days = [str(now - timedelta(days=n)) for n in range(2)]
        rows = ((new_id(), _COUNTRIES[n % 3], days[n % 2], days[n % 2], number) for n in range(size))
        records.executemany(_SIGNATURE, rows)


def decide(machine: Machine, state: str) -> None:
    """As the office does it: one row says where the signatures belong."""
    with closing(sqlite3.connect(machine.data.records)) as records, records:
        records.execute("UPDATE signatures_wave SET state = ?, is_settled = 0", (state,))


def counted(records: sqlite3.Connection) -> int:
    """How many count; the sums say the same, for each day and country, at every commit."""
    records.execute("BEGIN")
    rows = records.execute(
        "SELECT date(confirmed_at), country, count(*) FROM signatures_signature WHERE state = 'confirmed' "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    sums = records.execute("SELECT day, country, count FROM signatures_tally WHERE count > 0 ORDER BY 1, 2").fetchall()
    records.execute("COMMIT")
    assert rows == sums
    return sum(n for _, _, n in rows)


def figures_between_kills(machine: Machine, target: int, kills: int) -> Iterator[int]:
    """Kill the worker each time that it moved some, and let a last one get there; gives what counts after each."""
    # One connection for all: the last one to close would tidy the log, which a starting worker waits for.
    with closing(sqlite3.connect(machine.data.records, timeout=20, isolation_level=None)) as records:
        for _ in range(kills):
            before = counted(records)
            with machine.worker() as process:
                wait_for(lambda: counted(records) != before or before == target)  # noqa: B023
                process.send_signal(signal.SIGKILL)
                process.wait()
            yield counted(records)
        with machine.worker():
            wait_for(lambda: machine.ask("SELECT is_settled FROM signatures_wave") == 1)
        yield counted(records)


def test_no_figure_is_wrong_while_a_wave_is_released_and_taken_back_by_workers_that_are_killed(
    machine: Machine, is_soak: bool
) -> None:
    size, kills = (50_000, 10) if is_soak else (6_000, 1)
    hold(machine, size)

    decide(machine, "released")
    on_the_way = list(figures_between_kills(machine, size, kills))
    assert on_the_way[-1] == size
    assert on_the_way == sorted(on_the_way)

    decide(machine, "held")
    on_the_way = list(figures_between_kills(machine, 0, kills))
    assert on_the_way[-1] == 0
    assert on_the_way == sorted(on_the_way, reverse=True)
    assert machine.ask("SELECT count(*) FROM signatures_signature WHERE state = 'held'") == size
