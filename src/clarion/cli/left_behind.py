"""Forms in the inbox file of a data folder whose records are in PostgreSQL: nobody drains that file any more.

They lie there where a public process runs on that was not told of the move, or where `clarion move` was not run again
after it was.
"""

import logging
import sqlite3
import threading

from django.db import Error, connections

from clarion.cli.move_progress import INBOX, has_begun, step_of
from clarion.env import Env
from clarion.inbox.reader import count_rows
from clarion.kernel.logs import describe_error

log = logging.getLogger("clarion.worker")

MEND = (
    "Run `clarion move` once more, as the owner of the tables (docs/operate/move.md). If it never comes to 0, the"
    " public process still lacks CLARION_INBOX_URL."
)
_EVERY_SECONDS = 60


def forms_left_behind(env: Env) -> int:
    """How many forms lie there that no move took over; 0 where that file is the inbox itself, or there is none.

    Raises an error of either database.
    """
    if env.database is None or not env.data.inbox.exists():
        return 0
    moved = step_of(INBOX).last if has_begun() else None
    return count_rows(env.data.inbox, after=int(moved or 0))


def tell_of_forms_left_behind(env: Env, stop: threading.Event) -> None:
    """Say so in the log, each minute until `stop`. For a thread of its own."""
    while True:
        try:
            if forms := forms_left_behind(env):
                log.error("%d forms lie in %s, which nobody drains. %s", forms, env.data.inbox, MEND)
        except (Error, sqlite3.Error) as error:
            log.warning("The old inbox cannot be looked at: %s", describe_error(error))
        connections.close_all()
        if stop.wait(_EVERY_SECONDS):
            return
