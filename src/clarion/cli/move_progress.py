"""How far a move is, noted in the database into which it goes, in the same transaction as the rows themselves."""

from dataclasses import dataclass

from django.db import connection

TABLE = "move_progress"
_MAKE = f"CREATE TABLE {TABLE} (name text PRIMARY KEY, last text, rows bigint NOT NULL, is_done boolean NOT NULL)"
_EXISTS = f"SELECT to_regclass('{TABLE}') IS NOT NULL"
_READ = f"SELECT last, rows, is_done FROM {TABLE} WHERE name = %s"  # noqa: S608
_NOTE = (
    f"INSERT INTO {TABLE} VALUES (%s, %s, %s, %s) ON CONFLICT (name) DO UPDATE"  # noqa: S608
    " SET last = EXCLUDED.last, rows = EXCLUDED.rows, is_done = EXCLUDED.is_done"
)
RECORDS, INBOX = "(records)", "(inbox)"


@dataclass(frozen=True, slots=True)
class Step:
    """How far one table is: the last key copied, how many rows, and whether that is all."""

    last: str | None = None
    rows: int = 0
    is_done: bool = False


def has_begun() -> bool:
    """Whether a move into this database was begun."""
    with connection.cursor() as cursor:
        cursor.execute(_EXISTS)
        return bool(cursor.fetchone()[0])


def begin() -> None:
    """Note that it begins. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)


def step_of(name: str) -> Step:
    """How far a table is."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [name])
        found = cursor.fetchone()
    return Step(*found) if found else Step()


def note_step(name: str, step: Step) -> None:
    """Note how far a table is. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [name, step.last, step.rows, step.is_done])
