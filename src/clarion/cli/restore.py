"""`clarion restore`."""

from collections.abc import Sequence
from pathlib import Path

import click

from clarion.cli.encryption import Identity, read_identities
from clarion.cli.progress import Bar
from clarion.cli.put_back import put_back
from clarion.cli.setup import bring_up_to_date
from clarion.env import Env, read_env
from clarion.kernel.clock import utc_now
from clarion.outbox.actions import hold_mails, release_mails
from clarion.privacy.actions import erase_again

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("archive", required=False, type=_FILE)
@click.option("--identity", "identities", multiple=True, type=_FILE, help="The file of a private key that opens it.")
@click.option("--keys", type=_FILE, help="The keys file written by `clarion backup --with-keys`.")
@click.option("--erased", multiple=True, type=_FILE, help="The old machine's erased.txt; give each worker's.")
@click.option("--replace", is_flag=True, help="Put the backup in the place of the records that are here.")
@click.option("--send", "send_held", is_flag=True, help="Send the mails that a restore held back.")
def restore(
    archive: Path | None,
    identities: tuple[Path, ...],
    keys: Path | None,
    erased: tuple[Path, ...],
    replace: bool,
    send_held: bool,
) -> None:
    """Put a backup into the data folder. Stop `clarion serve` first.

    The whole backup is checked before anything is changed. Then mails promised before it are held, since they may have
    gone out, and erasures made since are made again. If the restore is cut off before that, no worker starts here: run
    it again, with --replace. Afterwards `clarion restore --send` lets held mails go. Forms that wait in this inbox
    stay.
    """
    env = read_env()
    if archive is None and not send_held:
        raise click.UsageError("Name a backup, or --send to release held mails.")
    if archive is not None:
        _restore(env, archive, read_identities(identities), keys=keys, erased=erased, replace=replace)
    if send_held:
        click.echo(f"Released {release_mails(now=utc_now())} mails.")


def _restore(
    env: Env,
    archive: Path,
    identities: Sequence[Identity],
    *,
    keys: Path | None,
    erased: Sequence[Path],
    replace: bool,
) -> None:
    with Bar("Reading") as bar:
        manifest = put_back(
            env.data,
            archive,
            identities,
            keys=keys,
            erased=erased,
            replace=replace,
            database=env.database,
            told=bar.show,
        )
    bring_up_to_date()
    held, count = hold_mails(), erase_again(now=utc_now())
    env.data.restoring.unlink()
    click.echo(f"Restored the backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    click.echo(f"Erased again: {count}. Held mails: {held}; send them with `clarion restore --send`.")
    if env.database:
        click.echo("Now run `clarion database roles --apply`, as now. On a new server add --passwords FOLDER: roles")
        click.echo("without a password cannot sign in.")
    click.echo("Then run `clarion publish --all`, and start the units or `clarion serve`.")
