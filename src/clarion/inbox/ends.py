"""The two ends of the inbox, whichever store it lies in: a SQLite file, or a table of PostgreSQL (ADR 0009)."""

import importlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from clarion.inbox.reader import InboxReader, SealedRow
from clarion.inbox.writer import InboxWriter
from clarion.kernel.databases import Database


class WritingEnd(Protocol):
    """Intake's side. For one thread at a time."""

    def append(
        self, rows: Sequence[tuple[str, bytes]], key_number: int, sealed_key: bytes, *, at: float | None = None
    ) -> None:
        """Store one batch of (submission id, sealed body) whole; safe on disk when this returns.

        Raises `InboxUnavailable` (try again later) or `InboxBroken` (this process must start again).
        """

    def close(self) -> None:
        """Let the store go; what was appended stays."""


class ReadingEnd(Protocol):
    """The worker's side. For one thread at a time. Methods raise `InboxUnavailable` or `InboxBroken`."""

    def take(self, limit: int) -> list[SealedRow]:
        """About `limit` of the oldest rows that no other worker holds; they stay until `remove`.

        Fewer than `limit`: no more are to be had now.
        """

    def remove(self, seqs: Sequence[int]) -> None:
        """Remove rows that records now hold: all of what was taken. Safe to repeat."""

    def release(self) -> None:
        """Let go of what was taken and not removed, so that it can be taken again."""

    def waiting(self) -> int:
        """How many rows wait, those that a worker holds included."""

    def oldest_at(self) -> datetime | None:
        """When the oldest waiting row was accepted; None where the inbox is empty."""

    def copy_log(self) -> None:
        """Do now what intake would else have to do in the midst of its work."""

    def truncate_log(self) -> bool:
        """Let nothing of removed rows lie about, as far as the store allows; False: try again."""

    def close(self) -> None:
        """Let the store go."""


# psycopg is loaded where a database is named, and nowhere else.
_POSTGRES_WRITER = "clarion.inbox.postgres_writer"
_POSTGRES_READER = "clarion.inbox.postgres_reader"


def open_writer(path: Path, database: Database | None) -> WritingEnd:
    """Intake's end of the inbox in `database`, else of the file at `path`. A server that is down keeps nobody waiting:
    it is asked with the first batch."""
    if database is None:
        return InboxWriter(path)
    end: WritingEnd = importlib.import_module(_POSTGRES_WRITER).PostgresWriter(database)
    return end


def open_reader(path: Path, database: Database | None) -> ReadingEnd:
    """The worker's end of the inbox in `database`, else of the file at `path`."""
    if database is None:
        return InboxReader(path)
    end: ReadingEnd = importlib.import_module(_POSTGRES_READER).PostgresReader(database)
    return end
