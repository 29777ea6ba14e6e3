"""Backups: whole, without keys, consistent while the program writes, and distrusted when damaged."""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from clarion.cli.archive import ArchiveWrong, unpack_backup, write_backup
from clarion.cli.encryption import Identity, KeyWrong, make_identity, read_identities, read_recipients
from clarion.cli.keys_apart import keys_saved, lay_keys, read_keys_file, unsaved_keys, write_keys
from clarion.cli.snapshot import NoSnapshot
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
    path = write_backup(data, tmp_path / "elsewhere", [], now=NOW)

    manifest = unpack_backup(path, tmp_path / "out")

    assert path.name == "clarion-20261201T120000Z.tar"
    assert manifest.made_at == NOW
    assert list(manifest.hashes) == ["inbox.sqlite3", "records.sqlite3", "erased.txt"]
    assert rows_in(tmp_path / "out" / "inbox.sqlite3") == 3
    assert rows_in(tmp_path / "out" / "records.sqlite3") == 5


def test_a_backup_is_closed_to_others_and_leaves_nothing_beside_it(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "elsewhere", [], now=NOW)

    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


def test_no_private_key_is_in_a_backup(data: DataFolder, tmp_path: Path) -> None:
    content = write_backup(data, tmp_path / "elsewhere", [], now=NOW).read_bytes()

    for key in data.keys.glob("*.key"):
        secret = key.read_text(encoding="ascii").strip()
        assert secret.encode() not in content
        assert bytes.fromhex(secret) not in content


def test_a_backup_takes_along_what_the_host_laid_into_the_folder(data: DataFolder, tmp_path: Path) -> None:
    (data.root / "countries.toml").write_text("hide = []\n", encoding="utf-8")
    (data.root / "locale").mkdir()
    (data.root / "locale" / "sw.po").write_text("", encoding="utf-8")

    manifest = unpack_backup(write_backup(data, tmp_path / "b.tar", [], now=NOW), tmp_path / "out")

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
        path = write_backup(data, tmp_path / "b.tar", [], now=NOW)
    finally:
        done.set()
        writer.join()

    unpack_backup(path, tmp_path / "out")
    assert rows_in(tmp_path / "out" / "records.sqlite3") % 2 == 1


def test_a_row_that_is_drained_while_the_backup_is_made_is_in_it(data: DataFolder, tmp_path: Path) -> None:
    """It was acknowledged before; between the two copies it moves from the inbox to the records."""
    moved = threading.Event()

    def drain(done: int, total: int) -> None:
        if done < total or moved.is_set():
            return
        moved.set()
        with closing(sqlite3.connect(data.records)) as records, records:
            records.execute("INSERT INTO things VALUES (4711)")
        with closing(sqlite3.connect(data.inbox)) as inbox, inbox:
            inbox.execute("DELETE FROM things WHERE n = 4711")

    with closing(sqlite3.connect(data.inbox)) as inbox, inbox:
        inbox.execute("INSERT INTO things VALUES (4711)")

    unpack_backup(write_backup(data, tmp_path / "b.tar", [], now=NOW, told=drain), tmp_path / "out")

    assert rows_in(tmp_path / "out" / "inbox.sqlite3") == 3 + 1
    assert rows_in(tmp_path / "out" / "records.sqlite3") == 5 + 1


def test_copying_tells_how_far_it_is(data: DataFolder, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []

    write_backup(data, tmp_path / "b.tar", [], now=NOW, told=lambda done, total: steps.append((done, total)))

    assert steps
    assert all(done == total for done, total in steps[-1:])


def test_a_backup_into_the_data_folder_is_refused(data: DataFolder) -> None:
    with pytest.raises(ArchiveWrong, match="lies in the data folder"):
        write_backup(data, data.root / "backups", [], now=NOW)


def test_an_empty_data_folder_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot, match="nothing to back up"):
        write_backup(DataFolder(tmp_path / "none"), tmp_path / "b", [], now=NOW)


def test_records_that_were_moved_away_are_no_backup(data: DataFolder, tmp_path: Path) -> None:
    """Or every backup after a move would be of the day before it, and nobody would notice."""
    data.moved.touch()

    with pytest.raises(NoSnapshot, match="CLARION_DATABASE_URL"):
        write_backup(data, tmp_path / "b", [], now=NOW)


def test_a_damaged_backup_is_noticed(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "b.tar", [], now=NOW)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(ArchiveWrong, match="damaged"):
        unpack_backup(path, tmp_path / "out")


def test_a_backup_that_was_cut_off_is_noticed(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "b.tar", [], now=NOW)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(ArchiveWrong, match="damaged"):
        unpack_backup(path, tmp_path / "out")


def test_any_other_file_is_no_backup(tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(b"not a tar file")

    with pytest.raises(ArchiveWrong, match="not a file made by"):
        unpack_backup(other, tmp_path / "out")


def test_a_backup_that_would_write_outside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    with tarfile.open(path, "w") as archive:
        manifest = tmp_path / "manifest.json"
        manifest.write_text(
            json.dumps({"format": 1, "made_at": NOW.isoformat(), "database": "sqlite", "hashes": {}, "keys": {}})
        )
        archive.add(manifest, "manifest.json")
        archive.add(manifest, "../outside")

    with pytest.raises(ArchiveWrong):
        unpack_backup(path, tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_keys_are_written_apart_and_laid_again(data: DataFolder, tmp_path: Path) -> None:
    kept = write_keys(data, tmp_path / "keys.tar", [], now=NOW)
    other = DataFolder(tmp_path / "other")
    other.make()
    make_missing_keys(other.keys)
    make_table(other.records, 1)

    lay_keys(read_keys_file(kept), other, is_fresh=False, now=NOW)

    assert kept.stat().st_mode & 0o077 == 0
    for key in data.keys.glob("*.key"):
        assert (other.keys / key.name).read_bytes() == key.read_bytes()
        assert (other.keys / f"{key.name}.replaced").exists()


def test_keys_that_are_laid_again_and_again_take_away_none_that_was_here(data: DataFolder, tmp_path: Path) -> None:
    original = (data.keys / "field-1.key").read_bytes()
    for secret in (b"11" * 32, b"22" * 32, b"33" * 32):
        lay_keys({"field-1.key": secret}, data, is_fresh=False, now=NOW)

    laid_aside = {path.name: path.read_bytes() for path in data.keys.glob("field-1.key.replaced*")}
    assert laid_aside == {
        "field-1.key.replaced": original,
        "field-1.key.replaced-2": b"11" * 32,
        "field-1.key.replaced-3": b"22" * 32,
    }


def test_keys_that_never_closed_anything_are_not_kept_beside(data: DataFolder, tmp_path: Path) -> None:
    """`clarion restore` itself makes them when it starts on an empty folder."""
    kept = write_keys(data, tmp_path / "keys.tar", [], now=NOW)
    other = DataFolder(tmp_path / "other")
    make_missing_keys(other.keys)

    lay_keys(read_keys_file(kept), other, is_fresh=True, now=NOW)

    assert list(other.keys.glob("*.replaced")) == []
    assert unsaved_keys(other) == set()


def test_keys_count_as_saved_until_there_are_others(data: DataFolder, tmp_path: Path) -> None:
    assert unsaved_keys(data) == {key.name for key in data.keys.glob("*.key")}

    write_keys(data, tmp_path / "keys.tar", [], now=NOW)
    assert unsaved_keys(data) == set()
    assert keys_saved(data).exists()

    (data.keys / "field-2.key").write_text("00" * 32, encoding="ascii")
    assert unsaved_keys(data) == {"field-2.key"}


def test_keys_do_not_go_into_the_data_folder(data: DataFolder) -> None:
    with pytest.raises(ArchiveWrong, match="elsewhere"):
        write_keys(data, data.root / "keys.tar", [], now=NOW)


def test_a_backup_is_not_taken_for_keys(data: DataFolder, tmp_path: Path) -> None:
    path = write_backup(data, tmp_path / "b.tar", [], now=NOW)

    with pytest.raises(ArchiveWrong, match="not a file of keys"):
        read_keys_file(path)


@pytest.fixture
def identity_file(tmp_path: Path) -> Path:
    """The private key of whoever may open the backups."""
    make_identity(tmp_path / "backup.key", now=NOW)
    return tmp_path / "backup.key"


@pytest.fixture
def closed(data: DataFolder, identity_file: Path, tmp_path: Path) -> Path:
    """A backup that is encrypted to it."""
    public = identity_file.read_text(encoding="ascii").split("public key: ")[1].split()[0]
    return write_backup(data, tmp_path / "b.tar", read_recipients([public]), now=NOW)


def identities(path: Path) -> list[Identity]:
    return read_identities([path])


def test_an_encrypted_backup_shows_nothing_and_opens_with_its_key(
    closed: Path, identity_file: Path, tmp_path: Path
) -> None:
    assert closed.name == "b.tar.age"
    assert closed.stat().st_mode & 0o077 == 0
    content = closed.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n")
    assert b"sqlite" not in content
    assert b"SQLite format 3" not in content

    unpack_backup(closed, tmp_path / "out", identities(identity_file))

    assert rows_in(tmp_path / "out" / "records.sqlite3") == 5


def test_an_encrypted_backup_without_its_key_says_which_option_is_missing(closed: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveWrong, match="--identity"):
        unpack_backup(closed, tmp_path / "out")


def test_another_key_does_not_open_a_backup(closed: Path, tmp_path: Path) -> None:
    make_identity(tmp_path / "other.key", now=NOW)

    with pytest.raises(ArchiveWrong, match="another key"):
        unpack_backup(closed, tmp_path / "out", identities(tmp_path / "other.key"))


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
def test_an_encrypted_backup_that_was_touched_is_refused(
    closed: Path, identity_file: Path, tmp_path: Path, share: float
) -> None:
    content = bytearray(closed.read_bytes())
    content[int(len(content) * share)] ^= 1
    closed.write_bytes(content)

    with pytest.raises(ArchiveWrong, match="damaged"):
        unpack_backup(closed, tmp_path / "out", identities(identity_file))


@pytest.mark.parametrize("missing", [1, 16, 600, 5_000])
def test_an_encrypted_backup_that_was_cut_off_is_refused(
    closed: Path, identity_file: Path, tmp_path: Path, missing: int
) -> None:
    """Also where all that is missing is the end of the tar file, which tar itself would forgive."""
    closed.write_bytes(closed.read_bytes()[:-missing])

    with pytest.raises(ArchiveWrong, match="cut off"):
        unpack_backup(closed, tmp_path / "out", identities(identity_file))


def test_a_file_that_ends_in_its_header_is_refused(closed: Path, identity_file: Path, tmp_path: Path) -> None:
    closed.write_bytes(closed.read_bytes()[:60])

    with pytest.raises(ArchiveWrong, match="damaged"):
        unpack_backup(closed, tmp_path / "out", identities(identity_file))


def test_an_ssh_key_opens_a_backup_that_was_encrypted_to_it(data: DataFolder, tmp_path: Path) -> None:
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = read_recipients([key.with_suffix(".pub").read_text(encoding="ascii").strip()])

    path = write_backup(data, tmp_path / "b.tar", public, now=NOW)

    assert unpack_backup(path, tmp_path / "out", identities(key)).made_at == NOW


def test_any_of_several_keys_opens_a_backup(data: DataFolder, tmp_path: Path) -> None:
    publics = [make_identity(tmp_path / name, now=NOW) for name in ("one", "two")]

    path = write_backup(data, tmp_path / "b.tar", read_recipients(publics), now=NOW)

    for name in ("one", "two"):
        unpack_backup(path, tmp_path / f"out-{name}", identities(tmp_path / name))


@pytest.mark.parametrize(
    ("text", "said"),
    [("age1nothing", "age1"), ("ssh-ed25519 AAAA", "ssh-ed25519"), ("AGE-SECRET-KEY-1ABC", "private key")],
)
def test_what_is_no_public_key_is_told(text: str, said: str) -> None:
    with pytest.raises(KeyWrong, match=said):
        read_recipients([text])


def test_a_file_without_a_private_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes").write_bytes(b"\xff# nothing here\n")

    with pytest.raises(KeyWrong, match="no private key"):
        identities(tmp_path / "notes")


def test_a_private_key_closed_with_a_passphrase_is_told(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", tmp_path / "id"], check=True)

    with pytest.raises(KeyWrong, match="passphrase"):
        identities(tmp_path / "id")


def test_a_key_that_opens_backups_is_never_written_over(identity_file: Path) -> None:
    before = identity_file.read_bytes()

    with pytest.raises(KeyWrong, match="there already"):
        make_identity(identity_file, now=NOW)
    assert identity_file.read_bytes() == before
    assert identity_file.stat().st_mode & 0o777 == 0o600


def test_the_programs_keys_are_encrypted_too(data: DataFolder, identity_file: Path, tmp_path: Path) -> None:
    public = identity_file.read_text(encoding="ascii").split("public key: ")[1].split()[0]

    path = write_keys(data, tmp_path / "keys.tar", read_recipients([public]), now=NOW)

    assert path.name == "keys.tar.age"
    assert b"field-1.key" not in path.read_bytes()
    assert set(read_keys_file(path, identities(identity_file))) == {key.name for key in data.keys.glob("*.key")}


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_disk_that_fills_up_leaves_what_was_there(
    data: DataFolder, tmp_path: Path, is_closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full takes no byte: every write to it fails as on a full disk."""
    recipients = read_recipients([make_identity(tmp_path / "key", now=NOW)]) if is_closed else []
    folder = tmp_path / "elsewhere"
    before = write_backup(data, folder, recipients, now=NOW)
    real_open = os.open
    monkeypatch.setattr(
        os,
        "open",
        lambda path, *rest, **more: real_open("/dev/full" if ".partial" in str(path) else path, *rest, **more),
    )

    with pytest.raises(ArchiveWrong, match=r"No space left.*Nothing of it was left"):
        write_backup(data, folder, recipients, now=NOW + timedelta(hours=1))
    assert list(folder.iterdir()) == [before]


def test_a_copy_for_which_there_is_no_room_is_not_begun(
    data: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk would stop people from signing."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100_000_000))

    with pytest.raises(NoSnapshot, match="Make room"):
        write_backup(data, tmp_path / "elsewhere", [], now=NOW)


def test_one_backup_is_made_at_a_time(data: DataFolder, tmp_path: Path) -> None:
    def start_another(done: int, total: int) -> None:
        with pytest.raises(NoSnapshot, match="Another backup"):
            write_backup(data, tmp_path / "other.tar", [], now=NOW)

    write_backup(data, tmp_path / "b.tar", [], now=NOW, told=start_another)


def test_a_backup_leaves_no_copy_in_the_data_folder_and_clears_those_of_killed_ones(
    data: DataFolder, tmp_path: Path
) -> None:
    (data.backup / "copy-killed").mkdir()
    (data.backup / "copy-killed" / "records.sqlite3").write_bytes(b"left")

    write_backup(data, tmp_path / "b.tar", [], now=NOW)

    assert [path.name for path in data.backup.iterdir()] == ["backup.lock"]
