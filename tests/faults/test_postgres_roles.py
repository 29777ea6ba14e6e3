"""Each process reaches PostgreSQL by a role that may do what the process does, and nothing else: proved by trying."""

from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from clarion.inbox.ends import open_reader, open_writer
from clarion.kernel.databases import Database, read_database
from clarion.kernel.ids import new_id
from tests.faults.short_call import SIGN, SLUG, WIDE, write_short_call
from tests.postgres import PostgresServer, new_database, shared_server
from tests.program import Program, links_of, wait_until

pytestmark = pytest.mark.faults

PASSWORD = "correct horse 'battery\\ staple"
INSERT_BATCH = (
    "INSERT INTO inbox_batches (key_number, sealed_key, accepted_at, size, submissions, bodies)"
    " VALUES (1, 'k', 0, 1, '{a}', '{b}')"
)
INSERT_RECEIPT = "INSERT INTO privacy_receipt (submission, at) VALUES ('x', now())"
INSERT_ENTRY = (
    "INSERT INTO audit_entry (at, actor_kind, actor, verb, object_kind, object, campaign, detail)"
    " VALUES (now(), 'host', '', 'did', 'campaign', '', '', '{}')"
)


class Roles:
    """A database with Clarion's tables and roles."""

    def __init__(self, folder: Path) -> None:
        self.url = new_database()
        self.program = Program(folder / "program", extra={"CLARION_DATABASE_URL": self.url})
        self.program.folder.mkdir()
        self.passwords = folder / "passwords"
        self.passwords.mkdir()
        for process in ("intake", "office", "worker", "backup", "pages"):
            (self.passwords / process).write_text(f"{PASSWORD}\n")
        self.make()

    def make(self) -> str:
        """Make the roles, or once more."""
        return self.program.run("database", "roles", "--apply", "--passwords", str(self.passwords)).stdout

    def database(self, process: str) -> Database:
        """The database as the role of a process opens it."""
        found = read_database(self.url.replace("postgres@", f"clarion_{process}@"))
        assert found
        return found

    def run(self, process: str, statement: str) -> Any:
        """One statement by the role of a process, undone afterwards."""
        with closing(psycopg.connect(**self.database(process).parameters())) as connection:
            return connection.execute(statement)  # type: ignore[call-overload]

    def tables(self) -> list[str]:
        """Every table there is."""
        with closing(psycopg.connect(self.url)) as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return [name for (name,) in found]


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Roles:
    return Roles(tmp_path_factory.mktemp("roles"))


def test_intake_appends_to_the_inbox(roles: Roles) -> None:
    with closing(open_writer(Path(), roles.database("intake"))) as writer:
        writer.append([(new_id(), b"body")], 1, b"key")

    with closing(open_reader(Path(), roles.database("worker"))) as reader:
        rows = reader.take(9)
        assert [row.body for row in rows] == [b"body"]
        reader.remove([row.seq for row in rows])
        assert reader.waiting() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM inbox_batches",
        "SELECT count(*) FROM inbox_batches",
        "DELETE FROM inbox_batches",
        "UPDATE inbox_batches SET accepted_at = 0",
        "TRUNCATE inbox_batches",
        f"{INSERT_BATCH} RETURNING id",
        "DROP TABLE inbox_batches",
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "SELECT last_value FROM inbox_batches_id_seq",
        "SET ROLE clarion_worker",
        INSERT_RECEIPT,
    ],
)
def test_intake_may_do_nothing_else(roles: Roles, statement: str) -> None:
    roles.run("intake", INSERT_BATCH)

    with pytest.raises(InsufficientPrivilege):
        roles.run("intake", statement)


def test_intake_reads_no_table_at_all(roles: Roles) -> None:
    for table in roles.tables():
        with pytest.raises(InsufficientPrivilege):
            roles.run("intake", f"SELECT FROM {table}")


@pytest.mark.parametrize(
    ("process", "allowed", "refused"),
    [
        (
            "office",
            ["SELECT FROM signatures_signature", INSERT_ENTRY, "DELETE FROM outbox_mail"],
            [
                "SELECT FROM inbox_batches",
                INSERT_BATCH,
                "DELETE FROM audit_entry",
                INSERT_RECEIPT,
                "SELECT FROM published_files",
                "INSERT INTO machines_heartbeat VALUES ('x', now(), '{}')",
            ],
        ),
        (
            "worker",
            ["SELECT FROM inbox_batches FOR UPDATE", "DELETE FROM inbox_batches", INSERT_RECEIPT, INSERT_ENTRY],
            [INSERT_BATCH, "UPDATE inbox_batches SET bodies = '{}'", "UPDATE audit_entry SET verb = ''"],
        ),
        (
            "pages",
            ["SELECT FROM published_files"],
            [
                "INSERT INTO published_files (path) VALUES ('site/x')",
                "DELETE FROM published_files",
                "SELECT FROM inbox_batches",
                "SELECT FROM signatures_signature",
                INSERT_BATCH,
            ],
        ),
        (
            "backup",
            ["SELECT FROM signatures_signature", "SELECT FROM inbox_batches", "SELECT FROM outbox_mail_id_seq"],
            [
                INSERT_BATCH,
                INSERT_RECEIPT,
                "DELETE FROM outbox_mail",
                "UPDATE organisers_organiser SET name = ''",
                "SELECT FROM published_files",
            ],
        ),
    ],
)  # fmt: skip
def test_each_role_does_its_work_and_no_more(
    roles: Roles, process: str, allowed: list[str], refused: list[str]
) -> None:
    for statement in allowed:
        roles.run(process, statement)
    for statement in [
        *refused,
        "DROP TABLE outbox_mail",
        "DELETE FROM django_migrations",
        "CREATE TABLE mine (id int)",
    ]:
        with pytest.raises(InsufficientPrivilege):
            roles.run(process, statement)


def test_tables_of_later_migrations_are_shared_out_too(roles: Roles) -> None:
    with psycopg.connect(roles.url) as connection:
        connection.execute("CREATE TABLE made_later (id bigint GENERATED ALWAYS AS IDENTITY, said text)")
    for process in ("office", "worker"):
        roles.run(process, "INSERT INTO made_later (said) VALUES ('x')")
    roles.run("backup", "SELECT FROM made_later")
    for process, statement in (("intake", "SELECT FROM made_later"), ("backup", "DELETE FROM made_later")):
        with pytest.raises(InsufficientPrivilege):
            roles.run(process, statement)


def test_making_them_again_changes_nothing(roles: Roles) -> None:
    assert "clarion_intake" in roles.make()
    roles.run("intake", INSERT_BATCH)
    with pytest.raises(InsufficientPrivilege):
        roles.run("intake", "SELECT FROM inbox_batches")


def test_passwords_reach_the_server_as_verifiers_only(roles: Roles) -> None:
    with closing(psycopg.connect(shared_server().url("postgres"))) as connection:
        found = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'clarion_intake'").fetchone()

    assert found
    assert found[0].startswith("SCRAM-SHA-256$")
    assert PASSWORD not in shared_server().log.read_text(errors="replace")


def test_what_is_printed_holds_no_password(roles: Roles) -> None:
    printed = roles.program.run("database", "roles").stdout

    assert 'GRANT INSERT ON inbox_batches TO "clarion_intake";' in printed
    assert "PASSWORD" not in printed


def test_doctor_looks_at_server_roles_and_durability(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' server runs without fsync, which is said."""
    said = roles.program.run("doctor", check=False).stdout
    assert "PostgreSQL 16 answers." in said
    assert "loses what it acknowledged (fsync off, synchronous_commit on)" in said
    # Only the public process's own unit is told how that signs in: then the role made for it is looked at.
    assert "is clarion_intake, which may append to the inbox, and do nothing else." in said

    for process, may in (
        ("intake", "append to the inbox, and do nothing else."),
        ("office", "do more than append to the inbox."),
    ):
        monkeypatch.setitem(
            roles.program.extra, "CLARION_INBOX_URL", roles.url.replace("postgres@", f"clarion_{process}@")
        )
        said = roles.program.run("doctor", check=False).stdout
        assert f"The public process signs in as clarion_{process}, which may {may}" in said


def test_doctor_says_when_the_server_is_away(tmp_path: Path) -> None:
    program = Program(tmp_path / "away", extra={"CLARION_DATABASE_URL": f"postgresql://u:secret@/none?host={tmp_path}"})
    program.folder.mkdir()
    done = program.run("doctor", check=False)

    assert (done.returncode, "PostgreSQL does not answer" in done.stdout) == (1, True)
    assert "No such file or directory" in done.stdout
    assert "secret" not in done.stdout + done.stderr


def test_doctor_says_when_no_standby_confirms(tmp_path: Path) -> None:
    """Every commit then waits: asked by the worker's role, which sees of a standby no more than its name."""
    server = PostgresServer(is_durable=True).start()
    try:
        server.execute("CREATE ROLE clarion_worker LOGIN")
        server.execute("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (two)'")
        server.stop()
        server.start()
        url = server.url("postgres", user="clarion_worker")
        program = Program(tmp_path / "program", extra={"CLARION_DATABASE_URL": url})
        program.folder.mkdir()
        for name, is_confirmed in (("pg_basebackup", False), ("two", True)):
            with psycopg.connect(server.url("postgres"), replication="database", application_name=name):
                said = program.run("doctor", check=False).stdout
            assert ("No standby of synchronous_standby_names is connected" in said) is not is_confirmed
            assert ("on the disks of PostgreSQL and of a standby" in said) is is_confirmed
    finally:
        server.remove()


def test_the_whole_road_by_a_role_for_each_process(tmp_path: Path) -> None:
    """The owner makes tables and roles; then intake appends, the worker drains, mails and counts, the office is up."""
    roles = Roles(tmp_path)
    program, owner = roles.program, roles.url
    program.extra |= WIDE
    program.launch(write_short_call(tmp_path / "call"))
    for name, process in _URLS.items():
        program.extra[name] = owner.replace("postgres@", f"clarion_{process}@")
    program.start()
    try:
        _sign(program, "amina@example.org")
        mail = program.wait_for_mail("amina@example.org")
        program.answer_to(urlsplit(links_of(mail, "confirm")[0]).path, {"answer": "yes"})
        wait_until(lambda: program.counts(SLUG)["total"] == 1, "the signature to be counted")
        shared_server().end_connections(read_database(owner).name)  # type: ignore[union-attr]
        _sign(program, "bo@example.org")
        program.wait_for_mail("bo@example.org")
    finally:
        program.stop()
    assert "secret" not in program.log.read_text()


_URLS = {"CLARION_DATABASE_URL": "worker", "CLARION_INBOX_URL": "intake", "CLARION_OFFICE_DATABASE_URL": "office"}


def _sign(program: Program, address: str) -> None:
    status, location = program.answer_to(SIGN, {"name": "Amina", "email": address, "country": "KE"})
    assert (status, location) == (303, f"/{SLUG}/en/check-your-mail/")
