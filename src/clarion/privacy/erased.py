"""The list of erased records: append-only, in the data folder, so that restoring a backup erases them again.

A line is an id; or `kept` and an id, where personal data went because its time was up, and what it counted for stays.
"""

import fcntl
import os
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from clarion.kernel.durable import append_lines
from clarion.kernel.errors import ClarionError

_LINES_AT_ONCE = 10_000
_KEPT = "kept "
_LINE = re.compile(f"(?:{_KEPT})?[0-9a-f]{{32}}")
# What a full disk may have left of one.
_CUT = re.compile(f"(?:{_KEPT})?[0-9a-f]{{0,31}}|k|ke|kep|kept")


class ErasuresNotNoted(ClarionError):
    """The list cannot be written, so nothing may be erased now. Trying again helps once there is room."""


class ErasuresUnreadable(ClarionError):
    """A file is no such list, or was damaged; passing over what it says might bring a person back."""


def note_erased(path: Path, ids: Collection[str]) -> None:
    """Append these ids, one a line; on disk when this returns.

    Call it before the commit that erases: an id too many is harmless, one too few would bring a person back. Raises
    `ErasuresNotNoted`.
    """
    _note(path, ids)


def note_kept(path: Path, ids: Collection[str]) -> None:
    """As `note_erased`, for those of whom the count, or the event, stays."""
    _note(path, [f"{_KEPT}{one}" for one in ids])


def merge_lists(path: Path, others: Iterable[Path], work: Path) -> None:
    """Append to the list what it lacks of `others`; all are read to their ends before anything is written.

    In a table in the folder `work`, for a list holds whoever was ever erased. Raises `ErasuresUnreadable` (the list is
    as it was), or as `note_erased` does.
    """
    with closing(sqlite3.connect(work / "erasures.sqlite3", isolation_level=None)) as table:
        for statement in (
            *(f"PRAGMA {pragma}" for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-32000")),
            "CREATE TABLE lines (line TEXT PRIMARY KEY, is_new INTEGER NOT NULL) WITHOUT ROWID",
            "BEGIN",
        ):
            table.execute(statement)
        for one, is_new in ((path, False), *((other, True) for other in others)):
            table.executemany("INSERT OR IGNORE INTO lines VALUES (?, ?)", ((line, is_new) for line in _lines(one)))
        found = table.execute("SELECT line FROM lines WHERE is_new ORDER BY line")
        while rows := found.fetchmany(_LINES_AT_ONCE):
            _note(path, [line for (line,) in rows])


def _note(path: Path, lines: Collection[str]) -> None:
    if not lines:
        return
    try:
        _append(path, "".join(f"{one}\n" for one in lines).encode("ascii"))
    except OSError as error:
        raise ErasuresNotNoted(f"{path} cannot be written: {error.strerror}. Until then nobody is erased.") from error


def _append(path: Path, lines: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        append_lines(handle, lines)
        os.fsync(handle)
    finally:
        os.close(handle)


def read_erased(path: Path) -> Iterator[str]:
    """All ids of the list of which nothing stays, in order, as often as they were noted; raises `ErasuresUnreadable`.

    Read as it is asked for: a list holds whoever was ever erased.
    """
    return (line for line in _lines(path) if not line.startswith(_KEPT))


def read_kept(path: Path) -> Iterator[str]:
    """All ids of the list of which the count, or the event, stays; else as `read_erased`."""
    return (line.removeprefix(_KEPT) for line in _lines(path) if line.startswith(_KEPT))


def _lines(path: Path) -> Iterator[str]:
    if not path.exists():
        return
    with path.open(encoding="ascii", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            said = line.rstrip("\n")
            if _LINE.fullmatch(said):
                yield said
            elif not _CUT.fullmatch(said):
                raise ErasuresUnreadable(f"Line {number} of {path} is none of a list of erased records; mend it first.")
