"""Putting a backup back: onto nothing, in the place of what is there, and never with the wrong keys."""

import fcntl
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clarion.cli.archive import ArchiveWrong, write_backup
from clarion.cli.damage_checks import damaged_inboxes
from clarion.cli.keys_apart import write_keys
from clarion.cli.out_of_use import RestoreUnfinished, refuse_out_of_use
from clarion.cli.put_back import put_back
from clarion.env import read_env
from clarion.inbox.reader import InboxReader
from clarion.inbox.writer import InboxWriter
from clarion.kernel.databases import read_database
from clarion.kernel.files import DataFolder
from clarion.kernel.ids import new_id
from clarion.kernel.keys import make_missing_keys
from clarion.privacy.erased import ErasuresUnreadable
from tests.make import NOON
from tests.postgres import new_database


def make_data(root: Path, *, campaigns: int = 1, waiting: int = 0) -> DataFolder:
    """A data folder with keys, so many campaigns, and so many forms that wait in the inbox."""
    data = DataFolder(root)
    data.make()
    make_missing_keys(data.keys)
    with closing(sqlite3.connect(data.records)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE campaigns_campaign (slug TEXT)")
        database.executemany("INSERT INTO campaigns_campaign VALUES (?)", [(f"c{n}",) for n in range(campaigns)])
    add_waiting(data, waiting)
    return data


def add_waiting(data: DataFolder, rows: int) -> None:
    with closing(InboxWriter(data.inbox)) as writer:
        for n in range(rows):
            writer.append([(new_id(), b"sealed")], 1, b"key %d" % n)


def waiting(data: DataFolder) -> int:
    with closing(InboxReader(data.inbox)) as reader:
        return reader.waiting()


def slugs(data: DataFolder) -> list[str]:
    with closing(sqlite3.connect(data.records)) as database:
        return [slug for (slug,) in database.execute("SELECT slug FROM campaigns_campaign ORDER BY slug")]


@pytest.fixture
def old(tmp_path: Path) -> DataFolder:
    """The machine that was backed up."""
    return make_data(tmp_path / "old", campaigns=2, waiting=3)


@pytest.fixture
def archive(old: DataFolder, tmp_path: Path) -> Path:
    """Its backup."""
    return write_backup(old, tmp_path / "backup.tar", [], now=NOON)


@pytest.fixture
def keys_file(old: DataFolder, tmp_path: Path) -> Path:
    """Its keys."""
    write_keys(old, tmp_path / "keys.tar", [], now=NOON)
    return tmp_path / "keys.tar"


def test_a_backup_is_put_onto_an_empty_machine(archive: Path, keys_file: Path, tmp_path: Path) -> None:
    new = DataFolder(tmp_path / "new")

    put_back(new, archive, keys=keys_file)

    assert slugs(new) == ["c0", "c1"]
    assert waiting(new) == 3
    assert new.records.stat().st_mode & 0o077 == 0
    assert not list(new.root.glob(".restore-*"))


def test_a_first_start_makes_no_records_that_could_be_lost(archive: Path, keys_file: Path, tmp_path: Path) -> None:
    new = make_data(tmp_path / "new", campaigns=0)

    put_back(new, archive, keys=keys_file)

    assert slugs(new) == ["c0", "c1"]


def test_without_its_keys_a_backup_is_not_put_back(archive: Path, tmp_path: Path) -> None:
    """Nobody could read the addresses in it, and the first start has made other keys of the same names."""
    new = make_data(tmp_path / "new", campaigns=0)

    with pytest.raises(ArchiveWrong, match="--keys"):
        put_back(new, archive)
    assert slugs(new) == []


def test_a_backup_of_sqlite_is_not_put_into_postgresql(archive: Path, keys_file: Path, tmp_path: Path) -> None:
    new = DataFolder(tmp_path / "new")

    with pytest.raises(ArchiveWrong, match="is of SQLite"):
        put_back(new, archive, keys=keys_file, database=read_database(new_database()))
    assert list(new.keys.glob("*.key")) == []


def test_records_that_are_there_are_kept_unless_told(archive: Path, keys_file: Path, tmp_path: Path) -> None:
    new = make_data(tmp_path / "new", campaigns=5)

    with pytest.raises(ArchiveWrong, match="--replace"):
        put_back(new, archive, keys=keys_file)
    assert len(slugs(new)) == 5

    put_back(new, archive, keys=keys_file, replace=True)
    assert len(slugs(new)) == 2


def test_forms_that_wait_here_survive_a_restore(old: DataFolder, archive: Path) -> None:
    """They came after the backup: people were told that they signed."""
    add_waiting(old, 4)

    put_back(old, archive, replace=True)

    assert waiting(old) == 3 + 4 + 3  # the backup's three are there twice, and are drained once


def test_a_damaged_inbox_gives_way(old: DataFolder, archive: Path) -> None:
    for suffix in ("-wal", "-shm"):
        old.inbox.with_name(old.inbox.name + suffix).unlink(missing_ok=True)
    old.inbox.write_bytes(b"no database at all" * 1000)

    put_back(old, archive, replace=True)

    assert waiting(old) == 3
    (damaged,) = old.inbox.parent.glob("*damaged*")
    (finding,) = damaged_inboxes(read_env({"CLARION_DATA": str(old.root)}))
    assert damaged.name in finding.what


def test_an_inbox_with_damage_in_its_midst_gives_way_with_its_log(old: DataFolder, archive: Path) -> None:
    """It opens, so nothing set it aside; what it holds that can be read is for docs/operate/damage.md."""
    with closing(sqlite3.connect(old.inbox)) as inbox:
        inbox.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        inbox.execute("PRAGMA journal_mode=DELETE")
    content = bytearray(old.inbox.read_bytes())
    content[-4096:] = b"\xff" * 4096
    old.inbox.write_bytes(content)

    put_back(old, archive, replace=True)

    assert waiting(old) == 3
    (finding,) = damaged_inboxes(read_env({"CLARION_DATA": str(old.root)}))
    assert "since a restore" in finding.what


def test_what_was_written_since_does_not_come_back_through_the_log(old: DataFolder, archive: Path) -> None:
    writing = sqlite3.connect(old.records)
    with writing:
        writing.execute("INSERT INTO campaigns_campaign VALUES ('later')")

    put_back(old, archive, replace=True)
    writing.close()

    assert slugs(old) == ["c0", "c1"]


def test_lists_of_erasures_are_merged_and_never_replaced(old: DataFolder, keys_file: Path, tmp_path: Path) -> None:
    """Each worker has one of its own."""
    aa, bb, cc, dd, ee = (pair * 16 for pair in ("aa", "bb", "cc", "dd", "ee"))
    old.erased.write_text(f"{aa}\nkept {bb}\n", encoding="ascii")
    archive = write_backup(old, tmp_path / "with-erasures.tar", [], now=NOON)
    new = make_data(tmp_path / "new", campaigns=0)
    new.erased.write_text(f"{cc}\n", encoding="ascii")
    later = tmp_path / "erased.txt"
    later.write_text(f"kept {bb}\n{dd}\n", encoding="ascii")
    other = tmp_path / "erased-by-another-worker.txt"
    other.write_text(f"{ee}\n", encoding="ascii")

    put_back(new, archive, keys=keys_file, erased=[later, other])

    assert set(new.erased.read_text(encoding="ascii").splitlines()) == {cc, aa, f"kept {bb}", dd, ee}
    assert len(new.erased.read_text(encoding="ascii").splitlines()) == 5


def test_what_is_no_list_of_erasures_is_not_passed_over(old: DataFolder, archive: Path, tmp_path: Path) -> None:
    """The wrong file, named by mistake, would bring everybody back who withdrew."""
    with pytest.raises(ErasuresUnreadable, match="Line 1 of"):
        put_back(old, archive, erased=[archive], replace=True)
    assert not old.restoring.exists()
    assert not old.erased.exists()


def test_records_that_were_moved_to_postgresql_are_not_restored_over(old: DataFolder, archive: Path) -> None:
    """Everything that came since the move lies there, and nobody would work on what was restored here."""
    old.moved.touch()
    with closing(sqlite3.connect(old.records)) as database, database:
        database.execute("INSERT INTO campaigns_campaign VALUES ('later')")

    with pytest.raises(ArchiveWrong, match="moved to PostgreSQL"):
        put_back(old, archive, replace=True)
    assert "later" in slugs(old)
    assert not old.restoring.exists()


def test_records_are_out_of_use_from_before_they_are_in_place(old: DataFolder, archive: Path, tmp_path: Path) -> None:
    """Until mails are held and the erased are gone; and the list of those is closed to others, as it always was."""
    erased = tmp_path / "erased.txt"
    erased.write_text("a" * 32 + "\n", encoding="ascii")
    refuse_out_of_use(read_env({"CLARION_DATA": str(old.root)}))

    put_back(old, archive, erased=[erased], replace=True)

    with pytest.raises(RestoreUnfinished, match="--replace"):
        refuse_out_of_use(read_env({"CLARION_DATA": str(old.root)}))
    assert old.erased.stat().st_mode & 0o077 == 0


def test_a_running_program_is_not_pulled_from_under_its_feet(old: DataFolder, archive: Path) -> None:
    old.heartbeat.write_text(json.dumps({"at": NOON.isoformat()}), encoding="utf-8")

    with pytest.raises(ArchiveWrong, match="running"):
        put_back(old, archive, replace=True)


def test_what_a_killed_restore_unpacked_is_removed_by_the_next(old: DataFolder, archive: Path) -> None:
    """Records and inbox lie in it, as of then: nobody would erase them there."""
    left = old.root / ".restore-killed"
    left.mkdir()
    (left / "records.sqlite3").touch()

    put_back(old, archive, replace=True)

    assert not list(old.root.glob(".restore-*"))


def test_a_restore_leaves_what_another_one_is_working_on(old: DataFolder, archive: Path) -> None:
    of_another = old.root / ".restore-another"
    of_another.mkdir()
    with (old.backup / "restore.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ArchiveWrong, match="Another restore"):
            put_back(old, archive, replace=True)

    assert of_another.exists()


def test_a_damaged_backup_changes_nothing(archive: Path, keys_file: Path, tmp_path: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    new = make_data(tmp_path / "new", campaigns=1)

    with pytest.raises(ArchiveWrong, match="damaged"):
        put_back(new, archive, keys=keys_file, replace=True)
    assert slugs(new) == ["c0"]
    assert waiting(new) == 0
