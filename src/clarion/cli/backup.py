"""`clarion backup`."""

from collections.abc import Sequence
from pathlib import Path

import click

from clarion.cli.archive import write_backup
from clarion.cli.encryption import Recipient, make_identity, read_recipients
from clarion.cli.keys_apart import unsaved_keys, write_keys
from clarion.cli.last_backup import LastBackup, note_backup
from clarion.cli.progress import Bar
from clarion.cli.retention import drop_old_backups
from clarion.env import Env, read_env
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError

_FILE = click.Path(path_type=Path, dir_okay=False)
_COUNT = click.IntRange(min=1)
_NOBODY_NAMED = """Nobody is named who may open this backup, so it was not made. Do this once:
  clarion backup --make-key FILE     on your own computer: writes the private key, prints the public one
  CLARION_BACKUP_RECIPIENT=age1…     that public one, in this server's settings (or: --recipient age1…)
To write it for anyone to read who comes by the file: --plain"""


@click.command()
@click.argument("target", type=click.Path(path_type=Path), required=False)
@click.option("--recipient", "named", multiple=True, metavar="KEY", help="Who may open it: age1… or ssh-ed25519 …")
@click.option("--plain", is_flag=True, help="Do not encrypt, whatever the settings say.")
@click.option("--with-keys", type=_FILE, help="Write the private keys to this file, apart.")
@click.option("--keep-daily", type=_COUNT, help="Afterwards keep the last backup of so many days ...")
@click.option("--keep-weekly", type=_COUNT, help="... and of so many weeks in TARGET, and delete the others.")
@click.option("--make-key", type=_FILE, help="Make the key that opens backups, and nothing else. Not on the server.")
def backup(
    target: Path | None,
    named: tuple[str, ...],
    plain: bool,
    with_keys: Path | None,
    keep_daily: int | None,
    keep_weekly: int | None,
    make_key: Path | None,
) -> None:
    """Save everything to TARGET while it runs: a file (.tar or .age), or a folder that gets a dated one.

    It is encrypted to those whom CLARION_BACKUP_RECIPIENT or --recipient name. Clarion's own private keys are not in
    it. Without them nobody, you included, can read the addresses in a backup: write them apart once with
    --with-keys, and keep that file elsewhere.
    """
    if make_key:
        _make_key(make_key)
        return
    if target is None:
        raise click.UsageError("Name the file or folder to write to.")
    if (keep_daily or keep_weekly) and (target.is_file() or target.suffix in (".tar", ".age")):
        raise click.UsageError("--keep-daily and --keep-weekly need a folder as TARGET.")
    env = read_env()
    recipients = [] if plain else _recipients(env, named)
    _back_up(env, target, recipients)
    if with_keys:
        path = write_keys(env.data, with_keys, recipients, now=utc_now())
        click.echo(f"Wrote the private keys to {path}. Keep that file apart from the backups.")
    elif unsaved_keys(env.data):
        click.echo("The private keys were never saved. Do it once: clarion backup TARGET --with-keys FILE", err=True)
    if keep_daily or keep_weekly:
        dropped = drop_old_backups(target, daily=keep_daily or 0, weekly=keep_weekly or 0, now=utc_now())
        click.echo(f"Deleted {dropped} older backups.")


def _make_key(path: Path) -> None:
    if path.resolve().is_relative_to(read_env().data.root):
        raise ClarionError(f"{path} lies in the data folder: whoever took the one would have the other.")
    public = make_identity(path, now=utc_now())
    click.echo(f"CLARION_BACKUP_RECIPIENT={public}")
    click.echo(
        f"Set that on the server. {path} opens the backups: keep it in two places, none of them the server."
        " Without it nobody opens them.",
        err=True,
    )


def _recipients(env: Env, named: Sequence[str]) -> list[Recipient]:
    recipients = read_recipients(named or env.backup_recipients)
    if not recipients:
        raise ClarionError(_NOBODY_NAMED)
    return recipients


def _back_up(env: Env, target: Path, recipients: Sequence[Recipient]) -> None:
    began = utc_now()
    with Bar("Copying, then writing") as bar:
        path = write_backup(env.data, target, recipients, now=began, database=env.database, told=bar.show)
    size = path.stat().st_size
    note_backup(env.data, LastBackup(began, str(path), size, is_encrypted=bool(recipients)))
    click.echo(f"Backed up to {path} ({size / 1_000_000:.1f} MB{', encrypted' if recipients else ', NOT encrypted'}).")
