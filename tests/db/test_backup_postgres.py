"""Backups of PostgreSQL: one snapshot of records and inbox, put back whole, and clear words where a tool is missing."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import sql

from clarion.cli.archive import ArchiveWrong, write_backup
from clarion.cli.keys_apart import write_keys
from clarion.cli.postgres_dump import DumpFailed
from clarion.cli.put_back import put_back
from clarion.cli.roles import FILES
from clarion.inbox.postgres_writer import PostgresWriter
from clarion.kernel.databases import Database, read_database
from clarion.kernel.files import DataFolder
from clarion.kernel.ids import new_id
from clarion.kernel.keys import make_missing_keys
from tests.make import NOON
from tests.postgres import binaries, make_inbox, new_database


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pg_dump` and `pg_restore` of the server's own version are on the PATH."""
    monkeypatch.setenv("PATH", str(binaries()), prepend=":")


class Place:
    """A data folder with keys, and a database with so many campaigns and an inbox."""

    def __init__(self, root: Path, campaigns: int) -> None:
        self.url = make_inbox(new_database())
        self.data = DataFolder(root)
        self.data.make()
        make_missing_keys(self.data.keys)
        with self.line() as line:
            line.execute("CREATE TABLE campaigns_campaign (slug text)")
            line.execute("CREATE TABLE drained (submission bytea)")
            for number in range(campaigns):
                line.execute("INSERT INTO campaigns_campaign VALUES (%s)", (f"c{number}",))

    @property
    def database(self) -> Database:
        """As the settings give it."""
        found = read_database(self.url)
        assert found is not None
        return found

    @contextmanager
    def line(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """A connection, its transaction committed at the end."""
        with psycopg.connect(self.url) as connection:
            yield connection

    def sign(self, many: int) -> None:
        """Let so many forms wait."""
        writer = PostgresWriter(self.database)
        for _ in range(many):
            writer.append([(new_id(), b"sealed")], 1, b"key")
        writer.close()

    def campaigns(self) -> int:
        with self.line() as line:
            return line.execute("SELECT count(*) FROM campaigns_campaign").fetchall()[0][0]

    def waiting(self) -> set[bytes]:
        with self.line() as line:
            return {one for (some,) in line.execute("SELECT submissions FROM inbox_batches") for one in some}

    def drained(self) -> set[bytes]:
        with self.line() as line:
            return {one for (one,) in line.execute("SELECT submission FROM drained")}


@pytest.fixture
def old(tmp_path: Path) -> Place:
    """The machine that was backed up."""
    place = Place(tmp_path / "old", campaigns=2)
    place.sign(3)
    return place


def back_up(place: Place, tmp_path: Path) -> tuple[Path, Path]:
    archive = write_backup(place.data, tmp_path / "b.tar", [], now=NOON, database=place.database)
    return archive, write_keys(place.data, tmp_path / "keys.tar", [], now=NOON)


def test_records_and_inbox_come_back_in_an_empty_database(old: Place, tmp_path: Path) -> None:
    archive, keys = back_up(old, tmp_path)
    database = read_database(new_database())

    put_back(DataFolder(tmp_path / "new"), archive, keys=keys, database=database)

    with psycopg.connect(**database.parameters()) as line:
        assert line.execute("SELECT count(*) FROM campaigns_campaign").fetchone() == (2,)
        assert line.execute("SELECT count(*) FROM inbox_batches").fetchone() == (3,)


def test_a_role_that_may_only_read_makes_a_backup(old: Place, tmp_path: Path) -> None:
    """Tables and sequences are all it needs; it can neither change nor delete."""
    sign_in_to_read(old)

    back_up(old, tmp_path)

    with pytest.raises(psycopg.errors.InsufficientPrivilege), old.line() as line:
        line.execute("DELETE FROM inbox_batches")


def test_a_large_object_that_somebody_made_stops_no_backup(old: Place, tmp_path: Path) -> None:
    """Every role may make one, and none but its owner may read it. Clarion has none."""
    with old.line() as line:
        line.execute("SELECT lo_from_bytea(0, 'x')")
    sign_in_to_read(old)

    archive, keys = back_up(old, tmp_path)

    new = Place(tmp_path / "new", campaigns=0)
    put_back(new.data, archive, keys=keys, database=new.database)
    assert (new.campaigns(), len(new.waiting())) == (2, 3)


def test_a_role_that_may_not_make_tables_is_told_so_before_anything_is_changed(old: Place, tmp_path: Path) -> None:
    archive, _ = back_up(old, tmp_path)
    sign_in_to_read(old)

    with pytest.raises(DumpFailed, match=r"may not make tables.*owner"):
        put_back(old.data, archive, replace=True, database=old.database)
    assert not old.data.restoring.exists()


def test_what_is_drained_while_the_backup_is_made_is_in_it(old: Place, tmp_path: Path) -> None:
    """Rows go from the inbox to the records all the while; each that was there before is in one of them."""
    old.sign(300)
    acknowledged = old.waiting()
    is_done = threading.Event()

    def drain() -> None:
        with psycopg.connect(old.url, autocommit=True) as line:
            rows = line.execute("SELECT id, submissions FROM inbox_batches ORDER BY id").fetchall()
            for number, submissions in rows:
                if is_done.is_set():
                    return
                line.execute("INSERT INTO drained VALUES (%s)", submissions)
                line.execute("DELETE FROM inbox_batches WHERE id = %s", (number,))

    worker = threading.Thread(target=drain)
    worker.start()
    try:
        archive, keys = back_up(old, tmp_path)
    finally:
        is_done.set()
        worker.join()

    new = Place(tmp_path / "new", campaigns=0)
    put_back(new.data, archive, keys=keys, database=new.database)
    assert acknowledged == new.waiting() | new.drained()


def test_forms_that_wait_here_survive_a_restore(old: Place, tmp_path: Path) -> None:
    """They came after the backup: people were told that they signed."""
    archive, _ = back_up(old, tmp_path)
    before = old.waiting()
    old.sign(4)
    both = old.waiting()

    put_back(old.data, archive, replace=True, database=old.database)

    assert old.waiting() == both
    assert len(both - before) == 4


def test_a_restore_that_fails_leaves_all_as_it_was(old: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, _ = back_up(old, tmp_path)
    old.sign(4)
    both = old.waiting()
    fake_program(tmp_path, "pg_restore", "echo broken >&2; exit 1", monkeypatch)

    with pytest.raises(DumpFailed, match="broken"):
        put_back(old.data, archive, replace=True, database=old.database)
    assert (old.campaigns(), old.waiting()) == (2, both)


def test_a_restore_that_fails_puts_back_what_a_killed_one_laid_aside(
    old: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died when its dump was in place, and the forms that had waited were not: people were told that they signed."""
    archive, _ = back_up(old, tmp_path)
    old.sign(4)
    both = old.waiting()
    columns = "key_number, sealed_key, accepted_at, size, submissions, bodies"
    with old.line() as line:
        line.execute(f"CREATE TABLE inbox_batches_kept AS SELECT {columns} FROM inbox_batches")  # noqa: S608
        line.execute("DELETE FROM inbox_batches WHERE id > 3")
    fake_program(tmp_path, "pg_restore", "echo broken >&2; exit 1", monkeypatch)

    with pytest.raises(DumpFailed, match="broken"):
        put_back(old.data, archive, replace=True, database=old.database)
    assert old.waiting() == both


def test_records_that_are_there_are_kept_unless_told(old: Place, tmp_path: Path) -> None:
    archive, keys = back_up(old, tmp_path)
    new = Place(tmp_path / "new", campaigns=5)

    with pytest.raises(DumpFailed, match="--replace"):
        put_back(new.data, archive, keys=keys, database=new.database)
    assert new.campaigns() == 5

    put_back(new.data, archive, keys=keys, database=new.database, replace=True)
    assert new.campaigns() == 2


def test_a_database_in_use_is_not_pulled_from_under_its_users_feet(old: Place, tmp_path: Path) -> None:
    archive, _ = back_up(old, tmp_path)

    with old.line(), pytest.raises(DumpFailed, match="1 connections"):
        put_back(old.data, archive, replace=True, database=old.database)


def test_a_connection_that_is_only_just_being_closed_is_waited_for(old: Place, tmp_path: Path) -> None:
    """Who stops Clarion and restores at once is faster than the server, which ends the old connections a bit later."""
    archive, _ = back_up(old, tmp_path)
    old.sign(4)
    leaving = psycopg.connect(old.url)
    goes = threading.Timer(1.0, leaving.close)
    goes.start()

    put_back(old.data, archive, replace=True, database=old.database)
    assert leaving.closed
    goes.join()


def test_a_backup_of_the_other_kind_of_database_is_refused(old: Place, tmp_path: Path) -> None:
    archive, keys = back_up(old, tmp_path)

    with pytest.raises(ArchiveWrong, match="is of PostgreSQL"):
        put_back(DataFolder(tmp_path / "new"), archive, keys=keys)


def test_a_missing_pg_dump_is_named_with_its_package(
    old: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(DumpFailed, match="postgresql-client"):
        back_up(old, tmp_path)


def test_a_server_newer_than_pg_dump_is_told(old: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        "pg_dump: error: aborting because of server version mismatch\n"
        "pg_dump: detail: server version: 18.1; pg_dump version: 15.18"
    )
    fake_program(tmp_path, "pg_dump", f"echo '{said}' >&2; exit 1", monkeypatch)

    with pytest.raises(DumpFailed, match=r"newer than pg_dump \(server version: 18.1; pg_dump version: 15.18\)"):
        back_up(old, tmp_path)
    assert not (tmp_path / "b.tar").exists()


def test_a_dump_that_would_fill_the_disk_is_broken_off(
    old: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(tmp_path, "pg_dump", "exec sleep 60", monkeypatch)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100))

    with pytest.raises(DumpFailed, match="nearly full"):
        back_up(old, tmp_path)
    assert [path.name for path in old.data.backup.iterdir()] == ["backup.lock"]


def test_pgbouncer_is_no_way_to_a_dump(old: Place, tmp_path: Path) -> None:
    old.url += "&pgbouncer=true"

    with pytest.raises(DumpFailed, match="not pgbouncer"):
        back_up(old, tmp_path)


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    data.make()
    database = read_database(f"postgresql://backup:s3cret@/clarion?host={tmp_path}")

    with pytest.raises(DumpFailed, match="pg_dump failed") as found:
        write_backup(data, tmp_path / "b.tar", [], now=NOON, database=database)
    assert "s3cret" not in str(found.value)


def sign_in_to_read(place: Place) -> None:
    """Go on as a new role that may read what a backup holds, as `clarion_backup` may."""
    role = f"reader_{new_id()}"
    with place.line() as line:
        line.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        for what in ("TABLES", "SEQUENCES"):
            grant = f"GRANT SELECT ON ALL {what} IN SCHEMA public TO {{}}"
            line.execute(sql.SQL(grant).format(sql.Identifier(role)))
        # With what no backup may hold.
        line.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(FILES), sql.Identifier(role)))
    place.url = place.url.replace("postgres@", f"{role}@")


def fake_program(folder: Path, name: str, does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program of that name at the head of the PATH."""
    place = folder / "programs"
    place.mkdir()
    (place / name).write_text(f"#!/bin/sh\n{does}\n", encoding="ascii")
    (place / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(place), prepend=":")
