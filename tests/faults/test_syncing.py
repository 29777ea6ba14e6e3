"""Promise: what is answered is on disk before; where the disk says that it is not, the whole batch hears 503.

`kill -9` cannot tell a synced log from one that only the kernel holds. The order of system calls can.
"""

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import Note
from tests.faults.crowd import Crowd, wait_to_reach
from tests.faults.short_call import SLUG, door_of, kill_all, parts_of, start_short_call
from tests.faults.test_intake_kills import PublicProcess
from tests.program import STOPS_WITHIN, Program, wait_until

pytestmark = pytest.mark.faults

_CALL = re.compile(r"^(\d+) +(.*)$")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>")
_OPENED = re.compile(r'openat\(.*?"([^"]+)".* = (\d+)$')


@pytest.fixture
def public(tmp_path: Path) -> Iterator[PublicProcess]:
    """A public process that is gone after the test."""
    assert shutil.which("strace"), "strace is missing: run scripts/install-tools"
    process = PublicProcess(tmp_path)
    yield process
    if process.process is not None and process.process.poll() is None:
        process.end(signal.SIGKILL)
    process.door.close()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a trace tells, in its order: a write to the log, a sync of it that succeeded, an answer."""

    kind: str
    size: int = 0


def events_of(trace: Path) -> Iterator[Event]:
    """What matters in a trace of strace: calls that another thread interrupted count where they ended."""
    begun: dict[str, str] = {}
    logs: set[str] = set()
    for line in trace.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if not found:
            continue
        thread, call = found.groups()
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>").rstrip()
            if "HTTP/1.1 303" in call:
                yield Event("answer")  # where it began, to be strict
            continue
        if resumed := _RESUMED.match(call):
            call = begun.pop(thread, "") + call[resumed.end() :]
            if "HTTP/1.1 303" in call:
                continue
        if (opened := _OPENED.match(call)) and opened[1].endswith("-wal"):
            logs.add(opened[2])
        elif "HTTP/1.1 303" in call:
            yield Event("answer")
        elif (written := re.match(r"pwrite64\((\d+), .* = (\d+)$", call)) and written[1] in logs:
            yield Event("write", int(written[2]))
        elif (synced := re.match(r"f(?:data)?sync\((\d+)\) += 0", call)) and synced[1] in logs:
            yield Event("sync")


def batches_of(public: PublicProcess) -> list[int]:
    """How many rows each batch in the inbox has, in the order of their commits."""
    with closing(sqlite3.connect(public.door.data.inbox)) as inbox:
        return [count for (count,) in inbox.execute("SELECT count(*) FROM rows GROUP BY batch ORDER BY batch")]


def test_no_answer_of_a_batch_leaves_before_the_sync_of_its_log(public: PublicProcess, tmp_path: Path) -> None:
    """Under load: so many answers have left as the batches that were synced before hold rows, and no more."""
    trace = tmp_path / "trace"
    calls = "trace=openat,fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"
    public.start("strace", "-D", "-f", "-o", str(trace), "-s", "40", "-e", calls)
    for thread in public.sign(crowd=16, each=15):
        thread.join()
    assert len(public.answered) == 240
    public.end(signal.SIGTERM)

    batches = batches_of(public)
    assert sum(batches) == 240
    assert max(batches) > 1
    answered = synced = 0
    is_written = False
    for event in events_of(trace):
        if event.kind == "write":
            is_written = is_written or event.size > 32  # a log's own head has 32 bytes
        elif event.kind == "sync" and is_written:
            synced, is_written = synced + 1, False
        elif event.kind == "answer":
            answered += 1
            assert answered <= sum(batches[:synced]), f"answer {answered} left after {synced} syncs"
    assert (answered, synced) == (240, len(batches))


def test_a_fresh_file_and_its_folder_are_on_disk_before_the_first_answer(public: PublicProcess, tmp_path: Path) -> None:
    """A log that nobody finds again after a power cut holds nothing."""
    trace = tmp_path / "trace"
    calls = "trace=openat,mkdir,mkdirat,fdatasync,fsync,sendto,sendmsg,write,writev"
    shutil.rmtree(public.door.data.inbox.parent)
    public.start("strace", "-D", "-f", "-y", "-o", str(trace), "-s", "40", "-e", calls)
    for thread in public.sign(crowd=1, each=1):
        thread.join()
    public.end(signal.SIGTERM)

    before, answer, _ = trace.read_text(errors="replace").partition("HTTP/1.1 303")
    assert answer
    inbox = re.escape(str(public.door.data.inbox.parent))
    assert "inbox.sqlite3-wal" in before
    assert re.search(rf"f(?:data)?sync\(\d+<{inbox}>", before), "the inbox's folder"
    assert re.search(rf"f(?:data)?sync\(\d+<{inbox}/inbox.sqlite3>", before), "the inbox itself"
    assert re.search(rf"f(?:data)?sync\(\d+<{re.escape(str(public.door.data.root))}>", before), (
        "the folder of its folder"
    )


def test_keys_are_on_disk_before_anything_is_sealed_with_them(tmp_path: Path) -> None:
    """A key that a power cut takes takes with it all that was sealed."""
    trace = tmp_path / "trace"
    program = "import pathlib, sys, clarion.kernel.keys as keys; keys.make_missing_keys(pathlib.Path(sys.argv[1]))"
    subprocess.run(
        ["strace", "-f", "-y", "-o", str(trace), "-e", "trace=fsync,fdatasync",
         sys.executable, "-c", program, str(tmp_path / "data" / "keys")],
        check=True,
    )  # fmt: skip

    synced = trace.read_text()
    for name in ("inbox-1.key", "link-1.key", "field-1.key", "dedupe-1.key", "office-1.key"):
        assert f"keys/{name}>)" in synced
    assert "/data>)" in synced
    assert synced.rindex("/data/keys>)") > synced.rindex(".key>)")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program with a short call, gone afterwards."""
    assert shutil.which("strace"), "strace is missing: run scripts/install-tools"
    running = start_short_call(tmp_path)
    yield running
    running.stop()
    kill_all(running)


def fail_the_next_syncs_of(pid: int) -> "subprocess.Popen[bytes]":
    """Let each sync of a running process fail from now on, as a dying disk does."""
    inject = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]
    tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-p", str(pid), *inject], stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    assert b"attached" in said, said.decode()
    return tracer


def test_a_failed_sync_answers_503_ends_the_process_and_retries_are_harmless(
    program: Program, note: Note, is_soak: bool
) -> None:
    """What such a commit left may be there after the restart or not: people try again, and count once."""
    rounds = 20 if is_soak else 1
    with Crowd(door_of(program), rate=100, mails=program.mail_folder) as crowd:
        for _ in range(rounds):
            pid = wait_until(lambda: parts_of(program).get("intake"), "the public process")
            wait_until(lambda: program._is_healthy(program.public_port), "it to answer")
            refused = crowd.books.refused.get(503, 0)
            tracer = fail_the_next_syncs_of(pid)
            wait_until(lambda refused=refused: crowd.books.refused.get(503, 0) > refused, "a batch to be refused")
            wait_until(lambda pid=pid: parts_of(program).get("intake") not in (None, pid), "a new process", seconds=90)
            tracer.wait(timeout=STOPS_WITHIN)
            assert tracer.stderr is not None
            tracer.stderr.close()
        time.sleep(1)
        crowd.leave()
        wait_until(lambda: crowd.has_signed, "everybody to be answered", seconds=90)
        people = len(crowd.books.signed)
        wait_to_reach(people, lambda: crowd.books.confirmed, "people who confirmed")
        wait_to_reach(people, lambda: _total(program), "people who count")
    time.sleep(3)  # whatever would count twice
    assert program.counts(SLUG)["total"] == people
    assert crowd.books.confirmed == people
    assert set(crowd.books.refused) == {503}
    assert crowd.books.without_retry_after == 0
    note(failed_syncs=rounds, people=people, refused=crowd.books.refused[503])


def _total(program: Program) -> int:
    return int(program.counts(SLUG)["total"])
