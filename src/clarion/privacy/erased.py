"""The list of erased records: append-only, in the data folder, so that restoring a backup erases them again."""

import os
from collections.abc import Collection
from pathlib import Path


def note_erased(path: Path, ids: Collection[str]) -> None:
    """Append these ids, one a line; on disk when this returns.

    Call it before the commit that erases: an id too many is harmless, one too few would bring a person back.
    """
    if not ids:
        return
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, "".join(f"{one}\n" for one in ids).encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)


def read_erased(path: Path) -> list[str]:
    """All ids of the list, in order, once each."""
    if not path.exists():
        return []
    return list(dict.fromkeys(path.read_text(encoding="ascii").split()))
