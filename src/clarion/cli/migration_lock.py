"""One migration at a time: `serve` and `launch` may both be the first on an empty data folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from clarion.kernel.files import DataFolder


@contextmanager
def migrating_alone(data: DataFolder) -> Iterator[None]:
    """Hold the right to change the records' tables for a block; waits for its turn."""
    with data.root.joinpath("migrate.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed
        yield
