"""The list of erased records: append-only, in the data folder, so that restoring a backup erases them again.

A line is an id; or `kept` and an id, where personal data went because its time was up, and what it counted for stays.
"""

import fcntl
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from clarion.kernel.durable import append_lines
from clarion.kernel.errors import ClarionError

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
    note_lines(path, ids)


def note_kept(path: Path, ids: Collection[str]) -> None:
    """As `note_erased`, for those of whom the count, or the event, stays."""
    note_lines(path, [f"{_KEPT}{one}" for one in ids])


def note_lines(path: Path, lines: Collection[str]) -> None:
    """Append lines that `read_lines` gave, as `note_erased` does."""
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


def read_erased(path: Path) -> list[str]:
    """All ids of the list of which nothing stays, in order, once each; raises `ErasuresUnreadable`."""
    return [line for line in read_lines(path) if not line.startswith(_KEPT)]


def read_kept(path: Path) -> list[str]:
    """All ids of the list of which the count, or the event, stays; else as `read_erased`."""
    return [line.removeprefix(_KEPT) for line in read_lines(path) if line.startswith(_KEPT)]


def read_lines(path: Path) -> list[str]:
    """All lines of the list, in order, once each; raises `ErasuresUnreadable`."""
    return list(dict.fromkeys(_lines(path)))


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
