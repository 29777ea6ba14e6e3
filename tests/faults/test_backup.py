"""Promise: what was backed up comes back, whoever withdrew since stays away, and no mail goes out twice unasked."""

import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

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
    body = urllib.parse.urlencode(fields).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{program.public_url}{path}", data=body), timeout=10) as answer:
        assert answer.status == 200


def sign(program: Program, email: str) -> None:
    post(program, f"/{SLUG}/en/sign", name="Amina Otieno", email=email, country="KE")


def confirm(program: Program, email: str) -> None:
    mail = program.wait_for_mail(email, holding="/confirm/")
    post(program, urllib.parse.urlsplit(links_of(mail, "confirm")[0]).path, answer="yes")


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

    said = old.run("backup", str(tmp_path / "backup.tar"), "--with-keys", str(tmp_path / "keys.tar")).stdout
    assert "private keys" in said

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
    said = new.run(
        "restore", str(tmp_path / "backup.tar"),
        "--keys", str(tmp_path / "keys.tar"), "--erased", str(old.data / "erased.txt"),
    ).stdout  # fmt: skip
    assert "Erased again: 1" in said
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
        old.run("backup", str(tmp_path / "backup.tar"), "--with-keys", str(tmp_path / "keys.tar"))
    finally:
        old.stop()

    new = Program(tmp_path / "new")
    new.folder.mkdir()
    assert (
        "Held mails: 1" in new.run("restore", str(tmp_path / "backup.tar"), "--keys", str(tmp_path / "keys.tar")).stdout
    )
    new.run("publish", "--all")
    new.start()
    try:
        assert new.mails() == []
        assert "Released 1" in new.run("restore", "--send").stdout
        new.wait_for_mail("amina@example.org")
    finally:
        new.stop()


def waiting_mails(program: Program) -> int:
    """How many mails the records of a program promise."""
    with closing(sqlite3.connect(program.data / "records" / "records.sqlite3", timeout=20)) as records:
        return int(records.execute("SELECT count(*) FROM outbox_mail").fetchone()[0])
