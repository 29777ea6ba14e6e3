"""Promise: clock steps of a day both ways, daylight saving and a leap day end no link early and make no count wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.faults.short_call import SIGN, SLUG, kill_all, start_short_call
from tests.faults.stepping import SteppedClock
from tests.program import Program, links_of, wait_until

pytestmark = pytest.mark.faults

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> SteppedClock:
    return SteppedClock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, clock: SteppedClock) -> Iterator[Program]:
    """A program that goes by a clock of ours, on a machine in Berlin. Its tests follow each other through the years.

    It begins at noon: no day ends but where a test lets it.
    """
    clock.set(clock.now().replace(hour=12, minute=0) + DAY)
    running = start_short_call(tmp_path_factory.mktemp("clock"), TZ="Europe/Berlin", **clock.settings)
    yield running
    running.stop()
    kill_all(running)


def sign(program: Program, email: str) -> None:
    fields = {"name": "Amina", "email": email, "country": "KE"}
    assert program.answer_to(SIGN, fields) == (303, f"/{SLUG}/en/check-your-mail/")


def link_of(program: Program, email: str) -> str:
    """The path of the link in a person's mail."""
    return urlsplit(links_of(program.wait_for_mail(email, holding="/confirm/", seconds=90), "confirm")[0]).path


def confirm(program: Program, link: str) -> str:
    """The page that answers."""
    status, location = program.answer_to(link, {"answer": "yes"})
    assert status == 303
    return location.rstrip("/").rpartition("/")[2]


@contextmanager
def no_way_out(program: Program) -> Iterator[None]:
    """A file lies where mails are laid: none can go out."""
    aside = program.mail_folder.with_name("mails-aside")
    program.mail_folder.rename(aside)
    program.mail_folder.write_text("")
    try:
        yield
    finally:
        program.mail_folder.unlink()
        aside.rename(program.mail_folder)


def mails_waiting(program: Program) -> int:
    """What the worker's sign of life says."""
    return int(json.loads((program.data / "worker" / "heartbeat.json").read_text())["mails_waiting"])


def counts_say(program: Program, total: int) -> dict[str, int]:
    """The days of `counts.json` once it says so many, the sums being right."""

    def fitting() -> dict[str, Any] | None:
        counts = program.counts(SLUG)
        return counts if counts["total"] == total else None

    counts = wait_until(fitting, f"{total} to be counted", seconds=90)
    assert sum(counts["by_day"].values()) == total
    assert sum(counts["by_country"].values()) + counts["other"] == total
    days: dict[str, int] = counts["by_day"]
    return days


def test_no_link_expires_early_and_no_count_is_wrong_when_the_clock_steps(
    program: Program, clock: SteppedClock
) -> None:
    today, tomorrow = (f"{clock.now() + days * DAY:%Y-%m-%d}" for days in (0, 1))
    sign(program, "ahead@example.org")
    ahead = link_of(program, "ahead@example.org")
    clock.step(DAY)
    assert confirm(program, ahead) == "thanks"
    assert counts_say(program, 1) == {tomorrow: 1}

    sign(program, "back@example.org")
    back = link_of(program, "back@example.org")
    clock.step(-DAY)
    assert confirm(program, back) == "thanks"
    assert counts_say(program, 2) == {today: 1, tomorrow: 1}
    assert confirm(program, back) == confirm(program, ahead) == "thanks"

    # Promised a moment before the clock is set back a day: the mail does not wait for that day to come again.
    clock.step(DAY)
    with no_way_out(program):
        sign(program, "promised@example.org")
        wait_until(lambda: mails_waiting(program) == 1, "the mail to be promised", seconds=90)
        clock.step(-DAY)
    clock.step(2 * MINUTE)
    promised = link_of(program, "promised@example.org")
    clock.step(6 * DAY + 23 * HOUR)
    assert confirm(program, promised) == "thanks"
    counts_say(program, 3)

    sign(program, "late@example.org")
    late = link_of(program, "late@example.org")
    clock.step(7 * DAY + HOUR)
    assert confirm(program, late) == "expired"
    counts_say(program, 3)


def test_daylight_saving_and_a_leap_day_put_each_signature_on_its_day(program: Program, clock: SteppedClock) -> None:
    """Days are UTC days, whatever the machine's zone; what a leap day's link says for seven days, it says."""
    moments = {
        "summer ends": datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
        "summer begins": datetime(2028, 3, 26, 0, 30, tzinfo=UTC),
        "leap day": datetime(2028, 2, 29, 23, 30, tzinfo=UTC),
    }
    before = program.counts(SLUG)
    expected: dict[str, int] = dict(before["by_day"])
    for number, (name, moment) in enumerate(sorted(moments.items(), key=lambda item: item[1])):
        clock.set(moment)
        email = f"person{number}@example.org"
        sign(program, email)
        link = link_of(program, email)
        clock.set(moment + HOUR + 40 * MINUTE)  # past the change, or past midnight
        assert confirm(program, link) == "thanks", name
        expected[f"{clock.now():%Y-%m-%d}"] = 1
        assert counts_say(program, before["total"] + number + 1) == expected

    clock.set(datetime(2028, 2, 29, 12, tzinfo=UTC))  # four weeks back
    sign(program, "leap@example.org")
    link = link_of(program, "leap@example.org")
    clock.set(datetime(2028, 3, 7, 11, 50, tzinfo=UTC))
    assert confirm(program, link) == "thanks"
    assert counts_say(program, before["total"] + 4)["2028-03-07"] == 1
