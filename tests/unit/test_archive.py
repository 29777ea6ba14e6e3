"""Backups: whole, without keys, consistent while the program writes, and distrusted when damaged."""

import json
import sqlite3
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clarion.cli.archive import (
    ArchiveWrong,
    keys_saved,
    read_manifest,
    unpack_backup,
    unpack_keys,
    unsaved_keys,
    write_backup,
    write_keys,
)
from clarion.kernel.files import DataFolder
from clarion.kernel.keys import make_missing_keys

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    """A data folder with keys, an inbox of three rows, records of five, and one erasure."""
    data = DataFolder(tmp_path / "data")
    data.make()
    make_missing_keys(data.keys)
    make_table(data.inbox, 3)
    make_table(data.records, 5)
    data.erased.write_text("aa\n", encoding="ascii")
    return data


def make_table(path: Path, rows: int) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE things (n INTEGER)")
        database.executemany("INSERT INTO things VALUES (?)", [(n,) for n in range(rows)])


def rows_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM things").fetchone()[0])


def test_a_backup_holds_inbox_records_and_erasures(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "elsewhere", now=NOW)

    manifest = unpack_backup(path, tmp_path / "out")

    assert path.name == "clarion-20261201T120000Z.tar"
    assert manifest.made_at == NOW
    assert list(manifest.hashes) == ["inbox.sqlite3", "records.sqlite3", "erased.txt"]
    assert rows_in(tmp_path / "out" / "inbox.sqlite3") == 3
    assert rows_in(tmp_path / "out" / "records.sqlite3") == 5


def test_a_backup_is_closed_to_others_and_leaves_nothing_beside_it(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "elsewhere", now=NOW)

    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


def test_no_private_key_is_in_a_backup(data: DataFolder, tmp_path: Path) -> None:
    content = write_backup(data, tmp_path / "elsewhere", now=NOW).read_bytes()

    for key in data.keys.glob("*.key"):
        secret = key.read_text(encoding="ascii").strip()
        assert secret.encode() not in content
        assert bytes.fromhex(secret) not in content


def test_a_backup_takes_along_what_the_host_laid_into_the_folder(data: DataFolder, tmp_path: Path) -> None:
    (data.root / "countries.toml").write_text("hide = []\n", encoding="utf-8")
    (data.root / "locale").mkdir()
    (data.root / "locale" / "sw.po").write_text("", encoding="utf-8")

    manifest = read_manifest(write_backup(data, tmp_path / "b.tar", now=NOW))

    assert {"countries.toml", "locale/sw.po"} <= set(manifest.hashes)


def test_a_backup_is_of_one_moment_while_others_write(data: DataFolder, tmp_path: Path) -> None:
    """A writer adds rows in pairs all the while: a copy never holds half a pair, and the copying ends."""
    done = threading.Event()
    with closing(sqlite3.connect(data.records)) as database, database:
        database.executemany("INSERT INTO things VALUES (?)", [(n,) for n in range(5, 200_001)])

    def write() -> None:
        with closing(sqlite3.connect(data.records, timeout=30)) as database:
            while not done.is_set():
                with database:
                    database.execute("INSERT INTO things VALUES (1), (2)")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        path = write_backup(data, tmp_path / "b.tar", now=NOW)
    finally:
        done.set()
        writer.join()

    unpack_backup(path, tmp_path / "out")
    assert rows_in(tmp_path / "out" / "records.sqlite3") % 2 == 1


def test_copying_tells_how_far_it_is(data: DataFolder, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []

    write_backup(data, tmp_path / "b.tar", now=NOW, told=lambda done, total: steps.append((done, total)))

    assert steps
    assert all(done == total for done, total in steps[-1:])


def test_a_backup_into_the_data_folder_is_refused(data: DataFolder) -> None:
    with pytest.raises(ArchiveWrong, match="lies in the data folder"):
        write_backup(data, data.root / "backups", now=NOW)


def test_an_empty_data_folder_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(ArchiveWrong, match="nothing to back up"):
        write_backup(DataFolder(tmp_path / "none"), tmp_path / "b", now=NOW)


def test_a_damaged_backup_is_noticed(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "b.tar", now=NOW)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(ArchiveWrong, match="damaged"):
        unpack_backup(path, tmp_path / "out")


def test_a_backup_that_was_cut_off_is_noticed(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "b.tar", now=NOW)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(ArchiveWrong, match="damaged"):
        unpack_backup(path, tmp_path / "out")


def test_any_other_file_is_no_backup(tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(b"not a tar file")

    with pytest.raises(ArchiveWrong, match="not a backup"):
        read_manifest(other)


def test_a_backup_that_would_write_outside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    with tarfile.open(path, "w") as archive:
        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps({"format": 1, "made_at": NOW.isoformat(), "hashes": {}, "keys": {}}))
        archive.add(manifest, "manifest.json")
        archive.add(manifest, "../outside")

    with pytest.raises(ArchiveWrong):
        unpack_backup(path, tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_keys_are_written_apart_and_laid_again(data: DataFolder, tmp_path: Path) -> None:
    kept = tmp_path / "keys.tar"
    written = write_keys(data, kept, now=NOW)
    other = DataFolder(tmp_path / "other")
    other.make()
    make_missing_keys(other.keys)

    laid = unpack_keys(kept, other)

    assert written == laid == len(list(data.keys.glob("*.key")))
    assert kept.stat().st_mode & 0o077 == 0
    for key in data.keys.glob("*.key"):
        assert (other.keys / key.name).read_bytes() == key.read_bytes()
        assert (other.keys / f"{key.name}.replaced").exists()


def test_keys_count_as_saved_until_there_are_others(data: DataFolder, tmp_path: Path) -> None:
    assert unsaved_keys(data) == {key.name for key in data.keys.glob("*.key")}

    write_keys(data, tmp_path / "keys.tar", now=NOW)
    assert unsaved_keys(data) == set()
    assert keys_saved(data).exists()

    (data.keys / "field-2.key").write_text("00" * 32, encoding="ascii")
    assert unsaved_keys(data) == {"field-2.key"}


def test_keys_do_not_go_into_the_data_folder(data: DataFolder) -> None:
    with pytest.raises(ArchiveWrong, match="elsewhere"):
        write_keys(data, data.root / "keys.tar", now=NOW)


def test_a_backup_is_not_taken_for_keys(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "b.tar", now=NOW)

    with pytest.raises(ArchiveWrong, match="not a file of keys"):
        unpack_keys(path, data)
