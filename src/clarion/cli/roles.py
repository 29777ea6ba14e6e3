"""Who may do what in PostgreSQL: the statements that make a role for each process. Pure: nothing is asked or done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# `pages` is for a public node on a machine of its own, which fetches what is published.
PROCESSES = ("intake", "office", "worker", "backup", "pages")
INBOX = "inbox_batches"
FILES = "published_files"
_EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
# What nobody changes in the course of things: `(table, process)` and what is left to it.
_LESS: Mapping[tuple[str, str], str] = {
    (INBOX, "office"): "",
    # UPDATE of the number, which cannot be changed anyway, is what SELECT … FOR UPDATE asks for.
    (INBOX, "worker"): "SELECT, DELETE, UPDATE (id)",
    ("django_migrations", "office"): "SELECT",
    ("django_migrations", "worker"): "SELECT",
    ("audit_entry", "office"): "SELECT, INSERT",
    ("audit_entry", "worker"): "SELECT, INSERT",
    ("privacy_receipt", "office"): "SELECT",
    ("machines_heartbeat", "office"): "SELECT",
    ("machines_keymark", "office"): "SELECT",
    ("machines_keymark", "worker"): "SELECT, INSERT",
    # The keys by which networks are marked lie there too: in no backup, and with nobody who does not serve.
    (FILES, "office"): "",
    (FILES, "backup"): "",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the roles are made: the database, who owns its tables, and what their names begin with."""

    database: str
    owner: str
    prefix: str = "clarion"

    def role(self, process: str) -> str:
        """The role of one process, not quoted."""
        return f"{self.prefix}_{process}"


def role_statements(place: Place, *, login: Mapping[str, str] | None = None) -> Iterator[str]:
    """The statements, in order; safe to repeat. `login`: password verifiers (SCRAM) of roles that may sign in.

    A role without one is NOLOGIN, to be granted to a role of the host's own.
    """
    for process in PROCESSES:
        yield from _make(place.role(process), (login or {}).get(process, ""))
    everyone = ", ".join(_quoted(place.role(process)) for process in PROCESSES)
    database = _quoted(place.database)
    yield f"REVOKE ALL ON DATABASE {database} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {database} TO {everyone}"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {everyone}"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {everyone}"
    yield f"GRANT INSERT ON {INBOX} TO {_quoted(place.role('intake'))}"
    yield f"GRANT SELECT ON {FILES} TO {_quoted(place.role('pages'))}"
    for process, tables, sequences in (
        ("office", _EVERYTHING, "USAGE, SELECT"),
        ("worker", _EVERYTHING, "USAGE, SELECT"),
        ("backup", "SELECT", "SELECT"),
    ):
        yield from _grant(place, process, tables, sequences)
    for (table, process), left in _LESS.items():
        yield f"REVOKE ALL ON {table} FROM {_quoted(place.role(process))}"
        if left:
            yield f"GRANT {left} ON {table} TO {_quoted(place.role(process))}"


def _make(role: str, verifier: str) -> Iterator[str]:
    yield (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {_text(role)})"
        f" THEN CREATE ROLE {_quoted(role)} NOLOGIN; END IF; END $$"
    )
    if verifier:
        yield f"ALTER ROLE {_quoted(role)} LOGIN PASSWORD {_text(verifier)}"
    # A commit that was answered is on disk, whatever the server's default says.
    yield f"ALTER ROLE {_quoted(role)} SET synchronous_commit = on"


def _grant(place: Place, process: str, tables: str, sequences: str) -> Iterator[str]:
    """On what is here, and on what later migrations of the owner make."""
    role, owner = _quoted(place.role(process)), _quoted(place.owner)
    yield f"GRANT {tables} ON ALL TABLES IN SCHEMA public TO {role}"
    yield f"GRANT {sequences} ON ALL SEQUENCES IN SCHEMA public TO {role}"
    later = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
    yield f"{later} GRANT {tables} ON TABLES TO {role}"
    yield f"{later} GRANT {sequences} ON SEQUENCES TO {role}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
