"""What one machine publishes lies on every other; who lost the right to publish cannot send."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from clarion.kernel.databases import Database, read_database
from clarion.kernel.files import DataFolder
from clarion.mirrors.folder import is_published_path
from clarion.mirrors.notes import Notes, note_change
from clarion.mirrors.road import SharedRoad
from clarion.mirrors.table import MirrorUnavailable, make_table
from tests.postgres import new_database
from tests.program import wait_until


@pytest.fixture(scope="module")
def url() -> str:
    url = new_database()
    with psycopg.connect(url) as connection:
        make_table(connection)
    return url


@pytest.fixture
def database(url: str) -> Database:
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM published_files")
    found = read_database(url)
    assert found
    return found


@contextmanager
def machine(folder: Path, database: Database) -> Iterator[tuple[Path, SharedRoad]]:
    data = DataFolder(folder)
    data.make()
    with closing(SharedRoad(database, data)) as road:
        yield folder, road


def publish(root: Path, path: str, content: bytes | None, **siblings: bytes) -> None:
    """What `pages.writing` does."""
    part, _, file = path.partition("/")
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        place.unlink()
    else:
        place.write_bytes(content)
    for ending, packed in siblings.items():
        place.with_name(f"{place.name}.{ending}").write_bytes(packed)
    note_change(str(root / part), file)


def catch_up(road: SharedRoad) -> None:
    while road.follow():
        pass


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for part in ("site", "manage", "policy")
        for path in (root / part).rglob("*")
        if path.is_file()
    }


def test_what_one_machine_publishes_lies_on_the_other(tmp_path: Path, database: Database) -> None:
    with machine(tmp_path / "a", database) as (a, first), machine(tmp_path / "b", database) as (b, second):
        assert first.take()
        publish(a, "site/clean-water/en/index.html", b"page", br=b"small", gz=b"smaller")
        publish(a, "manage/clean-water/en/confirm.html", b"button")
        publish(a, "policy/policy.json", b"{}")
        first.send()
        catch_up(second)

        assert files_of(b) == files_of(a)
        assert len(files_of(b)) == 5


def test_what_changes_and_what_goes_follows(tmp_path: Path, database: Database) -> None:
    with machine(tmp_path / "a", database) as (a, first), machine(tmp_path / "b", database) as (b, second):
        assert first.take()
        for name in ("one", "two", "twofold"):
            publish(a, f"site/c/{name}/index.html", b"old", gz=b"packed")
        first.send()
        catch_up(second)
        publish(a, "site/c/one/index.html", b"new")
        for path in list((a / "site/c/two").iterdir()):
            path.unlink()
        (a / "site/c/two").rmdir()
        note_change(str(a / "site"), "c/two")
        first.send()
        catch_up(second)

        assert files_of(b) == files_of(a)
        assert not (b / "site/c/two").exists()
        assert (b / "site/c/twofold/index.html").read_bytes() == b"old"


def test_a_machine_with_other_files_is_brought_to_what_is_published(tmp_path: Path, database: Database) -> None:
    with machine(tmp_path / "a", database) as (a, first), machine(tmp_path / "b", database) as (b, second):
        assert first.take()
        publish(a, "site/c/index.html", b"right")
        publish(a, "site/c/same.html", b"same")
        first.send()
        for path, content in (("site/c/index.html", b"wrong"), ("site/gone/index.html", b"hidden long ago")):
            publish(b, path, content)
        catch_up(second)

        assert files_of(b) == files_of(a)


def test_nothing_published_yet_changes_nothing(tmp_path: Path, database: Database) -> None:
    with machine(tmp_path / "b", database) as (b, second):
        publish(b, "site/c/index.html", b"from a file system of before")
        catch_up(second)
        assert files_of(b) == {"site/c/index.html": b"from a file system of before"}


def test_the_first_publisher_sends_all_that_lies_there(tmp_path: Path, database: Database) -> None:
    """A server that moved to PostgreSQL has published its pages long ago."""
    with machine(tmp_path / "a", database) as (a, first), machine(tmp_path / "b", database) as (b, second):
        publish(a, "site/c/index.html", b"page", br=b"small")
        assert first.take()
        first.send()
        catch_up(second)
        assert files_of(b) == files_of(a)


def test_one_publishes_and_another_takes_over_when_it_is_gone(tmp_path: Path, database: Database) -> None:
    with machine(tmp_path / "a", database) as (a, first), machine(tmp_path / "b", database) as (b, second):
        assert first.take()
        assert not second.take()
        publish(a, "site/c/index.html", b"page")
        first.send()
        first.close()

        assert second.take()
        assert files_of(b) == files_of(a), "who takes over begins where the last one ended"


@pytest.mark.parametrize("in_the_way", ["site/c/index.html", "worker/changed-files"])
def test_a_machine_that_cannot_write_leaves_the_right_to_publish_to_another(
    tmp_path: Path, database: Database, in_the_way: str
) -> None:
    """Its disk is full, say: it can neither lay here what the last one published, nor note what it changes."""
    with machine(tmp_path / "a", database) as (a, first), machine(tmp_path / "b", database) as (_, second):
        assert first.take()
        publish(a, "site/c/index.html", b"page")
        first.send()
        first.close()
        with machine(tmp_path / "full", database) as (full, third):
            (full / in_the_way).mkdir(parents=True)
            with pytest.raises(OSError, match="directory"):
                third.take()

            wait_until(second.take, "the right to be free")


def test_who_lost_the_right_cannot_send(tmp_path: Path, database: Database, url: str) -> None:
    with machine(tmp_path / "a", database) as (a, first), machine(tmp_path / "b", database) as (b, second):
        assert first.take()
        publish(a, "site/c/index.html", b"old")
        first.send()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        wait_until(second.take, "the right to be free")
        publish(b, "site/c/index.html", b"new")
        second.send()
        publish(a, "site/c/index.html", b"late")
        with pytest.raises(MirrorUnavailable):
            first.send()
        catch_up(first)

        assert (a / "site/c/index.html").read_bytes() == b"new"


def test_no_row_leads_out_of_the_published_folders(tmp_path: Path, database: Database, url: str) -> None:
    with psycopg.connect(url) as connection:
        for path in ("keys/link-1.key", "site/../keys/link-1.key", "/etc/passwd", "site"):
            connection.execute("INSERT INTO published_files (path, hash, content) VALUES (%s, '', 'x')", [path])
    with machine(tmp_path / "b", database) as (b, second):
        catch_up(second)
        assert files_of(b) == {}
        assert not (b / "keys" / "link-1.key").exists()
    assert is_published_path("site/.well-known/security.txt")


def test_what_is_noted_while_it_is_sent_is_sent_later(tmp_path: Path) -> None:
    DataFolder(tmp_path).make()
    notes = Notes(tmp_path)
    notes.begin()
    for file in ("a", "b", "a"):
        note_change(str(tmp_path / "site"), file)
    assert notes.take() == ["site/b", "site/a"]
    note_change(str(tmp_path / "manage"), "c")
    notes.settle()
    assert notes.take() == ["manage/c"]


def test_nobody_notes_where_nobody_sends(tmp_path: Path) -> None:
    DataFolder(tmp_path).make()
    note_change(str(tmp_path / "site"), "a")
    assert not (tmp_path / "worker" / "changed-files").exists()
