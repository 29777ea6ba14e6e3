"""What `clarion doctor` asks of PostgreSQL; changes nothing."""

from collections.abc import Iterator

from django.db import DatabaseError, connection

from clarion.cli.checks import Finding, bad, doubtful, good
from clarion.cli.roles import INBOX, Place
from clarion.env import Env
from clarion.inbox.postgres import SAFE_COMMITS, reason_of
from clarion.kernel.databases import Database

OLDEST_VERSION = 14
_MAKE_ROLES = "Run `clarion database roles --apply` as the owner of the tables (docs/operate/postgresql.md)."

# Of what replicates, the worker's role sees the name alone. The setting is a list of names, or * for any.
_CONNECTED = (
    "SELECT count(*) FROM pg_stat_replication, (SELECT lower(%s) AS standbys) AS wanted WHERE application_name <> ''"
    " AND (strpos(standbys, '*') > 0 OR strpos(standbys, lower(application_name)) > 0)"
)


def postgres_findings(env: Env, database: Database) -> Iterator[Finding]:
    """Does it answer, is it new enough, does it keep what it acknowledged, and are the roles as they were made?"""
    try:
        version = int(_asked("SHOW server_version_num")) // 10_000
    except DatabaseError as error:
        yield bad(
            f"PostgreSQL does not answer ({type(error).__name__}: {reason_of(error, database.password)}).",
            "Is it running, and do address, role, password and certificate of CLARION_DATABASE_URL fit?",
        )
        return
    said = f"PostgreSQL {version} answers."
    yield good(said) if version >= OLDEST_VERSION else bad(said, f"Clarion needs PostgreSQL {OLDEST_VERSION}.")
    yield from durability()
    yield from collation()
    yield from line(database)
    yield from roles(env, database)


def is_reachable() -> bool:
    """Whether the server answers this role."""
    try:
        connection.ensure_connection()
    except DatabaseError:
        return False
    return True


def durability() -> Iterator[Finding]:
    """Is what was committed on disk, and on the standby?"""
    commit, fsync = _asked("SHOW synchronous_commit"), _asked("SHOW fsync")
    if fsync != "on" or commit not in SAFE_COMMITS:
        yield bad(
            f"PostgreSQL loses what it acknowledged (fsync {fsync}, synchronous_commit {commit}).",
            "Set both to on; intake refuses to append where a commit is not on disk.",
        )
    elif not (standbys := _asked("SHOW synchronous_standby_names")):
        yield doubtful(
            "Commits are on one server's disk: with it, all is lost since the last backup.",
            "For a large campaign add a synchronous standby (docs/operate/scale.md).",
        )
    elif not int(_asked(_CONNECTED, standbys)):
        yield bad(
            "No standby of synchronous_standby_names is connected: no commit ends, and forms are answered 503.",
            "Start it, or go on with one disk (docs/operate/scale.md).",
        )
    else:
        yield good("Commits are on the disks of PostgreSQL and of a standby.")


def collation() -> Iterator[Finding]:
    """Do texts sort as they do everywhere else, so that the same records give the same pages?"""
    found = _asked("SELECT datcollate FROM pg_database WHERE datname = current_database()")
    if found.upper() not in ("C", "POSIX", "C.UTF-8", "C.UTF8"):
        yield doubtful(
            f"The database sorts texts by {found}: lists may stand in another order than elsewhere.",
            "Make the database with LOCALE 'C.UTF-8' TEMPLATE template0 (docs/operate/postgresql.md).",
        )


def line(database: Database) -> Iterator[Finding]:
    """Can others read what goes to the server?"""
    mode = database.options.get("sslmode", "")
    if not database.is_near and mode not in ("verify-full", "verify-ca"):
        yield doubtful(
            f"The line to PostgreSQL does not check who answers (sslmode={mode}).",
            "Use sslmode=verify-full with sslrootcert, unless the network is yours alone.",
        )


def roles(env: Env, database: Database) -> Iterator[Finding]:
    """Does the public process hold the key to nothing but appending?

    How it signs in its own unit alone may know; then the role is looked at that is made for it.
    """
    is_known = env.inbox_database is not None and env.inbox_database != database
    role = env.inbox_database.user if env.inbox_database and is_known else _made_role(database)
    if not int(_asked("SELECT count(*) FROM pg_roles WHERE rolname = %s", role)):
        yield doubtful(f"As whom the public process signs in is not known here, and there is no {role}.", _MAKE_ROLES)
        return
    who = f"The public process signs in as {role}" if is_known else f"The role made for the public process is {role}"
    readable = _asked(
        "SELECT count(*) FROM pg_class, pg_roles WHERE rolname = %s AND relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND has_table_privilege(rolname, pg_class.oid, 'SELECT, UPDATE, DELETE, TRUNCATE')",
        role,
    )
    may_append = _asked("SELECT coalesce(has_table_privilege(%s, to_regclass(%s), 'INSERT'), false)::int", role, INBOX)
    yield _judged(who, may_read=int(readable) > 0, may_append=int(may_append) > 0)


def _made_role(database: Database) -> str:
    return Place(database.name, database.user).role("intake")


def _judged(who: str, *, may_read: bool, may_append: bool) -> Finding:
    if may_read:
        return bad(f"{who}, which may do more than append to the inbox.", f"{_MAKE_ROLES} CLARION_INBOX_URL names it.")
    if not may_append:
        return bad(f"{who}, which may not append to the inbox: forms are answered 503.", _MAKE_ROLES)
    return good(f"{who}, which may append to the inbox, and do nothing else.")


def _asked(question: str, *given: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question, given)
        return str(cursor.fetchone()[0])
