"""One connection to PostgreSQL: a server that is away, or says nothing, holds up as few as it can."""

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
