"""One migration at a time: `serve`, `worker` and `launch` may all be the first on an empty database."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from clarion.kernel.files import DataFolder

_MIGRATING = 0x636C6172696F6E  # "clarion"; any number that nothing else on the server locks


@contextmanager
def migrating_alone(data: DataFolder) -> Iterator[None]:
    """Hold the right to change the records' tables for a block; waits for its turn."""
    if connection.vendor == "postgresql":
        with _alone_on_the_server():
            yield
        return
    with data.root.joinpath("migrate.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed
        yield


@contextmanager
def _alone_on_the_server() -> Iterator[None]:
    """By a transaction's lock on a line of its own: other machines migrate too, and pgbouncer may stand between."""
    line = connection.copy()
    try:
        line.set_autocommit(False)
        with line.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATING])
        yield
    finally:
        line.close()
