"""Promise: a full disk is answered 503 with Retry-After at once, pages are served all the while, and forms are taken
again within seconds of there being room, without a hand. A damaged inbox is set aside as it was.
"""

import http.client
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from clarion.inbox.store import set_aside_files
from tests.faults.conftest import Allowed, Note
from tests.faults.short_call import SIGN, SLUG, WIDE, copy_launched, kill_all, start_short_call
from tests.program import Program, wait_until

pytestmark = pytest.mark.faults

# Promised: refused in under a second, accepting again in under ten.
REFUSED_SECONDS = 1.0
AGAIN_SECONDS = 10.0
DISK_BYTES = 32 * 1024 * 1024


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 32 MiB at `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "clarion-test", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, f"this test mounts a small file system, as root: {made.stderr}"
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write until nothing more fits; gives the file that takes the room."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def ask(program: Program, method: str, path: str, email: str = "") -> tuple[int, dict[str, str], float]:
    """Status, headers and seconds of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", program.public_port, timeout=30)
    fields = urlencode({"name": "Amina", "email": email, "country": "KE"}) if email else None
    headers = {"host": urlsplit(program.public_url).netloc, "content-type": "application/x-www-form-urlencoded"}
    began = time.monotonic()
    try:
        connection.request(method, path, fields, headers)
        answer = connection.getresponse()
        answer.read()
        said = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, said, time.monotonic() - began
    finally:
        connection.close()


def sign(program: Program, email: str) -> int:
    """The status of one sign form."""
    return ask(program, "POST", SIGN, email)[0]


def is_served(program: Program) -> bool:
    """Whether the call's page is."""
    return ask(program, "GET", f"/{SLUG}/en/")[0] == 200


@contextmanager
def running(folder: Path) -> Iterator[Program]:
    """The program with a short call, gone afterwards."""
    program = start_short_call(folder)
    try:
        yield program
    finally:
        program.stop()
        kill_all(program)


def test_a_full_disk_refuses_forms_at_once_serves_pages_and_recovers_by_itself(
    tmp_path: Path, note: Note, allowed: Allowed, is_soak: bool
) -> None:
    """The whole data folder on 32 MiB; in long runs also the inbox alone."""
    for place in ("data", "data/inbox") if is_soak else ("data",):
        folder = tmp_path / place.replace("/", "-")
        with small_disk(folder / "run" / place) as disk, running(folder) as program:
            refuse_and_recover(program, disk, note, allowed)


def refuse_and_recover(program: Program, disk: Path, note: Note, allowed: Allowed) -> None:
    """Fill the disk, see forms refused and pages served, make room, see forms taken."""
    assert sign(program, "before@example.org") == 303
    wait_until(lambda: program.mails("before@example.org"), "a mail while there is room")
    filler = fill(disk)
    # What lies in the log already has room there: sign until there is none.
    wait_until(lambda: sign(program, f"late{time.monotonic_ns()}@example.org") == 503, "the disk to be full")

    refusals: list[float] = []
    ends = time.monotonic() + 90
    while len(refusals) < 20:
        assert time.monotonic() < ends, "room is made again and again"
        status, headers, seconds = ask(program, "POST", SIGN, f"full{time.monotonic_ns()}@example.org")
        assert status in (503, 303)  # the worker may have made room for one more
        if status == 503:
            assert int(headers["retry-after"]) > 0
            refusals.append(seconds)
        assert is_served(program)
        fill(disk)
    slowest = max(refusals)

    filler.unlink()
    began = time.monotonic()
    wait_until(lambda: sign(program, "after@example.org") == 303, "forms to be taken again", seconds=90)
    again = time.monotonic() - began
    note(slowest_refusal=f"{slowest * 1000:.0f} ms", accepting_again_after=f"{again:.1f} s")
    assert slowest < allowed(REFUSED_SECONDS)
    assert again < allowed(AGAIN_SECONDS)
    wait_until(lambda: program.mails("after@example.org"), "the mail of who signed afterwards", seconds=90)


def test_a_damaged_inbox_is_set_aside_as_it_was_pages_are_served_and_doctor_names_the_backup(
    tmp_path: Path, is_soak: bool
) -> None:
    with running(tmp_path) as program:
        program.run("backup", str(tmp_path / "backups"), "--plain")
        assert sign(program, "amina@example.org") == 303
        wait_until(lambda: program.mails("amina@example.org"), "a mail while all is well")
        inbox = program.data / "inbox" / "inbox.sqlite3"
        for finder in ("intake", "worker", "start") if is_soak else ("intake",):
            damaged = damage(program, inbox, finder)
            assert wait_until(lambda: answer_to(program, "bo@example.org"), "an answer") == 503
            wait_until(lambda: is_served_at_last(program), "pages to be served")
            (aside,) = set_aside_files(inbox)
            assert aside.read_bytes() == damaged
            said = program.run("doctor", check=False).stdout
            assert str(tmp_path / "backups") in said.partition(aside.name)[2]
            # Whoever found it has started again meanwhile, and makes no new one in its place.
            assert wait_until(lambda: answer_to(program, "bo@example.org"), "an answer") == 503
            assert not inbox.exists()

            aside.rename(tmp_path / aside.name)  # what doctor says to do
            wait_until(lambda: answer_to(program, "chen@example.org") == 303, "forms to be taken again")
        wait_until(lambda: program.mails("chen@example.org"), "the mail of who signed afterwards", seconds=90)


def test_doctor_says_all_that_it_sees_though_the_records_are_damaged(tmp_path: Path) -> None:
    """It is what one calls then."""
    program = Program(tmp_path / "run", extra=dict(WIDE), records={})
    copy_launched(program.data, is_on_postgresql=False)
    with (program.data / "records" / "records.sqlite3").open("r+b") as file:
        file.write(os.urandom(os.fstat(file.fileno()).st_size))

    done = program.run("doctor", check=False)

    assert (done.returncode, done.stderr) == (1, "")
    assert "records.sqlite3 is damaged." in done.stdout
    assert "The records cannot be read (DatabaseError)." in done.stdout
    assert "The public site does not answer" in done.stdout
    assert "A mail server is set." in done.stdout


def damage(program: Program, inbox: Path, finder: str) -> bytes:
    """Damage the inbox while it is in use, or while nothing runs; gives its bytes then."""
    if finder == "start":
        program.stop()
    else:
        wait_until(lambda: rows_in(inbox) == 0, "the inbox to be drained")
    with inbox.open("r+b") as file:  # whoever finds it may rename it while this is written
        damaged = os.urandom(os.fstat(file.fileno()).st_size)
        file.write(damaged)
    if finder == "start":
        program.start()
    elif finder == "worker":
        wait_until(lambda: set_aside_files(inbox), "the worker to notice", seconds=90)
    return damaged


def rows_in(inbox: Path) -> int:
    """How many forms wait."""
    with closing(sqlite3.connect(f"file:{inbox}?mode=ro", uri=True, timeout=20)) as rows:
        return int(rows.execute("SELECT count(*) FROM rows").fetchone()[0])


def answer_to(program: Program, email: str) -> int:
    """The status of one sign form; 0 where none came, since the process is starting again."""
    try:
        return sign(program, email)
    except (OSError, http.client.HTTPException):
        return 0


def is_served_at_last(program: Program) -> bool:
    """Whether the call's page is; the process may be starting again."""
    try:
        return is_served(program)
    except (OSError, http.client.HTTPException):
        return False
