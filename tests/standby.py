"""A second PostgreSQL server beside the first: a synchronous standby, made as the docs say (docs/operate/scale.md)."""

import pwd
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.postgres import PostgresServer, binaries, server_user

_PATIENCE_SECONDS = 60
_HAS_ALL = "SELECT sync_state = 'sync' AND flush_lsn = pg_current_wal_flush_lsn() FROM pg_stat_replication"


def free_addresses() -> tuple[str, str]:
    """Two addresses of the loopback on which nobody else tests now."""
    network = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}"
    return f"{network}.11", f"{network}.12"


class Standby(PostgresServer):
    """A copy of `primary` that receives all it writes."""

    def __init__(self, primary: PostgresServer, primary_address: str, address: str) -> None:
        super().__init__(is_durable=True, settings={"listen_addresses": address, "cluster_name": "standby"})
        self._primary = primary
        self._primary_address = primary_address

    def _make_cluster(self) -> None:
        if user := server_user():
            shutil.chown(self.folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        command = [str(binaries() / "pg_basebackup"), "--pgdata", str(self.data), "--write-recovery-conf"]
        command += ["--wal-method=stream", "--checkpoint=fast"]
        command += ["--dbname", f"host={self._primary_address} user=postgres application_name=standby"]
        subprocess.run(command, check=True, capture_output=True, user=server_user(), cwd=self.folder)


class Pair:
    """A primary and its synchronous standby, each on an address of its own."""

    def __init__(self) -> None:
        self.addresses = free_addresses()
        self.primary = PostgresServer(is_durable=True, settings={"listen_addresses": self.addresses[0]})
        self.standby = Standby(self.primary, *self.addresses)

    def start(self) -> "Pair":
        """Start both; from then on a commit that returned is on the disks of both.

        By a restart, not a reload: under load a reload reaches the process that makes commits wait much later than
        the one that calls the standby synchronous.
        """
        self.primary.start()
        self.primary.execute("CREATE DATABASE clarion")
        self.standby.start()
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (standby)'")
        self.primary.stop()
        self.primary.start()
        _wait(lambda: self._ask(self.primary, _HAS_ALL) is True)
        return self

    @property
    def url(self) -> str:
        """`CLARION_DATABASE_URL`: both servers, of which the one that takes writes is meant."""
        return f"postgresql://postgres@{','.join(self.addresses)}/clarion?target_session_attrs=read-write"

    def promote(self) -> None:
        """Make the standby the primary; comes back when it takes writes."""
        assert self._ask(self.standby, "SELECT pg_promote(true, 60)") is True

    def _ask(self, server: PostgresServer, question: str) -> Any:
        with psycopg.connect(server.url("postgres")) as connection:
            row = connection.execute(question).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None

    def remove(self) -> None:
        """Leave nothing behind."""
        self.standby.remove()
        self.primary.remove()


def _wait(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < ends, "the standby does not follow"
        time.sleep(0.1)
