"""A progress bar that shows itself only where a person waits: after one second, and on a terminal."""

import sys
import time
from types import TracebackType

import click

_PATIENCE = 1.0  # seconds
_WIDTH = 30


class Bar:
    """Tell it how far things are; it says so on standard error."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._started = time.monotonic()
        self._is_shown = False

    def __enter__(self) -> "Bar":
        return self

    def show(self, done: int, total: int) -> None:
        """`done` of `total`, in any unit."""
        if not sys.stderr.isatty() or time.monotonic() - self._started < _PATIENCE:
            return
        self._is_shown = True
        filled = round(_WIDTH * done / max(total, 1))
        click.echo(f"\r{self._label} [{'#' * filled:-<{_WIDTH}}] {done / max(total, 1):4.0%}", nl=False, err=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._is_shown:
            click.echo("", err=True)
