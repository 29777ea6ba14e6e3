"""A further process of a publication: it gets a manuscript, then prints sheet after sheet; it reads no records or keys.

It ends with its standard input, so with the process that started it, after the sheet that it has in hand.
"""

import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from clarion.mirrors.lock import held_by_hand
from clarion.pages.printing import print_sheet


def main() -> None:
    """Say that the lock (named on the command line) is held, then print what comes in and say what was printed."""
    with held_by_hand(Path(sys.argv[1])), suppress(EOFError, BrokenPipeError):
        _say(True)
        manuscript = _heard()
        while True:
            _say(print_sheet(manuscript, _heard()))


def _heard() -> Any:
    return pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one


def _say(what: object) -> None:
    pickle.dump(what, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()
