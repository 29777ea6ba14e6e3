"""What the parts can do by themselves, as yardsticks: rows into SQLite and PostgreSQL, mails into the sink."""

import os
import smtplib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from bench.road import durable_server
from bench.sink import mail_sink
from bench.table import Row

SECONDS = 5.0
BATCH = 64
_COLUMNS = "(id {serial}, submission {blob} NOT NULL, batch INTEGER NOT NULL, accepted_at REAL NOT NULL, body {blob})"
_MESSAGE = b"Subject: Please confirm\r\n\r\n" + b"A line of a letter, as long as lines of letters are.\r\n" * 90


def references() -> Iterator[Row]:
    """Batched inserts of rows like the inbox's, each batch on disk, and smtplib on one connection."""
    yield _row("sqlite", f"SQLite, batches of {BATCH} rows, synchronous=FULL", _sqlite(), "rows")
    yield _row("postgresql", f"PostgreSQL, batches of {BATCH} rows, fsync on", _postgresql(), "rows")
    yield _row("smtplib", "smtplib to `smtp-sink`, one connection", _smtplib(), "mails")


def _row(key: str, what: str, speed: float, unit: str) -> Row:
    return Row(f"reference-{key}", f"yardstick: {what}", f"{speed:,.0f} {unit}/s", speed)


def _batch() -> list[tuple[bytes, int, float, bytes]]:
    return [(os.urandom(16), 1, time.time(), os.urandom(280)) for _ in range(BATCH)]


def _sqlite() -> float:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as folder:
        db = sqlite3.connect(Path(folder) / "rows.sqlite3", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=20000"):
            db.execute(f"PRAGMA {pragma}")
        db.execute(f"CREATE TABLE rows {_COLUMNS.format(serial='INTEGER PRIMARY KEY', blob='BLOB')}")

        def insert() -> int:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO rows (submission, batch, accepted_at, body) VALUES (?, ?, ?, ?)", _batch())
            db.execute("COMMIT")
            return BATCH

        return _speed(insert)


def _postgresql() -> float:
    with durable_server() as server, psycopg.connect(server.url("postgres")) as db, db.cursor() as cursor:
        cursor.execute(f"CREATE TABLE rows {_COLUMNS.format(serial='BIGSERIAL PRIMARY KEY', blob='BYTEA')}".encode())
        db.commit()

        def insert() -> int:
            cursor.executemany(
                "INSERT INTO rows (submission, batch, accepted_at, body) VALUES (%s, %s, %s, %s)", _batch()
            )
            db.commit()
            return BATCH

        return _speed(insert)


def _smtplib() -> float:
    with mail_sink() as sink, smtplib.SMTP("127.0.0.1", sink.port) as smtp:

        def send() -> int:
            smtp.sendmail("office@example.org", ["amina@example.org"], _MESSAGE)
            return 1

        return _speed(send)


def _speed(work: Callable[[], int]) -> float:
    started, done = time.monotonic(), 0
    while time.monotonic() - started < SECONDS:
        done += work()
    return done / (time.monotonic() - started)
