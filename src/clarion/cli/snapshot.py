"""Copies of all that a backup saves, each of one moment, in a folder of the data folder while they are packed.

The inbox is copied before the records: a row that was drained in between is in both, which draining exactly once
forgives. So whatever was acknowledged before the first copy began is in one of them.
"""

import fcntl
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from clarion.cli.postgres_dump import DUMP, dump_database
from clarion.kernel.databases import Database
from clarion.kernel.errors import ClarionError
from clarion.kernel.files import DataFolder

_HOST_FILES = ("countries.toml", "countries.geojson", "locale/*.po")
_PAGES_A_STEP = 2_000
_SPARE_BYTES = 200_000_000  # stays free on the data folder's disk while a copy lies there: intake writes on

Told = Callable[[int, int], None]  # bytes done, bytes in all


class NoSnapshot(ClarionError):
    """Copies could not be made. What is running goes on unharmed, and nothing is left of them."""


@contextmanager
def snapshot(data: DataFolder, database: Database | None, told: Told) -> Iterator[dict[str, Path]]:
    """Copies of all that is saved, by their names in the archive, for a block; one backup at a time.

    Raises `NoSnapshot`: nothing there, or moved away, no room, another backup at work; `DumpFailed` for PostgreSQL.
    """
    if database is None and data.moved.exists():
        raise NoSnapshot(
            "The records were moved to PostgreSQL, and those here are of before. Set CLARION_DATABASE_URL for the"
            " backup too, to the role clarion_backup (docs/operate/backup.md)."
        )
    if database is None and not data.records.exists():
        raise NoSnapshot(f"There are no records in {data.root}: nothing to back up. Is CLARION_DATA right?")
    with _alone(data.backup):
        if database is None:
            _refuse_without_room(data)
        with tempfile.TemporaryDirectory(prefix="copy-", dir=data.backup) as work:
            try:
                files = dict(_copies(data, database, Path(work), told))
            except (OSError, sqlite3.Error) as error:
                raise NoSnapshot(f"The copy for the backup failed: {error}. Nothing of it was left.") from error
            yield files


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder of copies for a block, cleared of what a killed backup left."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "backup.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NoSnapshot("Another backup is being made just now. Wait for it to end.") from error
        for left in folder.glob("copy-*"):
            shutil.rmtree(left)
        yield


def _refuse_without_room(data: DataFolder) -> None:
    needed = sum(_size_with_log(path) for path in (data.inbox, data.records)) + _SPARE_BYTES
    free = shutil.disk_usage(data.backup).free
    if free < needed:
        raise NoSnapshot(
            f"A copy needs {needed / 1e9:.1f} GB on the disk of {data.root}, and {free / 1e9:.1f} GB are free."
            " Make room: a full disk would stop people from signing."
        )


def _size_with_log(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _copies(data: DataFolder, database: Database | None, work: Path, told: Told) -> Iterator[tuple[str, Path]]:
    if database is not None:
        dump_database(database, work / DUMP, spare_bytes=_SPARE_BYTES)
        yield DUMP, work / DUMP
    else:
        yield from _copies_of_files(data, work, told)
    # After the records: whoever is missing in them is on the list.
    for pattern in (data.erased.name, *_HOST_FILES):
        for source in sorted(data.root.glob(pattern)):
            name = source.relative_to(data.root).as_posix()
            (work / name).parent.mkdir(exist_ok=True)
            yield name, Path(shutil.copyfile(source, work / name))


def _copies_of_files(data: DataFolder, work: Path, told: Told) -> Iterator[tuple[str, Path]]:
    for source in (data.inbox, data.records):  # in this order
        if source.exists():
            _copy_database(source, work / source.name, told)
            yield source.name, work / source.name


def _copy_database(source: Path, copy: Path, told: Told) -> None:
    with (
        closing(sqlite3.connect(source, timeout=60, isolation_level=None)) as reading,
        closing(sqlite3.connect(copy)) as writing,
    ):
        page_bytes = reading.execute("PRAGMA page_size").fetchone()[0]
        # One snapshot for all steps: without it each write of the running program starts the copy again.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(
            writing,
            pages=_PAGES_A_STEP,
            progress=lambda _, left, total: told((total - left) * page_bytes, total * page_bytes),
        )
        reading.execute("COMMIT")
        writing.execute("PRAGMA journal_mode=DELETE")
