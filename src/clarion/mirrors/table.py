"""The table of published files: each once, as it is now, numbered by its last change."""

from typing import Any

import psycopg

from clarion.kernel.databases import Database
from clarion.kernel.errors import ClarionError

Connection = psycopg.Connection[Any]

TABLE = "published_files"
# Paths are below the data folder: `site/…`, `manage/…`, `policy/…`. A file that is gone keeps its row, with nothing in
# it, so that who was away learns of it. Siblings lie beside it, so that no machine compresses what another did.
SCHEMA = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} ("
    ' path text COLLATE "C" PRIMARY KEY,'
    " seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,"
    " hash bytea,"
    " content bytea,"
    " br bytea,"
    " gz bytea)",
    *(f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STORAGE EXTERNAL" for column in ("br", "gz")),
    # Counts are written every two seconds: what is dead goes soon, and old keys of the policy file with it.
    f"ALTER TABLE {TABLE} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)",
)
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"


class MirrorUnavailable(ClarionError):
    """The database did not do it: nothing, or only a part, was sent or fetched. Trying again later helps."""


def make_table(connection: Connection) -> bool:
    """Make the table where it is missing; gives whether it was. In the caller's transaction."""
    found = connection.execute(_EXISTS, (TABLE,)).fetchone()
    if found and found[0]:
        return False
    for statement in SCHEMA:
        connection.execute(statement)
    return True


def connect(database: Database, name: str) -> Connection:
    """A line of its own, each statement a transaction; raises `MirrorUnavailable`."""
    parameters = {**database.parameters(), "application_name": name}
    try:
        return psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise MirrorUnavailable(f"the database is away ({type(error).__name__})") from error
