"""The list of erased records: append-only, in the data folder, so that restoring a backup erases them again."""

import fcntl
import os
from collections.abc import Collection
from pathlib import Path

from clarion.kernel.durable import append_lines
from clarion.kernel.errors import ClarionError


class ErasuresNotNoted(ClarionError):
    """The list cannot be written, so nothing may be erased now. Trying again helps once there is room."""


def note_erased(path: Path, ids: Collection[str]) -> None:
    """Append these ids, one a line; on disk when this returns.

    Call it before the commit that erases: an id too many is harmless, one too few would bring a person back. Raises
    `ErasuresNotNoted`.
    """
    if not ids:
        return
    try:
        _append(path, "".join(f"{one}\n" for one in ids).encode("ascii"))
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
    """All ids of the list, in order, once each."""
    if not path.exists():
        return []
    return list(dict.fromkeys(path.read_text(encoding="ascii").split()))
