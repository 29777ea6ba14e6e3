"""`clarion worker`: drain and count, mail, publish; until told to stop."""

import signal
import threading

import click

from clarion.cli.left_behind import tell_of_forms_left_behind
from clarion.cli.setup import migrate_if_behind
from clarion.settings import ENV
from clarion.worker.main import run


@click.command()
def worker() -> None:
    """Run the worker alone: it drains the inbox, mails and publishes."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    migrate_if_behind()
    if ENV.database:
        threading.Thread(target=tell_of_forms_left_behind, args=(ENV, stop), name="left-behind", daemon=True).start()
    run(ENV, stop)
