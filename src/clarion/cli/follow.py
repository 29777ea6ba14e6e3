"""`clarion follow`: fetch what a worker on another machine publishes, until told to stop."""

import importlib
import signal
import threading

import click

from clarion.env import read_env
from clarion.kernel.errors import ClarionError

_NODE = "clarion.mirrors.node"  # it loads psycopg


class NothingToFollow(ClarionError):
    """No database is named, so nothing is published elsewhere."""


@click.command()
def follow() -> None:
    """Fetch published files from the database into this machine's data folder.

    `clarion serve --only public` runs it where CLARION_PAGES_URL is set.
    """
    env = read_env()
    if env.pages_database is None:
        raise NothingToFollow("Set CLARION_PAGES_URL: it names the database from which published files come.")
    env.data.make()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    importlib.import_module(_NODE).Node(env.pages_database, env.data).run(stop)
