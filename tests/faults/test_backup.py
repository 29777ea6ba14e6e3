"""Promise: what was backed up comes back, whoever withdrew since stays away, and no mail goes out twice unasked."""

import itertools
import json
import sqlite3
import threading
import urllib.error
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from clarion.cli.encryption import make_identity, read_identities
from clarion.cli.put_back import put_back
from clarion.inbox.ends import open_reader
from clarion.kernel.clock import utc_now
from clarion.kernel.databases import Database, read_database
from clarion.kernel.files import DataFolder
from clarion.kernel.keys import read_key_ring
from clarion.kernel.sealing import open_batch_key, open_row, unlock_fields
from tests.faults.worker_alone import Machine, sign_form, wait_for
from tests.postgres import binaries, new_database
from tests.program import Program, links_of, wait_until

pytestmark = pytest.mark.faults
SLUG = "clean-water"


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """The smallest call: its pages are out in a moment."""
    folder = tmp_path / "call"
    folder.mkdir()
    (folder / "campaign.toml").write_text(
        f'slug = "{SLUG}"\ndefault_language = "en"\n[organiser]\nname = "Water Committee"\n'
        'email = "office@example.org"\nurl = "https://example.org"\n',
        encoding="utf-8",
    )
    (folder / "statement.en.md").write_text("---\ntitle: Clean water\n---\nWater.\n", encoding="utf-8")
    return folder


@pytest.fixture
def old(tmp_path: Path, call: Path) -> Iterator[Program]:
    """The machine that will be lost."""
    program = Program(tmp_path / "old")
    program.start()
    program.launch(call)
    yield program
    program.stop()


def post(program: Program, path: str, **fields: str) -> None:
    status, location = program.answer_to(path, fields)
    assert (status, "/refused/" in location) == (303, False), location


def sign(program: Program, email: str) -> None:
    post(program, f"/{SLUG}/en/sign", name="Amina Otieno", email=email, country="KE")


def confirm(program: Program, email: str) -> None:
    mail = program.wait_for_mail(email, holding="/confirm/")
    post(program, urllib.parse.urlsplit(links_of(mail, "confirm")[0]).path, answer="yes")


def back_up(program: Program, folder: Path) -> str:
    """Back up and save the keys, all encrypted to a key made for it; gives what was said."""
    program.extra |= {"CLARION_BACKUP_RECIPIENT": make_identity(folder / "identity", now=utc_now())}
    return program.run("backup", str(folder / "backup.tar"), "--with-keys", str(folder / "keys.tar")).stdout


def bring_back(program: Program, folder: Path, *options: str) -> str:
    """Restore what `back_up` wrote; gives what was said."""
    files = (str(folder / "backup.tar.age"), "--keys", str(folder / "keys.tar.age"))
    return program.run("restore", *files, "--identity", str(folder / "identity"), *options).stdout


def total(program: Program) -> int:
    try:
        return int(program.counts()["total"])
    except urllib.error.HTTPError:  # not published yet
        return -1


def test_a_backup_made_while_running_comes_back_elsewhere(old: Program, tmp_path: Path) -> None:
    for name in ("amina", "bo", "chen"):
        sign(old, f"{name}@example.org")
        confirm(old, f"{name}@example.org")
    wait_until(lambda: total(old) == 3, "three to be counted")

    assert "Wrote the private keys" in back_up(old, tmp_path)

    # Since the backup one more signs, and one withdraws.
    sign(old, "dora@example.org")
    confirm(old, "dora@example.org")
    mail = old.wait_for_mail("bo@example.org", holding="/withdraw/")
    withdraw = urllib.parse.urlsplit(links_of(mail, "withdraw")[0]).path
    post(old, withdraw, email="bo@example.org")
    wait_until(lambda: total(old) == 3 and (old.data / "erased.txt").exists(), "one more and one less")
    old.stop()

    new = Program(tmp_path / "new", public_port=old.public_port, office_port=old.office_port)
    new.folder.mkdir()
    assert "Erased again: 1" in bring_back(new, tmp_path, "--erased", str(old.data / "erased.txt"))
    new.run("publish", "--all")
    new.start()
    try:
        wait_until(lambda: total(new) == 2, "amina and chen alone")
        sign(new, "eve@example.org")
        confirm(new, "eve@example.org")
        wait_until(lambda: total(new) == 3, "the restored machine to go on counting")
    finally:
        new.stop()


def test_mails_promised_before_a_backup_wait_for_the_host(tmp_path: Path, call: Path) -> None:
    """They may have gone out after the backup was made."""
    old = Program(tmp_path / "old", extra={"CLARION_MAIL_URL": ""})
    old.start()
    old.launch(call)
    try:
        sign(old, "amina@example.org")
        wait_until(lambda: waiting_mails(old) == 1, "the mail to be promised")
        back_up(old, tmp_path)
    finally:
        old.stop()

    new = Program(tmp_path / "new")
    new.folder.mkdir()
    assert "Held mails: 1" in bring_back(new, tmp_path)
    new.run("publish", "--all")
    new.start()
    try:
        assert new.mails() == []
        assert "Released 1" in new.run("restore", "--send").stdout
        new.wait_for_mail("amina@example.org")
    finally:
        new.stop()


def test_a_restore_that_is_cut_off_sends_nothing_and_brings_nobody_back(tmp_path: Path) -> None:
    """No worker starts between the records and the end of it; run again, it does the rest."""
    machine = Machine(tmp_path, CLARION_MAIL_URL="")
    machine.put([sign_form(1)])
    with machine.worker():
        wait_for(lambda: machine.ask("SELECT count(*) FROM outbox_mail") == 1)
    erased, stays = sign_form(2), sign_form(3)
    machine.put([erased, stays])
    archive, erasures = tmp_path / "backup.tar", tmp_path / "erased.txt"
    assert machine.run("backup", str(archive), "--plain").returncode == 0
    erasures.write_text(f"{erased.id}\n", encoding="ascii")
    machine.data.heartbeat.unlink(missing_ok=True)  # a quarter of a minute goes by; it may not have beaten yet

    put_back(machine.data, archive, erased=[erasures], replace=True)  # ... and here it is cut off
    refused = machine.run("worker")
    assert (refused.returncode, "A restore did not come to its end" in refused.stderr) == (1, True), refused

    done = machine.run("restore", str(archive), "--replace", "--erased", str(erasures))
    assert "Held mails: 1" in done.stdout, done
    with machine.worker():
        wait_for(lambda: machine.waiting() == 0)
    assert machine.ask("SELECT count(*) FROM signatures_signature") == 2
    assert machine.ask("SELECT count(*) FROM outbox_mail WHERE is_held") == 1


def waiting_mails(program: Program) -> int:
    """How many mails the records of a program promise."""
    with closing(sqlite3.connect(program.data / "records" / "records.sqlite3", timeout=20)) as records:
        return int(records.execute("SELECT count(*) FROM outbox_mail").fetchone()[0])


class Crowd:
    """People who sign one after the other, in threads, each with an address of their own."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._sign_on, args=(person,)) for person in range(3)]
        self.answered: list[str] = []
        for thread in self._threads:
            thread.start()

    def _sign_on(self, person: int) -> None:
        for number in itertools.count():
            if self._is_over.is_set():
                break
            address = f"p{person}n{number}@example.org"
            sign(self._program, address)
            self.answered.append(address)

    def go_home(self) -> None:
        """Stop signing."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()


def test_a_backup_holds_all_that_was_acknowledged_before_it_began(tmp_path: Path, call: Path, is_soak: bool) -> None:
    """People sign and the worker drains all the while; addresses are looked for in records and inbox alike."""
    hold_a_backup_under_load(tmp_path, call, rounds=20 if is_soak else 1)


def test_a_backup_of_postgresql_holds_it_too(
    tmp_path: Path, call: Path, is_soak: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One snapshot holds what is in the inbox, in the records, and on its way between them."""
    monkeypatch.setenv("PATH", str(binaries()), prepend=":")
    hold_a_backup_under_load(tmp_path, call, rounds=20 if is_soak else 1, url=new_database())


def hold_a_backup_under_load(tmp_path: Path, call: Path, *, rounds: int, url: str = "") -> None:
    """Back up and restore, so many times, while people sign; fails where one is missing."""
    settings = {"CLARION_MAIL_URL": "", "CLARION_NETWORK_LIMITS": "127.0.0.0/8=1000000/100000"}
    old = Program(tmp_path / "old", extra=settings | ({"CLARION_DATABASE_URL": url} if url else {}))
    old.start()
    old.launch(call)
    crowd = Crowd(old)
    try:
        for number in range(rounds):
            seen = len(crowd.answered)
            wait_until(lambda seen=seen: len(crowd.answered) > seen + 300, "people to sign")
            folder = tmp_path / f"round-{number}"
            folder.mkdir()

            acknowledged = set(crowd.answered)
            back_up(old, folder)
            assert len(crowd.answered) > len(acknowledged), "nobody signed while the backup was made"

            database = read_database(new_database()) if url else None
            assert acknowledged <= addresses_in(bring_back_elsewhere(folder, database), database)
    finally:
        crowd.go_home()
        old.stop()


def bring_back_elsewhere(folder: Path, database: Database | None) -> DataFolder:
    """Restored by itself: nothing drains the inbox."""
    new = DataFolder(folder / "new")
    files = (folder / "backup.tar.age", read_identities([folder / "identity"]))
    put_back(new, *files, keys=folder / "keys.tar.age", database=database)
    return new


def addresses_in(data: DataFolder, database: Database | None) -> set[str]:
    """Those of the records and those that wait in the inbox, opened with the keys that were restored."""
    fields, inbox_keys = read_key_ring(data.keys, "field"), read_key_ring(data.keys, "inbox")
    reader = open_reader(data.inbox, database)
    rows = reader.take(100_000)
    reader.close()
    waiting = [
        json.loads(open_row(open_batch_key(inbox_keys, row.key_number, row.sealed_key), row.body)) for row in rows
    ]
    boxes = boxes_in(data, database)
    return {unlock_fields(fields, box)["email"] for box in boxes} | {row["v"]["email"] for row in waiting}


def boxes_in(data: DataFolder, database: Database | None) -> list[bytes]:
    """What the records hold of each signature, still closed."""
    connect = partial(psycopg.connect, **database.parameters()) if database else partial(sqlite3.connect, data.records)
    with closing(connect()) as records:
        return [box for (box,) in records.execute("SELECT box FROM signatures_signature").fetchall()]
