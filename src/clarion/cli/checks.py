"""The checks of `clarion doctor`, each a function that gives findings and changes nothing."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from clarion.cli.keys_apart import keys_saved, unsaved_keys
from clarion.cli.last_backup import last_backup
from clarion.env import Env
from clarion.intake.confine import landlock_version
from clarion.kernel.keys import PURPOSES, KeyReplaced, KeysMissing, read_key_ring
from clarion.machines.queries import last_beat
from clarion.worker.pulse import MAIL_SENDER, LoopName

LOW_DISK_BYTES = 1_000_000_000
STALE_HEARTBEAT = timedelta(seconds=30)
SENDER_MEND = (
    "The mail server does not take its address as a sender. Let your provider allow it, or set CLARION_MAIL_FROM to one"
    " that is taken."
)
OLD_BACKUP = timedelta(hours=26)  # one a day, which may take its time and start late
_MAIL: LoopName = "mail"
_START_WORKER = "See `systemctl status clarion-worker` and its log; without systemd, run `clarion serve`."


class Level(Enum):
    """How bad a finding is."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, and how to mend it where that is needed."""

    level: Level
    what: str
    mend: str = ""


def good(what: str) -> Finding:
    """All is well."""
    return Finding(Level.GOOD, what)


def doubtful(what: str, mend: str) -> Finding:
    """It works, and could be better."""
    return Finding(Level.DOUBTFUL, what, mend)


def bad(what: str, mend: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(Level.BAD, what, mend)


def all_findings(env: Env, *, now: datetime) -> Iterator[Finding]:
    """Every finding on this machine, its files and its settings."""
    yield from keys(env)
    yield from backups(env, now)
    yield from permissions(env)
    yield disk(env)
    yield from addresses(env)
    yield from databases(env)
    yield worker(env, now)
    yield confinement()


def keys(env: Env) -> Iterator[Finding]:
    """Are all keys here, and were they saved apart?"""
    for purpose in PURPOSES:
        try:
            read_key_ring(env.data.keys, purpose)
        except KeysMissing as error:
            yield bad(str(error), "Restore it from the file of `clarion backup --with-keys`.")
        except KeyReplaced as error:
            yield bad(str(error), "Then start the worker and the office again.")
    if not keys_saved(env.data).exists():
        yield bad(
            "The private keys were never saved apart.",
            "Run `clarion backup TARGET --with-keys FILE` and keep FILE elsewhere.",
        )
    elif unsaved_keys(env.data):
        yield bad(
            "There are new private keys since they were saved.", "Run `clarion backup TARGET --with-keys FILE` again."
        )
    else:
        yield good("All keys are here, and were saved apart.")


def backups(env: Env, now: datetime) -> Iterator[Finding]:
    """Was a backup made of late, and is it closed to those who may come by it?"""
    last = last_backup(env.data)
    if last is None:
        yield bad(
            "No backup was ever made.",
            "Run `clarion backup FOLDER`, with FOLDER on another disk or machine; then let a timer do it (deploy/).",
        )
        return
    age = now - last.at
    said = f"The last backup is of {last.at:%Y-%m-%d %H:%M} UTC, {age / timedelta(hours=1):.0f} h ago: {last.path}."
    if age > OLD_BACKUP:
        yield bad(said, "Run `clarion backup FOLDER`, and see in `systemctl status clarion-backup` why it did not.")
    else:
        yield good(said)
    if not last.is_encrypted:
        yield doubtful(
            "The last backup is not encrypted: whoever comes by the file reads it.",
            "Make a key once (`clarion backup --make-key FILE`, elsewhere) and set CLARION_BACKUP_RECIPIENT.",
        )


def permissions(env: Env) -> Iterator[Finding]:
    """Is what is secret closed to other users of the machine?"""
    open_to_others = [path for path in _secret_paths(env) if path.exists() and path.stat().st_mode & 0o077]
    for path in open_to_others:
        yield bad(f"Others on this machine may read {path}.", f"Run: chmod go-rwx {path}")
    if not open_to_others:
        yield good("Keys, records, inbox and what belongs to them are closed to other users of this machine.")


def _secret_paths(env: Env) -> list[Path]:
    return [
        env.data.keys,
        env.data.records.parent,
        env.data.inbox.parent,
        env.data.manage,
        env.data.policy,
        env.data.backup,
        env.data.erased,
        *env.data.keys.glob("*.key"),
    ]


def disk(env: Env) -> Finding:
    """Is there room?"""
    free = shutil.disk_usage(env.data.root).free
    said = f"{free / 1_000_000_000:.1f} GB are free for {env.data.root}."
    return good(said) if free > LOW_DISK_BYTES else bad(said, "Make room: without it forms are answered 503.")


def addresses(env: Env) -> Iterator[Finding]:
    """Are the addresses fit for the world?"""
    public, office = urlsplit(env.public_url), urlsplit(env.office_url)
    for parts in (public, office):
        if parts.scheme != "https":
            yield doubtful(
                f"{parts.geturl()} is not https: good for a trial only.",
                "Set it to an https address behind a web server with TLS.",
            )
    if public.hostname == office.hostname:
        yield doubtful(
            "Public site and office share a host name, so they share cookies.",
            "Give the office a host name of its own.",
        )
    else:
        yield good("Public site and office have host names of their own.")


def databases(env: Env) -> Iterator[Finding]:
    """Are both files whole, and is the schema this version's?"""
    for path in (env.data.records, env.data.inbox):
        if path.exists():
            yield integrity(path)
    try:
        executor = MigrationExecutor(connection)
        is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        yield bad(
            f"The records cannot be read ({type(error).__name__}).",
            "Where the file is damaged, restore the last backup (docs/operate/backup.md); on PostgreSQL let"
            " `clarion database roles --apply` give the roles their rights.",
        )
        return
    if is_behind:
        yield bad(
            "The database's schema is older than this Clarion.",
            "Run `clarion database migrate`; on PostgreSQL as the owner of the tables (docs/operate/postgresql.md).",
        )


def integrity(path: Path) -> Finding:
    """Is this SQLite file whole?"""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
            answer = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        answer = type(error).__name__
    mend = "Stop, copy the folder aside, and run `clarion restore --replace` with the last backup."
    return good(f"{path.name} is whole.") if answer == "ok" else bad(f"{path.name} is damaged.", mend)


def worker(env: Env, now: datetime) -> Finding:
    """Is the worker alive, and what does it complain of?"""
    try:
        beat = last_beat(env.data.heartbeat, now=now)
        age = now - datetime.fromisoformat(beat["at"])
    except (ValueError, KeyError):
        return bad(
            "The worker has never run: nothing is mailed, counted or published.",
            _START_WORKER,
        )
    if age > STALE_HEARTBEAT:
        return bad(f"The worker was last alive {age.total_seconds():.0f} s ago.", _START_WORKER)
    if beat.get("trouble"):
        codes = [str(code) for code in beat["trouble"]]
        said = f"The worker is alive and reports: {', '.join(codes)}."
        if _MAIL in codes:
            return bad(f"{said} No confirmation goes out.", _mend_of(codes))
        return doubtful(said, _mend_of(codes))
    workers = int(beat.get("workers", 1))
    return good("The worker is alive." if workers == 1 else f"{workers} workers are alive.")


def _mend_of(codes: list[str]) -> str:
    mend = "Its log says where."
    if _MAIL in codes:
        mend = f"`clarion doctor --mail ADDRESS` says why. {mend}"
    if any(code.startswith(MAIL_SENDER) for code in codes):
        mend = f"{mend} {MAIL_SENDER}, with the campaign whose mails wait: {SENDER_MEND}"
    return mend


def confinement() -> Finding:
    """Does the public process shut itself out of the records?"""
    if landlock_version():
        return good("The public process confines itself with Landlock.")
    return doubtful(
        "This system has no Landlock: the public process is held apart by nothing but its user.",
        "Take a kernel from 5.13 on, or the units in deploy/: they hide keys and records from it, and let it write"
        " its inbox alone.",
    )
