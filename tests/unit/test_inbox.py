"""The inbox: what was appended is there until it is removed, and then it is gone."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from clarion.inbox.reader import InboxReader, count_rows
from clarion.inbox.store import InboxBroken, InboxUnavailable, make_way, set_aside_files, trouble
from clarion.inbox.writer import InboxWriter
from clarion.kernel.ids import new_id


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[InboxWriter, InboxReader]]:
    """Both ends of one inbox."""
    writer, reader = InboxWriter(tmp_path / "inbox.sqlite3"), InboxReader(tmp_path / "inbox.sqlite3")
    yield writer, reader
    writer.close()
    reader.close()


Ends = tuple[InboxWriter, InboxReader]


def test_rows_come_out_in_order_with_the_key_of_their_batch(ends: Ends) -> None:
    writer, reader = ends
    ids = [new_id() for _ in range(3)]
    writer.append([(ids[0], b"a"), (ids[1], b"b")], 1, b"first", at=1_000.5)
    writer.append([(ids[2], b"c")], 2, b"second", at=1_001.0)

    rows = reader.take(10)

    assert [(row.submission, row.body, row.key_number, row.sealed_key) for row in rows] == [
        (ids[0], b"a", 1, b"first"), (ids[1], b"b", 1, b"first"), (ids[2], b"c", 2, b"second"),
    ]  # fmt: skip
    assert reader.oldest_at() == datetime.fromtimestamp(1_000.5, UTC)


def test_taking_leaves_rows_where_they_are_and_removing_does_not(ends: Ends) -> None:
    writer, reader = ends
    writer.append([(new_id(), b"x") for _ in range(600)], 1, b"key")

    first = reader.take(500)
    assert reader.waiting() == 600
    reader.remove([row.seq for row in first])
    reader.remove([row.seq for row in first])

    assert (reader.waiting(), len(reader.take(500))) == (100, 100)


def test_a_file_that_was_deleted_and_begun_anew_is_known_by_its_numbers(ends: Ends, tmp_path: Path) -> None:
    """After a move its host deletes it; what comes later, by a process on the old settings, must not hide."""
    writer, reader = ends
    writer.append([(new_id(), b"x"), (new_id(), b"x")], 1, b"key")

    assert (reader.has_given(2), reader.has_given(3)) == (True, False)
    path = tmp_path / "inbox.sqlite3"
    assert [count_rows(path, after=given) for given in (0, 1, 2, 5_000)] == [2, 1, 0, 2]


def test_a_number_never_comes_back(ends: Ends) -> None:
    """A removal that comes late must not hit a newer row."""
    writer, reader = ends
    writer.append([(new_id(), b"x")], 1, b"key")
    old = reader.take(1)[0].seq
    reader.remove([old])
    writer.append([(new_id(), b"y")], 1, b"key")
    reader.remove([old])

    assert reader.waiting() == 1


def test_the_key_of_an_empty_batch_goes_and_that_of_a_started_one_stays(ends: Ends, tmp_path: Path) -> None:
    writer, reader = ends
    for number in (1, 2):
        writer.append([(new_id(), b"x"), (new_id(), b"y")], number, b"key")
    reader.remove([row.seq for row in reader.take(3)])

    left = sqlite3.connect(tmp_path / "inbox.sqlite3")
    assert left.execute("SELECT key_number FROM batches").fetchall() == [(2,)]
    left.close()
    assert reader.take(9)[0].key_number == 2


def test_removed_rows_are_in_no_file_once_the_log_is_cut(ends: Ends, tmp_path: Path) -> None:
    writer, reader = ends
    canary = b"canary-of-a-sealed-row"
    writer.append([(new_id(), canary)], 1, b"key")
    reader.remove([row.seq for row in reader.take(1)])

    assert reader.truncate_log()

    assert all(canary not in file.read_bytes() for file in tmp_path.iterdir())
    assert reader.integrity_ok()


def test_the_log_is_copied_while_intake_has_the_turn(ends: Ends, tmp_path: Path) -> None:
    """Else whoever signs at that moment waits for it."""
    writer, reader = ends
    file = tmp_path / "inbox.sqlite3"
    writer.append([(new_id(), b"x" * 2000) for _ in range(50)], 1, b"key")
    before = file.stat().st_size

    with writer._file.turn() as db:
        reader.copy_log()
        assert db.execute("PRAGMA wal_autocheckpoint").fetchone() == (100_000,)

    assert file.stat().st_size > before + 100_000
    assert len(reader.take(100)) == 50


def test_cutting_the_log_waits_for_no_reader_since_intake_would_wait_too(ends: Ends, tmp_path: Path) -> None:
    """A backup reads for as long as it takes."""
    writer, reader = ends
    writer.append([(new_id(), b"x")], 1, b"key")
    backup = sqlite3.connect(tmp_path / "inbox.sqlite3", isolation_level=None)
    backup.execute("BEGIN")
    backup.execute("SELECT count(*) FROM rows").fetchone()
    writer.append([(new_id(), b"y")], 1, b"key")
    with reader._file.look() as db:
        db.execute("PRAGMA busy_timeout=60000")  # what it would wait if it waited

    began = monotonic()
    assert not reader.truncate_log()
    assert monotonic() - began < 30
    backup.close()
    assert reader.truncate_log()


def test_a_batch_is_stored_whole_or_not_at_all(ends: Ends) -> None:
    writer, reader = ends
    with pytest.raises(InboxBroken):
        writer.append([(new_id(), b"x"), (new_id(), None)], 1, b"key")  # type: ignore[list-item]

    assert reader.waiting() == 0
    writer.append([(new_id(), b"x")], 1, b"key")
    assert reader.waiting() == 1


def test_a_full_disk_passes_and_a_failed_fsync_does_not() -> None:
    full, fsync = sqlite3.OperationalError("full"), sqlite3.OperationalError("fsync")
    full.sqlite_errorcode, fsync.sqlite_errorcode = sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_FSYNC

    assert isinstance(trouble(full), InboxUnavailable)
    assert isinstance(trouble(fsync), InboxBroken)


def test_an_inbox_that_cannot_be_opened_for_hours_costs_no_handles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was kept open, until the process had none left and a disk with space was of no use."""

    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    writer = InboxWriter(tmp_path / "inbox.sqlite3")
    writer.close()
    monkeypatch.setattr(sqlite3, "connect", refuse)
    writer = InboxWriter(tmp_path / "inbox.sqlite3")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(InboxUnavailable):
            writer.append([(new_id(), b"x")], 1, b"key")
    after = len(list(Path("/proc/self/fd").iterdir()))
    writer.close()

    assert after == before


def test_the_log_is_synced_before_a_commit_returns(ends: Ends) -> None:
    writer, _ = ends

    with writer._file.look() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_a_damaged_file_is_set_aside_as_it_was_and_none_takes_its_place(ends: Ends, tmp_path: Path) -> None:
    writer, reader = ends
    writer.append([(new_id(), b"x")], 1, b"key")
    inbox = tmp_path / "inbox.sqlite3"
    inbox.write_bytes(b"no database".ljust(inbox.stat().st_size, b"."))
    logged = (tmp_path / "inbox.sqlite3-wal").read_bytes()

    with pytest.raises(InboxBroken):
        writer.append([(new_id(), b"y")], 1, b"key")
    for _ in range(2):
        with pytest.raises(InboxUnavailable):
            writer.append([(new_id(), b"y")], 1, b"key")
    with pytest.raises(InboxUnavailable):  # it had the file open before
        reader.take(10)

    (aside,) = set_aside_files(inbox)
    assert aside.read_bytes().startswith(b"no database")
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == logged
    assert not inbox.exists()


def test_once_the_damaged_file_is_out_of_the_way_forms_are_taken_again(ends: Ends, tmp_path: Path) -> None:
    writer, reader = ends
    (tmp_path / "inbox.sqlite3").write_bytes(b"no database")
    with pytest.raises(InboxBroken):
        writer.append([(new_id(), b"x")], 1, b"key")

    make_way(tmp_path / "inbox.sqlite3")
    writer.append([(new_id(), b"y")], 1, b"key")

    assert [row.body for row in reader.take(10)] == [b"y"]
    assert len(list(tmp_path.glob("old-inbox.sqlite3.damaged-*"))) >= 1
