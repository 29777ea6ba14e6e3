"""Addresses of databases: what is read, what is refused, and that no password shows."""

from pathlib import Path

import pytest

from clarion.cli import postgres_checks
from clarion.cli.checks import Level
from clarion.cli.roles import Place, role_statements
from clarion.cli.serve import Unsafe, follow_environ, intake_environ, office_environ, serve, worker_environ
from clarion.env import SettingsWrong, read_env
from clarion.kernel.databases import Database, read_database

OWNER = "postgresql://clarion:o@db.example.org/clarion?sslmode=verify-full"
INTAKE = "postgresql://clarion_intake:i@db.example.org/clarion?sslmode=verify-full"
OFFICE = "postgresql://clarion_office:f@db.example.org/clarion?sslmode=verify-full"


def read(text: str) -> Database:
    found = read_database(text)
    assert found
    return found


def test_an_address_is_read_with_what_is_escaped_in_it() -> None:
    found = read("postgresql://a%40b:p%2Fw%3A@db.example.org:6432/name?sslmode=require&pgbouncer=true")

    assert (found.user, found.password, found.name, found.is_pooled) == ("a@b", "p/w:", "name", True)
    assert found.parameters().items() >= {
        "host": "db.example.org", "port": "6432", "dbname": "name", "sslmode": "require", "gssencmode": "disable",
    }.items()  # fmt: skip


def test_several_hosts_and_sockets_are_read() -> None:
    two = read("postgresql://u:p@one:5432,[::1]:5433/n?target_session_attrs=read-write&sslmode=require")
    socket = read("postgresql://u@/n?host=/var/run/postgresql")

    assert (two.hosts, two.ports) == ("one,::1", "5432,5433")
    assert (socket.hosts, socket.ports, socket.is_near) == ("/var/run/postgresql", "", True)


def test_only_a_host_that_is_called_by_a_name_is_looked_up() -> None:
    """`localhost` is near, and a name."""
    numbers = ("/n", "/n?host=/var/run/postgresql", "127.0.0.1/n", "[::1]/n", "10.0.0.5,10.0.0.6/n?sslmode=require")
    names = ("localhost/n", "127.0.0.1,localhost/n", "db.example.org/n?sslmode=require")

    assert [read(f"postgresql://u@{place}").has_names for place in numbers] == [False] * 5
    assert [read(f"postgresql://u@{place}").has_names for place in names] == [True] * 3


@pytest.mark.parametrize(
    "text",
    [
        "mysql://u:secret@localhost/n",
        "postgresql://u:secret@localhost/",
        "postgresql://:secret@localhost/n",
        "postgresql://u:secret@db.example.org/n",  # over a network without a word on TLS
        "postgresql://u:sec/ret@localhost/n",
        "postgresql://u:secret@localhost:port/n",
        "postgresql://u:secret@localhost/n?options=-csecret",
        "postgresql://u:secret@localhost/n?pgbouncer=perhaps",
        "postgresql://u:?secret@localhost/n",
        "postgresql://u:secret\u2100@localhost/n",
        "postgresql://u:secret@[localhost/n",
    ],
)
def test_what_cannot_be_used_is_refused_without_repeating_the_password(text: str) -> None:
    with pytest.raises(SettingsWrong) as refused:
        read_env({"CLARION_DATABASE_URL": text, "CLARION_DATA": "nowhere"})

    assert "CLARION_DATABASE_URL" in str(refused.value)
    assert "sec" not in str(refused.value).replace("CLARION_DATABASE_URL", "")


def test_no_text_of_a_database_shows_its_password() -> None:
    assert "s3cret" not in repr(read("postgresql://u:s3cret@localhost/n"))


def test_each_process_is_handed_its_own_way_to_the_database() -> None:
    given = {
        "CLARION_DATABASE_URL": OWNER, "CLARION_INBOX_URL": INTAKE, "CLARION_OFFICE_DATABASE_URL": OFFICE,
        "PATH": "/bin",
    }  # fmt: skip

    assert intake_environ(given) == {"CLARION_INBOX_URL": INTAKE, "PATH": "/bin"}
    assert office_environ(given) == {"CLARION_DATABASE_URL": OFFICE, "PATH": "/bin"}
    assert worker_environ(given) == {"CLARION_DATABASE_URL": OWNER, "PATH": "/bin"}


def test_a_single_address_serves_all_and_files_stay_files() -> None:
    given = {"CLARION_DATABASE_URL_FILE": "/run/secrets/db"}

    assert intake_environ(given) == {"CLARION_INBOX_URL_FILE": "/run/secrets/db"}
    assert office_environ(given) == worker_environ(given) == given
    assert office_environ(given | {"CLARION_OFFICE_DATABASE_URL": OFFICE}) == {"CLARION_DATABASE_URL": OFFICE}


def test_the_office_is_told_where_mails_go_and_not_the_password(tmp_path: Path) -> None:
    file = tmp_path / "mail_url"
    file.write_text("smtp://us:s3cret@mail.example.org:587\n")

    for given in ({"CLARION_MAIL_URL": file.read_text()}, {"CLARION_MAIL_URL_FILE": str(file)}):
        assert office_environ(given) == {"CLARION_MAIL_URL": "smtp://mail.example.org:587"}


def test_no_process_is_handed_what_is_not_clarions() -> None:
    """Only what is on a list: secrets of others lie about in environments, under names that nobody can foresee."""
    foreign = {"AWS_SECRET_ACCESS_KEY": "s3cret", "PGPASSWORD": "s3cret", "CLARION_OTHER": "s3cret", "HOME": "/root"}
    needed = {"CLARION_DATA": "/srv/data", "PATH": "/bin", "LC_ALL": "C.UTF-8", "SSL_CERT_FILE": "/etc/ca.pem"}

    for environ_of in (intake_environ, follow_environ, office_environ, worker_environ):
        assert environ_of(foreign | needed) == needed


def test_a_node_that_could_not_hand_over_forms_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLARION_DATABASE_URL", raising=False)
    monkeypatch.setenv("CLARION_PAGES_URL", OWNER)

    with pytest.raises(Unsafe, match="nobody drains"):
        serve.main(["--only", "public"], standalone_mode=False)


def test_doctor_does_not_guess_as_whom_the_public_process_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own unit alone may know, and the roles may bear other names."""
    monkeypatch.setattr(postgres_checks, "_asked", lambda question, *given: "0")
    env = read_env({"CLARION_DATABASE_URL": OWNER})
    assert env.database

    (finding,) = postgres_checks.roles(env, env.database)

    assert (finding.level, "not known here" in finding.what) == (Level.DOUBTFUL, True)


def test_names_of_roles_and_databases_are_quoted() -> None:
    said = list(role_statements(Place('my "db"', "Owner")))

    assert 'GRANT CONNECT ON DATABASE "my ""db""" TO' in " ".join(said)
    assert any('FOR ROLE "Owner"' in statement for statement in said)
