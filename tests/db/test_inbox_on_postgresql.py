"""The inbox in PostgreSQL: several take, nobody holds what another does, and a lost connection mends itself."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import AF_UNIX, SHUT_RDWR, socket
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic

import psycopg
import pytest

from clarion.inbox.ends import ReadingEnd, WritingEnd, open_reader, open_writer
from clarion.inbox.store import InboxUnavailable
from clarion.kernel.databases import Database, read_database
from clarion.kernel.ids import is_id, new_id
from tests.door import HOME, SIGN, Door
from tests.postgres import empty_inbox, make_inbox, new_database, shared_server
from tests.program import wait_until


@pytest.fixture(scope="module")
def url() -> str:
    return make_inbox(new_database())


@pytest.fixture
def database(url: str) -> Database:
    empty_inbox(url)
    found = read_database(url)
    assert found
    return found


@pytest.fixture
def writer(database: Database) -> Iterator[WritingEnd]:
    with closing(open_writer(Path(), database)) as writer:
        yield writer


@pytest.fixture
def readers(database: Database) -> Iterator[list[ReadingEnd]]:
    readers = [open_reader(Path(), database) for _ in range(2)]
    yield readers
    for reader in readers:
        reader.close()


def cut_off(database: Database) -> None:
    """End every connection to the database, as a restart of the server does."""
    shared_server().end_connections(database.name)


def is_away(work: Callable[[], object]) -> bool:
    try:
        work()
    except InboxUnavailable:
        return True
    return False


def test_rows_come_out_in_order_with_the_key_of_their_batch(writer: WritingEnd, readers: list[ReadingEnd]) -> None:
    ids = [new_id() for _ in range(3)]
    writer.append([(ids[0], b"a"), (ids[1], b"\x00\xff")], 1, b"first", at=1_000.5)
    writer.append([(ids[2], b"c")], 2, b"second", at=1_001.0)

    rows = readers[0].take(10)

    assert [(row.submission, row.body, row.key_number, row.sealed_key) for row in rows] == [
        (ids[0], b"a", 1, b"first"), (ids[1], b"\x00\xff", 1, b"first"), (ids[2], b"c", 2, b"second"),
    ]  # fmt: skip
    assert rows[0].accepted_at.timestamp() == 1_000.5
    assert readers[0].oldest_at() == rows[0].accepted_at


def test_a_batch_is_larger_than_a_row_of_the_table(writer: WritingEnd, readers: list[ReadingEnd]) -> None:
    ids = [new_id() for _ in range(1_001)]
    writer.append([(one, one.encode()) for one in ids], 1, b"key")

    assert readers[0].waiting() == 1_001
    assert [row.submission for row in readers[0].take(2_000)] == ids


_INSERT = (
    "INSERT INTO inbox_batches (key_number, sealed_key, accepted_at, size, submissions, bodies)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)
_RULES = (
    "a_batch_names_its_key", "a_batch_was_accepted_in_our_era", "a_row_holds_some_submissions",
    "each_submission_has_its_body",
)  # fmt: skip


_NEVER_WRITTEN = {
    "key": (-1, b"k", 1.0, 1, [b"i"], [b"x"]),
    "nan": (1, b"k", float("nan"), 1, [b"i"], [b"x"]),
    "far": (1, b"k", 1e300, 1, [b"i"], [b"x"]),
    "size": (1, b"k", 1.0, 1, [b"i", b"j"], [b"x"]),
    "bodies": (1, b"k", 1.0, 1, [b"i"], []),
    "empty": (1, b"k", 1.0, 0, [], []),
    "many": (1, b"k", 1.0, 101, [b"i"] * 101, [b"x"] * 101),
    "null": (1, b"k", 1.0, 2, [b"i", None], [b"x", b"y"]),
    "nested": (1, b"k", 1.0, 2, [[b"i"], [b"j"]], [b"x", b"y"]),
}


@pytest.mark.parametrize("batch", _NEVER_WRITTEN.values(), ids=_NEVER_WRITTEN)
def test_a_batch_that_intake_never_writes_is_refused(url: str, batch: tuple[object, ...]) -> None:
    """Whoever takes a public node over has its right to INSERT, and no more than that."""
    with psycopg.connect(url, autocommit=True) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(_INSERT, batch)


@pytest.fixture(scope="module")
def lax_url() -> str:
    """An inbox whose table takes anything."""
    url = make_inbox(new_database())
    with psycopg.connect(url) as connection:
        for rule in _RULES:
            connection.execute(f"ALTER TABLE inbox_batches DROP CONSTRAINT {rule}")
    return url


@pytest.mark.parametrize("batch", _NEVER_WRITTEN.values(), ids=_NEVER_WRITTEN)
def test_a_batch_that_intake_never_writes_holds_up_no_other(lax_url: str, batch: tuple[object, ...]) -> None:
    good = new_id()
    with psycopg.connect(lax_url) as connection:
        connection.execute(_INSERT, batch)
    database = read_database(lax_url)
    with closing(open_writer(Path(), database)) as writer, closing(open_reader(Path(), database)) as reader:
        writer.append([(good, b"x")], 1, b"key")

        assert reader.oldest_at() is not None
        rows = reader.take(500)
        assert rows[-1].submission == good
        assert all(row.key_number >= 0 and is_id(row.submission) for row in rows)
        reader.remove(range(rows[-1].seq + 1))


def test_what_one_worker_holds_no_other_takes(writer: WritingEnd, readers: list[ReadingEnd]) -> None:
    for _ in range(40):
        writer.append([(new_id(), b"x")], 1, b"key")
    one, other = readers

    first, second = one.take(20), other.take(100)

    assert (len(first), len(second)) == (20, 20)
    assert not {row.submission for row in first} & {row.submission for row in second}
    one.remove([row.seq for row in first])
    other.release()
    assert [row.submission for row in one.take(100)] == [row.submission for row in second]
    assert one.waiting() == 20


def test_the_rows_of_a_worker_that_is_gone_come_back(
    writer: WritingEnd, readers: list[ReadingEnd], database: Database
) -> None:
    writer.append([(new_id(), b"x")], 1, b"key")
    taken = readers[0].take(1)
    assert readers[1].take(1) == []
    cut_off(database)

    assert [row.seq for row in readers[1].take(1)] == [row.seq for row in taken]
    readers[1].remove([taken[0].seq])
    readers[0].remove([taken[0].seq])  # late, and harmless
    assert readers[0].waiting() == 0


def test_a_connection_that_broke_at_rest_costs_nobody_anything(
    writer: WritingEnd, readers: list[ReadingEnd], database: Database
) -> None:
    for _ in range(3):
        cut_off(database)
        writer.append([(new_id(), b"x")], 1, b"key")

    assert readers[0].waiting() == 3


def test_what_was_appended_is_there_however_often_connections_break(
    writer: WritingEnd, readers: list[ReadingEnd], database: Database
) -> None:
    """A batch that was not acknowledged may be there or not; one that was, is."""
    acknowledged: list[str] = []
    stop = Event()
    cuts: list[float] = []

    def harass() -> None:
        while not stop.wait(0.01):
            cut_off(database)
            cuts.append(monotonic())

    harasser = Thread(target=harass)
    harasser.start()
    ends = monotonic() + 60
    refused = 0
    while (len(acknowledged) < 100 or len(cuts) < 50) and monotonic() < ends:
        one = new_id()
        if is_away(lambda one=one: writer.append([(one, b"x")], 1, b"key")):  # type: ignore[misc]
            refused += 1
        else:
            acknowledged.append(one)
    stop.set()
    harasser.join()

    there = {row.submission for row in readers[0].take(100_000)}
    assert acknowledged
    assert set(acknowledged) <= there
    assert len(there) <= len(acknowledged) + refused


@contextmanager
def hanging_up(folder: Path) -> Iterator[list[float]]:
    """A server that hangs up on everybody; gives when."""
    calls: list[float] = []

    def hang_up(listener: socket) -> None:
        with suppress(OSError):
            while True:
                listener.accept()[0].close()
                calls.append(monotonic())

    with socket(AF_UNIX) as listener:
        listener.bind(str(folder / ".s.PGSQL.5432"))
        listener.listen()
        thread = Thread(target=hang_up, args=(listener,))
        thread.start()
        yield calls
        listener.shutdown(SHUT_RDWR)
        thread.join()


def test_a_server_that_is_away_is_asked_twice_a_second_and_keeps_nobody_waiting() -> None:
    with TemporaryDirectory() as folder, hanging_up(Path(folder)) as calls:  # a short name: it is a socket's
        nowhere = read_database(f"postgresql://nobody@/none?host={folder}")
        with closing(open_writer(Path(), nowhere)) as writer:
            began = monotonic()
            assert all(is_away(lambda: writer.append([(new_id(), b"x")], 1, b"key")) for _ in range(200))
            seconds = monotonic() - began
    assert 1 <= len(calls) <= 1 + seconds / 0.5
    assert seconds < 60


def test_a_role_whose_commits_are_not_on_disk_is_refused_each_time(database: Database, url: str) -> None:
    shared_server().execute(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    try:
        with closing(open_writer(Path(), database)) as writer:
            for _ in range(3):
                with pytest.raises(InboxUnavailable):
                    writer.append([(new_id(), b"x")], 1, b"key")
    finally:
        shared_server().execute(f"ALTER DATABASE {database.name} RESET synchronous_commit")


def test_a_commit_that_no_standby_holds_is_not_acknowledged(url: str, database: Database) -> None:
    """An administrator ends the wait for a standby: the server says COMMIT, and warns that it may be lost."""
    server = shared_server()
    server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    server.execute("SELECT pg_reload_conf()")
    try:
        with closing(open_writer(Path(), database)) as writer:
            stop = Event()
            canceller = Thread(target=_cancel_waits, args=(stop,))
            canceller.start()
            try:
                wait_until(lambda: is_away(lambda: writer.append([(new_id(), b"x")], 1, b"key")), "a doubt")
            finally:
                stop.set()
                canceller.join()
    finally:
        server.execute("ALTER SYSTEM RESET synchronous_standby_names")
        server.execute("SELECT pg_reload_conf()")


def test_nobody_waits_for_ever_for_a_standby_that_is_gone(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clarion.inbox.postgres_writer._LONGEST_WAIT_SECONDS", 0.5)
    server = shared_server()
    with closing(open_writer(Path(), database)) as writer:
        server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        server.execute("SELECT pg_reload_conf()")
        try:
            wait_until(lambda: is_away(lambda: writer.append([(new_id(), b"x")], 1, b"key")), "a commit to be given up")
        finally:
            server.execute("ALTER SYSTEM RESET synchronous_standby_names")
            server.execute("SELECT pg_reload_conf()")
        wait_until(lambda: not is_away(lambda: writer.append([(new_id(), b"y")], 1, b"key")), "appending again")


def _cancel_waits(stop: Event) -> None:
    while not stop.wait(0.1):
        shared_server().execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


def test_visitors_get_503_and_never_500_and_then_are_taken_again(
    tmp_path: Path, url: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(tmp_path, CLARION_INBOX_URL=url)
    statuses = {door.post(f"{HOME}/sign", SIGN).status}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE inbox_batches RENAME TO elsewhere")
        statuses |= {door.post(f"{HOME}/sign", SIGN).status for _ in range(3)}
        connection.execute("ALTER TABLE elsewhere RENAME TO inbox_batches")
    statuses.add(door.post(f"{HOME}/sign", SIGN).status)
    taken = len(door.taken())
    door.close()

    assert statuses == {303, 503}
    assert taken == 2
    assert not [line for line in caplog.records if line.levelno > logging.WARNING]
    assert "ada@example.org" not in caplog.text


def test_on_sqlite_no_driver_is_loaded() -> None:
    code = (
        "import sys; import clarion.intake.__main__, clarion.intake.app;"
        "print([name for name in sys.modules if name.startswith(('psycopg', 'django'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
