"""Putting the content of a backup into the data folder: all of it is checked before anything is changed."""

import fcntl
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import groupby
from pathlib import Path

from clarion.cli.archive import ArchiveWrong, Manifest, kind_of, silent, unpack_backup
from clarion.cli.encryption import Identity
from clarion.cli.keys_apart import lay_keys, read_keys_file, refuse_other_keys
from clarion.cli.postgres_dump import DUMP, load_database, refuse_to_load
from clarion.cli.snapshot import Told
from clarion.inbox.reader import InboxReader, SealedRow
from clarion.inbox.store import make_way
from clarion.inbox.writer import InboxWriter
from clarion.kernel.clock import utc_now
from clarion.kernel.databases import Database
from clarion.kernel.durable import make_mark
from clarion.kernel.files import DataFolder
from clarion.privacy.erased import merge_lists

_FRESH_SECONDS = 15  # a heartbeat younger than that is a running worker's
_ROWS_AT_ONCE = 1_000
_UNPACKED = ".restore-"


def put_back(
    data: DataFolder,
    archive: Path,
    identities: Sequence[Identity] = (),
    *,
    keys: Path | None = None,
    erased: Sequence[Path] = (),
    replace: bool = False,
    database: Database | None = None,
    told: Told = silent,
) -> Manifest:
    """Lay the files of a backup into `data`, and its dump into `database` where records and inbox lie there.

    Leaves `data.restoring` behind: whoever calls removes it once the mails are held and the erased are erased again.
    Raises `ArchiveWrong`, `ErasuresUnreadable` or `DumpFailed`, and has changed nothing then; only where `pg_restore`
    itself fails, that mark, keys and the list of erasures are there already.
    """
    _refuse_to_harm(data, database, replace)
    data.make()
    is_fresh = not (data.records.exists() or data.inbox.exists() or (database and replace))
    given = read_keys_file(keys, identities) if keys else {}
    with _alone(data), tempfile.TemporaryDirectory(prefix=_UNPACKED, dir=data.root) as work:
        manifest = unpack_backup(
            archive, Path(work), identities, refuse=lambda found: _refuse(found, data, database, given), told=told
        )
        # Both first: a restore that is cut off after this brings nobody back, and sends nothing a second time.
        merge_lists(data.erased, [Path(work) / data.erased.name, *erased], Path(work))
        lay_keys(given, data, is_fresh=is_fresh, now=utc_now())
        make_mark(data.restoring, "A backup is being restored.\n")
        if database is not None:
            load_database(database, Path(work) / DUMP)
        _lay_all(Path(work), data, manifest)
    return manifest


@contextmanager
def _alone(data: DataFolder) -> Iterator[None]:
    """One restore at a time, for a block; what a killed one unpacked is removed."""
    with (data.backup / "restore.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveWrong("Another restore is at work on this data folder. Wait for it to end.") from error
        for left in data.root.glob(f"{_UNPACKED}*"):
            shutil.rmtree(left)
        yield


def _refuse_to_harm(data: DataFolder, database: Database | None, replace: bool) -> None:
    if data.heartbeat.exists() and time.time() - data.heartbeat.stat().st_mtime < _FRESH_SECONDS:
        raise ArchiveWrong("Clarion is running on this data folder. Stop it first, and wait a quarter of a minute.")
    if database is None and data.moved.exists():
        raise ArchiveWrong(
            "The records were moved to PostgreSQL. Set CLARION_DATABASE_URL to restore there; only to go back to"
            f" SQLite, without all that came since the move, remove {data.moved} first."
        )
    if database is not None:
        refuse_to_load(database, replace=replace)
    elif not replace and _has_campaigns(data):
        raise ArchiveWrong(f"There are records in {data.root}. Name an empty CLARION_DATA, or say --replace.")


def _has_campaigns(data: DataFolder) -> bool:
    """Whether a campaign was ever stored here; what a first start makes alone does not count."""
    if not data.records.exists():
        return False
    try:
        with closing(sqlite3.connect(data.records)) as database:
            return bool(database.execute("SELECT EXISTS (SELECT 1 FROM campaigns_campaign)").fetchone()[0])
    except sqlite3.OperationalError:  # no such table
        return False
    except sqlite3.DatabaseError:  # damaged: something was here
        return True


def _refuse(manifest: Manifest, data: DataFolder, database: Database | None, given: Mapping[str, bytes]) -> None:
    refuse_other_keys(manifest.keys, data, given)
    if manifest.kind == kind_of(database):
        return
    if database is not None:
        raise ArchiveWrong(
            "This backup is of SQLite, and CLARION_DATABASE_URL names PostgreSQL. Restore it with CLARION_DATABASE_URL"
            " empty; then `clarion move` carries it over."
        )
    raise ArchiveWrong("This backup is of PostgreSQL. Set CLARION_DATABASE_URL to an empty database, and try again.")


def _lay_all(work: Path, data: DataFolder, manifest: Manifest) -> None:
    for name in manifest.hashes:
        if name == data.inbox.name:
            _add_to_inbox(work / name, data.inbox)
        elif name == data.records.name:
            _lay(work / name, data.records)
        elif name not in (data.erased.name, DUMP):
            _lay(work / name, data.root / name)


def _lay(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.move(source, target)
    target.chmod(0o600)


def _add_to_inbox(source: Path, target: Path) -> None:
    """Add the backup's rows to those that wait here: what is drained twice counts once, what is lost is lost."""
    if target.exists() and not _is_whole(target) and target.exists():  # looking at it may have set it aside
        _move_with_log(target, f"{target.name}.damaged-{utc_now():%Y%m%dT%H%M%S%fZ}")
    make_way(target)
    with closing(InboxReader(source)) as reader, closing(InboxWriter(target)) as writer:
        after = 0
        while rows := reader.take(_ROWS_AT_ONCE, after=after):
            for (number, sealed_key), batch in groupby(rows, key=lambda row: (row.key_number, row.sealed_key)):
                _append(writer, number, sealed_key, list(batch))
            after = rows[-1].seq


def _move_with_log(inbox: Path, name: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            inbox.with_name(inbox.name + suffix).rename(inbox.with_name(name + suffix))


def _is_whole(inbox: Path) -> bool:
    with closing(InboxReader(inbox)) as reader:
        return reader.integrity_ok()


def _append(writer: InboxWriter, number: int, sealed_key: bytes, batch: list[SealedRow]) -> None:
    rows = [(row.submission, row.body) for row in batch]
    writer.append(rows, number, sealed_key, at=batch[0].accepted_at.timestamp())
