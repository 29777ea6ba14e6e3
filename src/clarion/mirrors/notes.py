"""Which published files changed and were not sent yet: a list on disk, to which any process of the publisher adds."""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from clarion.kernel.durable import append_lines

NOTES = "worker/changed-files"  # below the data folder; there only while somebody sends


def note_change(folder: str, file: str) -> None:
    """Note that `file` below `folder` (`site`, `manage` or `policy` of a data folder) was written or taken away.

    Afterwards, not before: whoever reads the note finds the file as it is meant. Nothing happens where nobody sends.
    Where it cannot be noted (`OSError`), the list goes: then its reader knows no more, and everything is compared.
    """
    data, _, name = folder.rpartition("/")
    try:
        handle = os.open(f"{data}/{NOTES}", os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        append_lines(handle, f"{name}/{file}\n".encode())
    except OSError:
        Path(f"{data}/{NOTES}").unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


class Notes:
    """The sender's side. For one thread of the one publisher."""

    def __init__(self, data: Path) -> None:
        self._path = data / NOTES
        self._taken = 0  # bytes

    def begin(self) -> None:
        """Ask for notes, with an empty list."""
        self._taken = 0
        self._path.write_bytes(b"")

    def add_all(self, paths: Iterable[str]) -> None:
        """Note these (below the data folder)."""
        with self._path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.writelines(f"{path}\n".encode() for path in paths)

    def end(self) -> None:
        """Ask for no more."""
        self._path.unlink(missing_ok=True)

    def take(self) -> list[str]:
        """The paths below the data folder that changed and are not settled, in the order of their last change."""
        with self._path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            said = file.read()
        self._taken = len(said)
        last_first = dict.fromkeys(reversed(said.decode().splitlines()))
        return list(reversed(last_first))

    def settle(self) -> None:
        """What was taken is sent; what was noted meanwhile stays."""
        if not self._taken:
            return
        with self._path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(self._taken)
            later = file.read()
            file.seek(0)
            file.write(later)
            file.truncate()
        self._taken = 0
