"""One connection to PostgreSQL: a server that is away, or says nothing, holds up as few as it can."""

from pathlib import Path

import psycopg
import pytest

from clarion.inbox import postgres
from clarion.inbox.store import InboxUnavailable
from clarion.kernel.databases import read_database


def test_a_server_that_is_silent_is_left_alone_after_the_attempt_not_during_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt may last longer than the rest: were it counted from its beginning, there would be none."""
    now, attempts = [100.0], []

    def connect(**_: object) -> None:
        attempts.append(now[0])
        now[0] += 5
        raise psycopg.OperationalError

    monkeypatch.setattr(postgres, "monotonic", lambda: now[0])
    monkeypatch.setattr(psycopg, "connect", connect)
    database = read_database("postgresql://clarion@127.0.0.1/clarion")
    assert database
    line = postgres.Line(database, "test")

    for _ in range(3):
        with pytest.raises(InboxUnavailable), line.use():
            pass
    assert attempts == [100]
    now[0] += 0.5
    with pytest.raises(InboxUnavailable), line.use():
        pass
    assert attempts == [100, 105.5]


def test_why_a_server_cannot_be_reached_is_logged_without_the_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of each server, where there are several: the first may refuse the role, and the second be a standby."""
    hosts = [str(tmp_path / name) for name in ("one", "two")]
    database = read_database(f"postgresql://clarion:s3cret@/records?host={','.join(hosts)}")
    assert database

    with pytest.raises(InboxUnavailable), postgres.Line(database, "test").use():
        pass

    (said,) = caplog.messages
    assert said.count("No such file or directory") == len(hosts)
    assert all(host in said for host in hosts)
    assert "\n" not in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError('password authentication failed for user "clarion" (s3cret)'),
        psycopg.errors.UniqueViolation("Key (email)=(s3cret) already exists."),
        psycopg.DataError("s3cret"),
    ],
)
def test_neither_the_password_nor_what_was_sent_is_ever_logged(
    error: psycopg.Error, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(**_: object) -> None:
        raise error

    monkeypatch.setattr(psycopg, "connect", connect)
    database = read_database("postgresql://clarion:s3cret@127.0.0.1/records")
    assert database

    with pytest.raises(InboxUnavailable), postgres.Line(database, "test").use():
        pass

    (said,) = caplog.messages
    assert type(error).__name__ in said
    assert "s3cret" not in said
