"""Two PostgreSQL servers on the loopback; under load the first is killed, the second takes over: `make failover`.

Everybody who was told that a signature is taken must be mailed, confirm and be counted, once. Ends with 1 otherwise.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

from tests.faults.crowd import Crowd
from tests.faults.short_call import SLUG, door_of, kill_all, start_short_call
from tests.program import Program, wait_until
from tests.standby import Pair

_PATIENCE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the people who signed; times in seconds."""

    acknowledged: int
    before_the_kill: int
    counted: int
    refused: dict[int, int]
    without_answer: int
    until_promoted: float
    until_taken_again: float

    @property
    def is_whole(self) -> bool:
        """Whether nobody acknowledged is lost, and nobody counts twice."""
        return self.counted == self.acknowledged and set(self.refused) <= {503}


def rehearse(folder: Path, *, rate: float, seconds: float) -> Outcome:
    """Let people sign at `rate` a second; kill the primary after `seconds`, promote the standby, and count."""
    pair = Pair()
    program = None
    try:
        pair.start()
        program = start_short_call(folder, CLARION_DATABASE_URL=pair.url)
        with Crowd(door_of(program), rate=rate, mails=program.mail_folder) as crowd:
            return _kill_and_promote(pair, program, crowd, seconds)
    finally:
        if program is not None:
            program.stop()
            kill_all(program)
        pair.remove()


def _kill_and_promote(pair: Pair, program: Program, crowd: Crowd, seconds: float) -> Outcome:
    books = crowd.books
    time.sleep(seconds)
    pair.primary.kill()
    killed, before = time.monotonic(), len(books.signed)
    time.sleep(2)  # a person, or a program such as Patroni, sees it
    pair.promote()
    promoted = time.monotonic()
    there = len(books.signed)
    wait_until(lambda: len(books.signed) > there, "forms to be taken again", seconds=_PATIENCE_SECONDS)
    again = time.monotonic()
    time.sleep(seconds)
    crowd.leave()
    wait_until(lambda: crowd.has_signed, "everybody to be answered", seconds=_PATIENCE_SECONDS)
    people = len(books.signed)
    wait_until(lambda: books.confirmed >= people, f"all {people} to confirm", seconds=_PATIENCE_SECONDS)
    wait_until(lambda: _total(program) >= people, f"all {people} to count", seconds=_PATIENCE_SECONDS)
    time.sleep(3)  # whatever would count twice
    return Outcome(
        people, before, _total(program), books.refused, books.broken, promoted - killed, again - killed
    )  # fmt: skip


def _total(program: Program) -> int:
    return int(program.counts(SLUG)["total"])


def main() -> int:
    """Rehearse, and say what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="signatures a second")
    parser.add_argument("--seconds", type=float, default=8, help="of load before the kill, and after it")
    chosen = parser.parse_args()
    click.echo("Starting two PostgreSQL servers, the second a synchronous standby, and Clarion on both …")
    with tempfile.TemporaryDirectory(prefix="clarion-failover-") as folder:
        try:
            found = rehearse(Path(folder), rate=chosen.rate, seconds=chosen.seconds)
        except AssertionError as error:
            click.echo(f"LOST, or never came back: {error}")
            return 1
    click.echo(f"{found.before_the_kill} signatures were acknowledged before the primary was killed with kill -9.")
    click.echo(
        f"The standby was promoted {found.until_promoted:.1f} s after that; "
        f"forms were taken again after {found.until_taken_again:.1f} s."
    )
    refused = sum(found.refused.values())
    click.echo(f"Meanwhile {refused} forms were answered 503 and {found.without_answer} not at all; all came again.")
    click.echo(f"Acknowledged in all: {found.acknowledged}. Mailed, confirmed and counted: {found.counted}.")
    click.echo("Nothing acknowledged was lost; nobody counts twice." if found.is_whole else "LOST: the figures differ.")
    return 0 if found.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
