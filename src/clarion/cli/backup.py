"""`clarion backup`."""

from pathlib import Path

import click

from clarion.cli.archive import unsaved_keys, write_backup, write_keys
from clarion.cli.progress import Bar
from clarion.env import read_env
from clarion.kernel.clock import utc_now


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--with-keys", type=click.Path(path_type=Path, dir_okay=False), help="Write the private keys to this file, apart."
)
def backup(target: Path, with_keys: Path | None) -> None:
    """Save everything to TARGET while it runs: a .tar file, or a folder that gets a dated one.

    Private keys are not in it. Without them nobody, you included, can read the addresses in a backup: write them
    apart once with --with-keys, and keep that file elsewhere.
    """
    env = read_env()
    with Bar("Copying") as bar:
        path = write_backup(env.data, target, now=utc_now(), told=bar.show)
    click.echo(f"Backed up to {path} ({path.stat().st_size / 1_000_000:.1f} MB).")
    if with_keys:
        count = write_keys(env.data, with_keys, now=utc_now())
        click.echo(f"Wrote {count} private keys to {with_keys}. Keep that file apart from the backups.")
    elif unsaved_keys(env.data):
        click.echo("The private keys were never saved. Do it once: clarion backup TARGET --with-keys FILE", err=True)
