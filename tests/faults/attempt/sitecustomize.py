"""Loaded by every Python whose PYTHONPATH names this folder: on SIGUSR1 it tries to open the files that PYTHONATTEMPT
names, to read and to write, from inside whatever program that is, and says on standard error what came of it.
"""

import errno
import json
import os
import signal
import sys

_WAYS = {"read": os.O_RDONLY, "write": os.O_WRONLY | os.O_CREAT}


def _attempt(path: str, flags: int) -> str:
    try:
        os.close(os.open(path, flags))
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "opened"


def _attempt_all(*_: object) -> None:
    paths = os.environ["PYTHONATTEMPT"].split(os.pathsep)
    came_of_it = {f"{way} {path}": _attempt(path, flags) for path in paths for way, flags in _WAYS.items()}
    sys.stderr.write(f"attempted: {json.dumps(came_of_it)}\n")


signal.signal(signal.SIGUSR1, _attempt_all)
