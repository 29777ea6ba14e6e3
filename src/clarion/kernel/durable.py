"""Folders that a power cut does not take: a name is on disk once the folder that holds it was synced."""

import os
from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, readable by its owner alone, with those above it; on disk when this returns. Safe to repeat."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; a folder of others that may not be read is theirs to care for."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
