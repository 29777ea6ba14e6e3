"""`clarion restore`."""

import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from itertools import groupby
from pathlib import Path

import click

from clarion.cli.archive import ArchiveWrong, Manifest, key_fingerprints, unpack_backup, unpack_keys
from clarion.cli.setup import migrate_if_behind
from clarion.env import read_env
from clarion.inbox.reader import InboxReader, SealedRow
from clarion.inbox.writer import InboxWriter
from clarion.kernel.clock import utc_now
from clarion.kernel.files import DataFolder
from clarion.outbox.actions import hold_mails, release_mails
from clarion.privacy.actions import erase_again

_FRESH_SECONDS = 15  # a heartbeat younger than that is a running worker's
_ROWS_AT_ONCE = 1_000
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("archive", required=False, type=_FILE)
@click.option("--keys", type=_FILE, help="The file of --with-keys.")
@click.option("--erased", type=_FILE, help="erased.txt of the old machine.")
@click.option("--replace", is_flag=True, help="Put the backup in the place of the records that are here.")
@click.option("--send", "send_held", is_flag=True, help="Send the mails that a restore held back.")
def restore(archive: Path | None, keys: Path | None, erased: Path | None, replace: bool, send_held: bool) -> None:
    """Put a backup into the data folder. Stop `clarion serve` first.

    Mails promised before the backup are held (they may have gone out since) until you run `clarion restore --send`.
    Erasures made since the backup are made again. Forms that wait in the inbox here stay there.
    """
    env = read_env()
    if archive is None and not send_held:
        raise click.UsageError("Name a backup, or --send to release held mails.")
    if archive is not None:
        put_back(env.data, archive, keys=keys, erased=erased, replace=replace)
        _settle()
    if send_held:
        click.echo(f"Released {release_mails(now=utc_now())} mails.")


def put_back(
    data: DataFolder, archive: Path, *, keys: Path | None = None, erased: Path | None = None, replace: bool = False
) -> None:
    """Lay the files of a backup into `data`; raises `ArchiveWrong`, and has changed nothing then but added keys."""
    _refuse_to_harm(data, replace)
    data.make()
    if keys:
        click.echo(f"Laid {unpack_keys(keys, data)} keys into {data.keys}.")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data.root) as work:
        manifest = unpack_backup(archive, Path(work))
        _refuse_other_keys(data, manifest)
        # First, so that a restore that is cut off here cannot bring anybody back.
        _merge_erasures(data, [Path(work) / data.erased.name, *([erased] if erased else [])])
        _lay_all(Path(work), data, manifest)
    click.echo(f"Restored the backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC.")


def _refuse_to_harm(data: DataFolder, replace: bool) -> None:
    if data.heartbeat.exists() and time.time() - data.heartbeat.stat().st_mtime < _FRESH_SECONDS:
        raise ArchiveWrong("Clarion is running on this data folder. Stop it first, and wait a quarter of a minute.")
    if not replace and _has_campaigns(data):
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


def _refuse_other_keys(data: DataFolder, manifest: Manifest) -> None:
    here = key_fingerprints(data)
    missing = sorted(name for name, fingerprint in manifest.keys.items() if here.get(name) != fingerprint)
    if missing:
        raise ArchiveWrong(
            f"The keys that read this backup are not here ({', '.join(missing)}). Name their file with --keys."
        )


def _lay_all(work: Path, data: DataFolder, manifest: Manifest) -> None:
    for name in manifest.hashes:
        if name == data.inbox.name:
            _add_to_inbox(work / name, data.inbox)
        elif name == data.records.name:
            _lay(work / name, data.records)
        elif name != data.erased.name:
            _lay(work / name, data.root / name)


def _lay(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.move(source, target)
    target.chmod(0o600)


def _add_to_inbox(source: Path, target: Path) -> None:
    """Add the backup's rows to those that wait here: what is drained twice counts once, what is lost is lost."""
    if target.exists() and not _is_whole(target):
        target.replace(target.with_suffix(".damaged"))
    with closing(InboxReader(source)) as reader, closing(InboxWriter(target)) as writer:
        after = 0
        while rows := reader.take(_ROWS_AT_ONCE, after=after):
            for (number, sealed_key), batch in groupby(rows, key=lambda row: (row.key_number, row.sealed_key)):
                _append(writer, number, sealed_key, list(batch))
            after = rows[-1].seq


def _is_whole(inbox: Path) -> bool:
    try:
        with closing(InboxReader(inbox)) as reader:
            return reader.integrity_ok()
    except sqlite3.DatabaseError:
        return False


def _append(writer: InboxWriter, number: int, sealed_key: bytes, batch: list[SealedRow]) -> None:
    rows = [(row.submission, row.body) for row in batch]
    writer.append(rows, number, sealed_key, at=batch[0].accepted_at.timestamp())


def _merge_erasures(data: DataFolder, others: list[Path]) -> None:
    """Add to the list what it lacks; it is never replaced (design: Erasing)."""
    known = set(data.erased.read_text(encoding="ascii").split()) if data.erased.exists() else set()
    found = {line for path in others if path.exists() for line in path.read_text(encoding="ascii").split()}
    with data.erased.open("a", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in sorted(found - known))


def _settle() -> None:
    migrate_if_behind()
    erased, held = erase_again(now=utc_now()), hold_mails()
    click.echo(f"Erased again: {erased}. Held mails: {held}; send them with `clarion restore --send`.")
    click.echo("Now run `clarion publish --all` and `clarion serve`.")
