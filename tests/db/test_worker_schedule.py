"""What the clock asks for keeps nobody waiting."""

import sqlite3
from contextlib import closing
from time import monotonic

import pytest
from django.db import connection

from clarion.worker.schedule import truncate_records
from tests.make import make_team


@pytest.mark.django_db(transaction=True)
def test_cutting_the_records_log_waits_for_no_backup_since_all_who_write_would_wait_too() -> None:
    """On PostgreSQL there is nothing to cut, and nobody to wait for."""
    make_team()
    path = str(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else ":memory:"
    with closing(sqlite3.connect(path, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM sqlite_master").fetchone()
        make_team(owner_email="other@example.org", name="Other")

        began = monotonic()
        assert truncate_records() is (connection.vendor != "sqlite")
        assert monotonic() - began < 2
    assert truncate_records()
