"""A campaign moves from SQLite to PostgreSQL while people go on signing: every row arrives, and nothing is lost."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from clarion.cli.move_tables import CHUNK
from clarion.kernel.databases import read_database
from tests.faults.short_call import SIGN, SLUG, WIDE, copy_launched, kill_all, write_short_call
from tests.postgres import new_database, shared_server
from tests.program import SAMPLE, STOPS_WITHIN, Program, links_of, wait_until

pytestmark = pytest.mark.faults

PEOPLE = 5_000
MANY_PEOPLE = f"""
from clarion.cli import set_up_django; set_up_django()
from datetime import timedelta
from clarion.campaigns.models import Campaign
from clarion.kernel.clock import utc_now
from clarion.kernel.ids import new_id
from clarion.signatures.models import Signature
from tests.make import make_organiser
campaign, now = Campaign.objects.get(slug="{SLUG}"), utc_now()
Signature.objects.bulk_create(
    Signature(
        public_id=new_id(), campaign=campaign, state="confirmed", version=1, language="en", consent="x", country="KE",
        address_hash=number.to_bytes(16), box=bytes(range(number % 200)), signed_at=now - timedelta(seconds=number),
        confirmed_at=now - timedelta(microseconds=number),
    )
    for number in range({PEOPLE})
)
make_organiser(email="nadia@example.org", team=campaign.team)
"""
# Lets a move come to the second part of the signatures, and no further.
HOLD = f"""
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.name = 'signatures_signature' AND NEW.rows > {CHUNK} THEN PERFORM pg_sleep(600); END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION hold_from_its_beginning() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF to_regclass('move_progress') IS NOT NULL THEN
    CREATE OR REPLACE TRIGGER hold BEFORE INSERT OR UPDATE ON move_progress FOR EACH ROW EXECUTE FUNCTION hold();
  END IF;
END $$;
CREATE EVENT TRIGGER hold_from_its_beginning ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
  EXECUTE FUNCTION hold_from_its_beginning();
"""
LET_GO = "DROP EVENT TRIGGER hold_from_its_beginning; DROP FUNCTION hold() CASCADE"


class Moving:
    """A program on SQLite with a past, and the database into which it moves."""

    def __init__(self, folder: Path) -> None:
        self.old = Program(folder / "run", extra=dict(WIDE), records={})
        self.url = new_database()
        self.new = Program(
            folder / "run", self.old.public_port, self.old.office_port, extra=WIDE | {"CLARION_DATABASE_URL": self.url}
        )
        copy_launched(self.old.data, is_on_postgresql=False)
        self.old.launch(SAMPLE, "--draft")
        self.old.start()
        self.sign("before@example.org")
        self.link = links_of(self.old.wait_for_mail("before@example.org"), "confirm")[0]
        self.old.stop()
        os.utime(self.old.data / "worker" / "heartbeat.json", (0, 0))  # a quarter of a minute goes by
        subprocess.run([sys.executable, "-c", MANY_PEOPLE], env=self.old.environment, check=True, cwd=Path.cwd())

    def sign(self, address: str) -> None:
        """Sign."""
        form = {"name": "Amina", "email": address, "country": "KE"}
        assert self.old.answer_to(SIGN, form)[0] == 303

    def serve_public_alone(self) -> "subprocess.Popen[bytes]":
        """Intake on the old inbox, while office and worker rest."""
        command = [sys.executable, "-m", "clarion", "serve", "--only", "public"]
        process = subprocess.Popen(
            [*command, "--public", f"127.0.0.1:{self.old.public_port}"],
            env=self.old.environment, stderr=subprocess.DEVNULL, cwd=self.old.folder,
        )  # fmt: skip
        self.old.answer_to("/nowhere", {})
        return process

    def ask(self, question: str) -> int:
        """A number from the database."""
        with closing(psycopg.connect(self.url)) as connection:
            try:
                row = connection.execute(question).fetchone()  # type: ignore[call-overload]
            except psycopg.errors.UndefinedTable:
                return 0
        return int(row[0] or 0) if row else 0

    def do(self, statement: str) -> None:
        """Have the database do something."""
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def move_until_killed(self) -> None:
        """Move, and kill it with kill -9 in the midst of a part of the signatures, when one is there."""
        self.do(HOLD)
        command = [sys.executable, "-m", "clarion", "move"]
        process = subprocess.Popen(
            command, env=self.new.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        question = "SELECT max(rows) FROM move_progress WHERE name = 'signatures_signature'"
        wait_until(lambda: self.ask(question), "a part of the signatures to be there", seconds=120)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=STOPS_WITHIN)
        database = read_database(self.url)
        assert database
        shared_server().end_connections(database.name)  # what it held sleeps on
        self.do(LET_GO)

    def signatures(self) -> tuple[set[str], set[str]]:
        """Every signature here and there: what matters of it, as text."""
        ours = "SELECT public_id, state, country, lower(hex(box)), lower(hex(address_hash)) FROM signatures_signature"
        theirs = (
            "SELECT public_id, state, country, encode(box, 'hex'), encode(address_hash, 'hex')"
            " FROM signatures_signature"
        )
        with closing(sqlite3.connect(self.old.data / "records" / "records.sqlite3")) as source:
            here = {"|".join(map(str, row)) for row in source.execute(ours)}
        with closing(psycopg.connect(self.url)) as target:
            there = {"|".join(map(str, row)) for row in target.execute(theirs).fetchall()}
        return here, there

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How many rows each table of the source has, here and there."""
        with closing(sqlite3.connect(self.old.data / "records" / "records.sqlite3")) as source:
            listed = source.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            names = [name for (name,) in listed.fetchall()]
            counting = {name: f"SELECT count(*) FROM {name}" for name in names}  # noqa: S608 - names of our own tables
            return {name: (source.execute(ask).fetchone()[0], self.ask(ask)) for name, ask in counting.items()}


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[Moving]:
    found = Moving(tmp_path)
    try:
        yield found
    finally:
        kill_all(found.old)


def test_a_move_loses_nothing_though_it_is_killed_and_people_go_on_signing(moving: Moving) -> None:
    public = moving.serve_public_alone()
    moving.sign("meanwhile@example.org")
    moving.move_until_killed()
    assert moving.ask("SELECT count(*) FROM signatures_signature") == CHUNK

    moving.do("UPDATE signatures_signature SET country = 'FR' WHERE id = 7")
    refused = moving.new.run("move", check=False)
    assert (refused.returncode, "signatures_signature" in refused.stderr) == (1, True), refused
    moving.do("UPDATE signatures_signature SET country = 'KE' WHERE id = 7")

    said = moving.new.run("move").stdout
    assert "each was compared" in said
    assert "1 forms" in said
    differing = {name for name, (ours, theirs) in moving.sizes().items() if ours != theirs}
    assert differing <= {"machines_keymark"}, "only PostgreSQL's machines are held to one set of keys"
    here, there = moving.signatures()
    assert here == there
    assert len(here) == PEOPLE + 1

    moving.sign("last@example.org")  # by the old public process, just before it is told of the new database
    public.terminate()
    public.wait(timeout=STOPS_WITHIN)
    moving.new.start()
    left = f"1 forms lie in {moving.old.data}/inbox/inbox.sqlite3, which nobody drains."
    mend = "Run `clarion move` once more, as the owner"
    wait_until(lambda: f"{left} {mend}" in moving.new.log.read_text(), "the worker to say what was left")
    said = moving.new.run("doctor", check=False).stdout
    assert (left in said, mend in said) == (True, True), said
    assert "1 forms" in moving.new.run("move").stdout
    assert "0 forms" in moving.new.run("move").stdout

    for address in ("meanwhile@example.org", "last@example.org"):
        moving.new.wait_for_mail(address)
    before = moving.new.counts(SLUG)["total"]
    assert moving.new.answer_to(urlsplit(moving.link).path, {"answer": "yes"})[0] == 303
    wait_until(lambda: moving.new.counts(SLUG)["total"] == before + 1, "a link of before the move to count")
    assert left not in moving.new.run("doctor", check=False).stdout
    moving.new.stop()

    for command in (["worker"], ["serve"], ["serve", "--only", "office"], ["serve", "--only", "worker"]):
        refused = moving.old.run(*command, check=False, timeout=60)
        assert (refused.returncode, "moved to PostgreSQL" in refused.stderr) == (1, True), refused


def test_a_move_says_what_is_left_to_do_and_that_nothing_is(tmp_path: Path) -> None:
    """A public site that still runs on the old inbox may put forms there at any time: 0 forms at first mean nothing."""
    old = Program(tmp_path / "run", extra=dict(WIDE), records={})
    copy_launched(old.data, is_on_postgresql=False)
    new = Program(old.folder, extra=WIDE | {"CLARION_DATABASE_URL": new_database()})

    first, second = new.run("move").stdout, new.run("move").stdout

    assert "0 forms" in first
    assert "and the public site with CLARION_INBOX_URL, run this until it says 0 forms." in first
    assert "0 forms" in second
    assert "If the public site runs with CLARION_INBOX_URL by now, the move is complete." in second
    assert "run this until" not in second


def test_a_move_into_a_database_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    url = new_database()
    old = Program(tmp_path / "run", extra=dict(WIDE), records={})
    copy_launched(old.data, is_on_postgresql=False)
    other = Program(tmp_path / "other", extra=WIDE | {"CLARION_DATABASE_URL": url})
    other.folder.mkdir(parents=True)
    other.launch(write_short_call(tmp_path / "call"), "--draft")

    refused = Program(old.folder, extra=WIDE | {"CLARION_DATABASE_URL": url}).run("move", check=False)

    assert (refused.returncode, "not empty" in refused.stderr) == (1, True), refused
    assert not (old.data / "records" / "MOVED").exists()


def test_a_move_is_done_when_the_old_records_are_out_of_use_and_not_while_they_are_in_use(tmp_path: Path) -> None:
    """A move whose mark could not be made is not done; one whose mark was removed, to go back, is not done again."""
    url = new_database()
    old = Program(tmp_path / "run", extra=dict(WIDE), records={})
    copy_launched(old.data, is_on_postgresql=False)
    new = Program(old.folder, extra=WIDE | {"CLARION_DATABASE_URL": url})
    mark = old.data / "records" / "MOVED"
    mark.mkdir()  # nothing can be written there

    assert new.run("move", check=False).returncode == 1
    mark.rmdir()
    assert "each was compared" in new.run("move").stdout
    assert mark.is_file()

    mark.unlink()
    refused = new.run("move", check=False)
    assert (refused.returncode, "used again since" in refused.stderr) == (1, True), refused
    assert not mark.exists()
