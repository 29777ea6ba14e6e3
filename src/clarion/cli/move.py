"""`clarion move`: records and inbox from the SQLite files of the data folder into PostgreSQL (docs/operate/move.md).

The files stay as they are. What was copied is noted with it, so a move that was cut off goes on where it was; only
when every row was compared do the records refuse to be used again (`out_of_use`), and is it done. What a
public process that was not told of it still puts into the old inbox is reported until it is moved too (`left_behind`).
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby

import click
from django.db import connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder

from clarion.cli.move_progress import INBOX, RECORDS, Step, begin, has_begun, note_step, step_of
from clarion.cli.move_tables import MADE_BY_DJANGO, SOURCE, TARGET, Table, compare, count_on, tables, write_rows
from clarion.cli.progress import Bar
from clarion.cli.setup import migrate_if_behind
from clarion.env import Env
from clarion.inbox.ends import WritingEnd, open_writer
from clarion.inbox.reader import InboxReader, SealedRow
from clarion.kernel.durable import make_mark
from clarion.kernel.errors import ClarionError
from clarion.machines.actions import hold_to_keys
from clarion.settings import ENV, SQLITE

_FRESH_SECONDS = 15  # a heartbeat younger than that is a running worker's
_ROWS_AT_ONCE = 1000
# Tables that are no model's, in which nothing may lie before.
_PLAIN = ("inbox_batches", "published_files")


class CannotMove(ClarionError):
    """The move cannot begin or go on; the source is as it was, and nothing counts as moved that was not compared."""


@click.command()
def move() -> None:
    """Move records and inbox from SQLite into the PostgreSQL of CLARION_DATABASE_URL.

    Stop the office and the worker first; the public site may run on, and what it takes meanwhile is moved by a second
    run. Safe to repeat: a move that was cut off goes on where it was.
    """
    _refuse_without_both(ENV)
    is_again = has_begun() and step_of(RECORDS).is_done
    if is_again:
        _refuse_records_used_again(ENV)
        click.echo("The records were moved and compared before.")
    else:
        _move_records(ENV)
    moved = _move_inbox(ENV)
    click.echo(f"{moved} forms that waited in the old inbox were moved.")
    if is_again and not moved:
        click.echo("If the public site runs with CLARION_INBOX_URL by now, the move is complete.")
    else:
        click.echo(
            "Once office and worker run with CLARION_DATABASE_URL, and the public site with CLARION_INBOX_URL, run"
            " this until it says 0 forms."
        )


def _refuse_without_both(env: Env) -> None:
    if env.database is None:
        raise CannotMove("Set CLARION_DATABASE_URL to the PostgreSQL database into which everything shall go.")
    if not env.data.records.exists():
        raise CannotMove(f"There are no records in {env.data.root}: nothing to move. Is CLARION_DATA right?")


def _refuse_records_used_again(env: Env) -> None:
    """The mark is made before a move counts as done: where it is missing then, somebody took it away to go back."""
    if not env.data.moved.exists():
        raise CannotMove(
            f"The records were moved into this database before, and used again since: {env.data.moved} was removed."
            " What came since is not there. Make the database anew, empty, and begin again; only if nobody worked on"
            " the records here since, make that file again (`touch`)."
        )


def _move_records(env: Env) -> None:
    if env.data.heartbeat.exists() and time.time() - env.data.heartbeat.stat().st_mtime < _FRESH_SECONDS:
        raise CannotMove("The worker is running on this data folder. Stop it first, and wait a quarter of a minute.")
    migrate_if_behind()
    with _source_at_rest(env):
        placed = tables()
        _refuse_other_schema()
        if has_begun():
            _refuse_foreign_rows_since(placed)
        else:
            _begin(placed)
        total = sum(table.count(SOURCE) for table in placed)
        with Bar("Copying") as bar:
            done = 0
            for table in placed:
                done = _copy(table, bar, done, total)
        with Bar("Comparing") as bar:
            done = 0
            for table in placed:
                compare(table, lambda rows: None)
                done += table.count(SOURCE)
                bar.show(done, total)
        count_on(placed)
        with transaction.atomic():
            hold_to_keys(env.data.keys)
            note_step(RECORDS, Step(rows=total, is_done=True))
            # Before the commit: while nothing keeps people off the old records, the move is not done.
            make_mark(env.data.moved, "The records were moved to PostgreSQL.\n")
    click.echo(f"{total} rows of {len(placed)} tables were moved, and each was compared.")


@contextmanager
def _source_at_rest(env: Env) -> Iterator[None]:
    """The SQLite file as the connection `source`, with nobody writing to it for the time of the block."""
    connections.settings[SOURCE] = {**connections.settings[TARGET], **SQLITE, "NAME": str(env.data.records)}
    with closing(sqlite3.connect(env.data.records, isolation_level=None, timeout=20)) as lock:
        try:
            lock.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise CannotMove("Somebody writes to the records. Stop the office and the worker first.") from error
        try:
            yield
        finally:
            connections[SOURCE].close()
            lock.execute("ROLLBACK")


def _refuse_other_schema() -> None:
    here = MigrationRecorder(connections[SOURCE]).applied_migrations().keys()
    there = MigrationRecorder(connection).applied_migrations().keys()
    if here != there:
        raise CannotMove(
            "The records here are of another version of Clarion. Start this version on them once, without"
            " CLARION_DATABASE_URL (`clarion database migrate`), then move."
        )


@transaction.atomic
def _begin(placed: list[Table]) -> None:
    with connection.cursor() as cursor:
        for name in (*(table.name for table in placed if table.name not in MADE_BY_DJANGO), *_PLAIN):
            cursor.execute(f"SELECT EXISTS (SELECT FROM {connection.ops.quote_name(name)})")  # noqa: S608 - our tables
            if cursor.fetchone()[0]:
                raise CannotMove(f"The database is not empty: there are rows in {name}. Name an empty one.")
        for name in reversed(MADE_BY_DJANGO):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")  # noqa: S608
    begin()


def _refuse_foreign_rows_since(placed: list[Table]) -> None:
    for table in placed:
        if table.count(TARGET) != step_of(table.name).rows:
            raise CannotMove(
                f"Somebody wrote to {table.name} in the database since the move began. Make the database anew, empty,"
                " and begin again; the records here are as they were."
            )


def _copy(table: Table, bar: Bar, done: int, total: int) -> int:
    """Copy what is left of one table; gives how many rows of all tables are there then."""
    step = step_of(table.name)
    done += step.rows
    while rows := table.chunk(step.last):
        step = Step(str(rows[-1][table.key_place]), step.rows + len(rows))
        with transaction.atomic():
            write_rows(table, rows)
            note_step(table.name, step)
        done += len(rows)
        bar.show(done, total)
    return done


def _move_inbox(env: Env) -> int:
    """Add what waits in the old inbox to the new one; gives how many rows. What is drained twice counts once."""
    if not env.data.inbox.exists():
        return 0
    step, moved = step_of(INBOX), 0
    with closing(InboxReader(env.data.inbox)) as reader, closing(open_writer(env.data.inbox, env.database)) as writer:
        if step.last and not reader.has_given(int(step.last)):  # the file was deleted since, and begun anew
            step = Step(None, step.rows)
        while rows := reader.take(_ROWS_AT_ONCE, after=int(step.last or 0)):
            for (number, sealed_key), batch in groupby(rows, key=lambda row: (row.key_number, row.sealed_key)):
                _append(writer, number, sealed_key, list(batch))
            step = Step(str(rows[-1].seq), step.rows + len(rows))
            note_step(INBOX, step)
            moved += len(rows)
    return moved


def _append(writer: WritingEnd, number: int, sealed_key: bytes, batch: list[SealedRow]) -> None:
    rows = [(row.submission, row.body) for row in batch]
    writer.append(rows, number, sealed_key, at=batch[0].accepted_at.timestamp())
