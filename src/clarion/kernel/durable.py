"""What a power cut or a full disk does not take: names in folders, and lines at the end of a file."""

import errno
import os
from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, readable by its owner alone, with those above it; on disk when this returns. Safe to repeat."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def make_mark(file: Path, words: str) -> None:
    """Write a small file that says something by being there; on disk when this returns. Safe to repeat."""
    with file.open("w", encoding="ascii") as writing:
        writing.write(words)
        writing.flush()
        os.fsync(writing.fileno())
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; a folder of others that may not be read is theirs to care for."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def append_lines(handle: int, lines: bytes) -> None:
    """Append lines, each with its end, to a file open to read and to append: all of them, or `OSError`.

    A disk that fills up takes a part and calls that a success (write(2)). A line that was cut so ends where the next
    begins: else both would be lost.
    """
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        lines = b"\n" + lines
    if os.write(handle, lines) != len(lines):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
