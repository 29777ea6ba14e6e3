"""`clarion restore`."""

import shutil
import tempfile
from pathlib import Path

import click

from clarion.cli.archive import ArchiveWrong, unpack_backup, unpack_keys
from clarion.cli.setup import migrate_if_behind
from clarion.env import read_env
from clarion.kernel.clock import utc_now
from clarion.kernel.files import DataFolder
from clarion.outbox.actions import hold_mails, release_mails
from clarion.privacy.actions import erase_again


@click.command()
@click.argument("archive", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--keys", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The file of --with-keys.")
@click.option("--erased", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="erased.txt of the old machine.")
@click.option("--replace", is_flag=True, help="Put the backup in the place of the records that are here.")
@click.option("--send", "send_held", is_flag=True, help="Send the mails that a restore held back.")
def restore(archive: Path | None, keys: Path | None, erased: Path | None, replace: bool, send_held: bool) -> None:
    """Put a backup into the data folder. Stop `clarion serve` first.

    Mails promised before the backup are held (they may have gone out since) until you run `clarion restore --send`.
    Erasures made since the backup are made again.
    """
    env = read_env()
    if archive is None and not send_held:
        raise click.UsageError("Name a backup, or --send to release held mails.")
    if archive is not None:
        _put_back(env.data, archive, keys, erased, replace)
        _settle()
    if send_held:
        click.echo(f"Released {release_mails(now=utc_now())} mails.")


def _put_back(data: DataFolder, archive: Path, keys: Path | None, erased: Path | None, replace: bool) -> None:
    if _has_records(data) and not replace:
        raise ArchiveWrong(f"There are records in {data.root}. Name an empty CLARION_DATA, or say --replace.")
    data.make()
    if keys:
        click.echo(f"Laid {unpack_keys(keys, data)} keys into {data.keys}.")
    if not list(data.keys.glob("field-*.key")):
        raise ArchiveWrong("There are no private keys here: nothing in the backup could be read. Name their file with --keys.")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data.root) as work:
        manifest = unpack_backup(archive, Path(work))
        _merge_erasures(data, [Path(work) / "erased.txt", *([erased] if erased else [])])
        for name in manifest.hashes:
            if name != "erased.txt":
                _lay(Path(work) / name, _place(data, name))
    click.echo(f"Restored the backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC.")


def _has_records(data: DataFolder) -> bool:
    """Whether a campaign was ever stored here; the folders and first keys of a start alone do not count."""
    return data.records.exists() and data.records.stat().st_size > 0


def _place(data: DataFolder, name: str) -> Path:
    return {data.inbox.name: data.inbox, data.records.name: data.records}.get(name, data.root / name)


def _lay(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for journal in (target.with_name(target.name + "-wal"), target.with_name(target.name + "-shm")):
        journal.unlink(missing_ok=True)
    shutil.move(source, target)


def _merge_erasures(data: DataFolder, others: list[Path]) -> None:
    """Add to the list what it lacks; it is never replaced (design: Erasing)."""
    known = set(data.erased.read_text(encoding="ascii").split()) if data.erased.exists() else set()
    found = {line for path in others if path.exists() for line in path.read_text(encoding="ascii").split()}
    with data.erased.open("a", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in sorted(found - known))


def _settle() -> None:
    migrate_if_behind()
    now = utc_now()
    click.echo(f"Erased again: {erase_again(now=now)}. Held mails: {hold_mails()}; send them with `clarion restore --send`.")
    click.echo("Now run `clarion publish --all` and `clarion serve`.")
