"""The program with a call of one language: published in a moment, and with limits as behind a trusted proxy."""

import atexit
import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from clarion.kernel.databases import read_database
from tests.faults.crowd import Door
from tests.postgres import new_database, on_postgresql
from tests.program import STOPS_WITHIN, Program

SLUG = "short-call"
SIGN = f"/{SLUG}/en/sign"
WIDE = {"CLARION_TRUSTED_PROXIES": "127.0.0.1/32", "CLARION_NETWORK_LIMITS": "127.0.0.0/8=1000000/100000"}
_CALL = f"""\
slug = "{SLUG}"
default_language = "en"
[organiser]
name = "Water Committee"
email = "office@example.org"
"""
_STATEMENT = "---\ntitle: A short call\n---\nOne paragraph.\n"


def write_short_call(folder: Path, statement: str = _STATEMENT) -> Path:
    """The call as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "campaign.toml").write_text(_CALL, encoding="utf-8")
    (folder / "statement.en.md").write_text(statement, encoding="utf-8")
    return folder


def start_short_call(folder: Path, *, is_on_postgresql: bool | None = None, **settings: str) -> Program:
    """The program, launched and serving. Its data folder may be there, and empty; its records are where this run has
    them, unless told.
    """
    program = Program(folder / "run", extra=WIDE | settings, records={})
    program.folder.mkdir(parents=True, exist_ok=True)
    if "CLARION_DATABASE_URL" in settings:
        program.launch(write_short_call(folder / "call"))
    else:
        program.records = copy_launched(program.data, is_on_postgresql=is_on_postgresql)
    return program.start()


def copy_launched(data: Path, *, is_on_postgresql: bool | None = None) -> dict[str, str]:
    """Fill a data folder as launching the call does; gives the settings that say where its records are."""
    launched = _launched(on_postgresql() if is_on_postgresql is None else is_on_postgresql)
    shutil.copytree(launched.data, data, dirs_exist_ok=True)
    if not launched.records:
        return {}
    database = read_database(launched.records["CLARION_DATABASE_URL"])
    assert database
    return {"CLARION_DATABASE_URL": new_database(like=database.name)}


@cache
def _launched(is_on_postgresql: bool) -> Program:
    """A program that launched the call and never ran: launching once, and copying, saves each test some seconds."""
    folder = Path(tempfile.mkdtemp(prefix="clarion-launched-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    records = {"CLARION_DATABASE_URL": new_database()} if is_on_postgresql else {}
    program = Program(folder, extra=WIDE, records=records)
    program.launch(write_short_call(folder / "call"))
    return program


def door_of(program: Program) -> Door:
    """Where people sign at this program."""
    return Door(program.public_port, urlsplit(program.public_url).netloc, SIGN)


def parts_of(program: Program) -> dict[str, int]:
    """Process ids of the supervisor's children by part: intake, office, worker."""
    assert program.process is not None
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_bytes().decode()
        except (OSError, IndexError, ValueError):
            continue
        if parent == program.process.pid:
            part = next((part for part in ("intake", "office", "worker") if part in command), "other")
            found[part] = int(status.parent.name)
    return found


def processes_of(program: Program) -> dict[int, str]:
    """The command lines of all processes that work on this program's data folder."""
    return processes_below(program.data)


def processes_below(folder: Path) -> dict[int, str]:
    """The command lines of all processes that work on a data folder in or below `folder`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if any(word.startswith(f"CLARION_DATA={folder}".encode()) for word in environment):
                found[int(entry.name)] = command
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder into which somebody writes: all that lay there at one time, more or less."""

    def looked() -> dict[str, bytes] | None:
        try:
            paths = [path for path in folder.rglob("*") if path.is_file()]
            return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        except FileNotFoundError:  # one was just replaced
            return None

    ends = time.monotonic() + 60
    while (found := looked()) is None:
        assert time.monotonic() < ends, f"files come and go in {folder}"
    return found


def memory_of(program: Program) -> int:
    """Proportional set size of all processes together, in bytes."""
    return sum(memory_of_process(pid) for pid in processes_of(program))


def memory_of_process(pid: int) -> int:
    """Proportional set size of one process, in bytes; 0 where it is gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024


def has_beaten_since(program: Program, moment: float) -> bool:
    """Whether the worker's heart has beaten after this Unix time."""
    try:
        return program.data.joinpath("worker", "heartbeat.json").stat().st_mtime > moment
    except FileNotFoundError:
        return False


def kill_all(program: Program) -> None:
    """Leave nothing of a failed test behind."""
    for pid in processes_of(program):
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue
    if program.process is not None:
        program.process.wait(timeout=STOPS_WITHIN)
    time.sleep(0.1)
