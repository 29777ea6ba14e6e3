"""A clock that the test sets while the program runs (`clock/sitecustomize.py` reads it)."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCK = Path(__file__).parent / "clock"


class SteppedClock:
    """The clock of a program; `settings` are the variables with which its processes go by it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "clock"
        self._offset = timedelta()
        self._write()

    @property
    def settings(self) -> dict[str, str]:
        """Variables that reach each of the program's processes, intake too."""
        return {"PYTHONPATH": str(CLOCK), "PYTHONCLOCKFILE": str(self._file)}

    def now(self) -> datetime:
        """The time that the program believes."""
        return datetime.now(UTC) + self._offset

    def step(self, by: timedelta) -> None:
        """Step it, forward or back."""
        self._offset += by
        self._write()

    def set(self, moment: datetime) -> None:
        """Set it to a moment; it runs on from there."""
        self._offset = moment - datetime.now(UTC)
        self._write()

    def _write(self) -> None:
        # In place and not beside: the program has the file mapped.
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("d", self._offset.total_seconds()))
