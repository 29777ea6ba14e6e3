"""What `clarion doctor` finds, and that each finding says how to mend it."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clarion.cli import checks
from clarion.cli.checks import Finding, Level
from clarion.cli.damage_checks import records_out_of_use
from clarion.cli.keys_apart import write_keys
from clarion.cli.last_backup import LastBackup, note_backup
from clarion.env import Env, read_env
from clarion.kernel.keys import make_missing_keys

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def env(tmp_path: Path) -> Env:
    """The settings of a healthy installation: keys made, and saved apart."""
    env = env_of(tmp_path)
    env.data.make()
    make_missing_keys(env.data.keys)
    write_keys(env.data, tmp_path / "keys.tar", [], now=NOW)
    return env


def env_of(folder: Path, public: str = "https://call.example.org", office: str = "https://office.example.org") -> Env:
    return read_env({"CLARION_DATA": str(folder / "data"), "CLARION_PUBLIC_URL": public, "CLARION_OFFICE_URL": office})


def levels(findings: list[Finding]) -> list[Level]:
    assert all(finding.mend for finding in findings if finding.level is not Level.GOOD)
    return [finding.level for finding in findings]


def test_keys_that_are_here_and_saved_are_good(env: Env) -> None:
    assert levels(list(checks.keys(env))) == [Level.GOOD]


def test_keys_that_were_never_saved_are_bad(env: Env) -> None:
    (env.data.keys / "saved.json").unlink()

    assert levels(list(checks.keys(env))) == [Level.BAD]


def test_a_new_key_since_they_were_saved_is_bad(env: Env) -> None:
    (env.data.keys / "field-2.key").write_text("11" * 32, encoding="ascii")

    assert levels(list(checks.keys(env))) == [Level.BAD]


def test_a_missing_key_is_named(env: Env) -> None:
    (env.data.keys / "inbox-1.key").unlink()

    findings = list(checks.keys(env))

    assert findings[0].level is Level.BAD
    assert "inbox" in findings[0].what


def test_a_machine_without_a_backup_is_bad(env: Env) -> None:
    assert levels(list(checks.backups(env, NOW))) == [Level.BAD]


@pytest.mark.parametrize(
    ("hours", "is_encrypted", "found"),
    [
        (25, True, [Level.GOOD]),
        (27, True, [Level.BAD]),
        (1, False, [Level.GOOD, Level.DOUBTFUL]),
        (27, False, [Level.BAD, Level.DOUBTFUL]),
    ],
)
def test_a_backup_is_judged_by_its_age_and_by_who_can_read_it(
    env: Env, hours: int, is_encrypted: bool, found: list[Level]
) -> None:
    made_at = NOW - timedelta(hours=hours)
    note_backup(env.data, LastBackup(made_at, "/mnt/b.tar.age", 1_000, is_encrypted=is_encrypted))

    assert levels(list(checks.backups(env, NOW))) == found


def test_a_note_on_the_last_backup_that_cannot_be_read_is_none(env: Env) -> None:
    (env.data.backup / "last.json").write_text('{"at": 3}', encoding="utf-8")

    assert levels(list(checks.backups(env, NOW))) == [Level.BAD]


def test_secrets_that_others_may_read_are_bad(env: Env) -> None:
    (env.data.keys / "field-1.key").chmod(0o644)

    findings = list(checks.permissions(env))

    assert levels(findings) == [Level.BAD]
    assert "chmod go-rwx" in findings[0].mend


@pytest.mark.parametrize("name", ["policy", "manage", "erased.txt"])
def test_all_that_names_people_or_marks_networks_is_a_secret(env: Env, name: str) -> None:
    path = env.data.root / name
    if not path.exists():
        path.touch()
    path.chmod(0o755)

    assert levels(list(checks.permissions(env))) == [Level.BAD]


def test_closed_folders_are_good(env: Env) -> None:
    assert levels(list(checks.permissions(env))) == [Level.GOOD]


def test_little_room_on_the_disk_is_bad(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LOW_DISK_BYTES", 0)
    assert checks.disk(env).level is Level.GOOD

    monkeypatch.setattr(checks, "LOW_DISK_BYTES", 1 << 62)
    assert checks.disk(env).level is Level.BAD


def test_addresses_with_tls_and_names_of_their_own_are_good(env: Env) -> None:
    assert levels(list(checks.addresses(env))) == [Level.GOOD]


def test_plain_http_and_a_shared_name_are_doubtful(tmp_path: Path) -> None:
    env = env_of(tmp_path, "http://localhost:8000", "http://localhost:8001")

    assert levels(list(checks.addresses(env))) == [Level.DOUBTFUL] * 3


def test_a_whole_file_is_good_and_a_damaged_one_bad(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE things (words TEXT)")
        database.executemany("INSERT INTO things VALUES (?)", [("x" * 3000,)] * 200)
    assert checks.integrity(path).level is Level.GOOD

    content = bytearray(path.read_bytes())
    content[4096:40960] = b"\xff" * 36864
    path.write_bytes(content)
    assert checks.integrity(path).level is Level.BAD


@pytest.mark.parametrize(
    ("beat", "level"),
    [
        ({"at": NOW.isoformat()}, Level.GOOD),
        ({"at": NOW.isoformat(), "trouble": ["publish"]}, Level.DOUBTFUL),
        ({"at": NOW.isoformat(), "trouble": ["mail", "publish"]}, Level.BAD),
        ({"at": (NOW - timedelta(minutes=5)).isoformat()}, Level.BAD),
        ({}, Level.BAD),
    ],
)
def test_the_worker_is_judged_by_its_sign_of_life(env: Env, beat: dict[str, object], level: Level) -> None:
    env.data.heartbeat.write_text(json.dumps(beat), encoding="utf-8")

    assert levels([checks.worker(env, NOW)]) == [level]


def test_a_sender_that_is_not_taken_is_named_with_the_way_out(env: Env) -> None:
    beat = {"at": NOW.isoformat(), "trouble": ["mail-sender:clean-water"]}
    env.data.heartbeat.write_text(json.dumps(beat), encoding="utf-8")

    finding = checks.worker(env, NOW)
    assert "mail-sender:clean-water" in finding.what
    assert "CLARION_MAIL_FROM" in finding.mend


def test_mails_that_do_not_go_out_are_said_with_the_command_that_says_why(env: Env) -> None:
    """Nobody can confirm meanwhile: who watches by the exit code must hear of it."""
    env.data.heartbeat.write_text(json.dumps({"at": NOW.isoformat(), "trouble": ["mail"]}), encoding="utf-8")

    finding = checks.worker(env, NOW)
    assert "No confirmation goes out" in finding.what
    assert "doctor --mail" in finding.mend


def test_a_worker_that_never_ran_is_bad(env: Env) -> None:
    assert checks.worker(env, NOW).level is Level.BAD


def test_records_of_before_a_move_or_of_half_a_restore_are_bad(env: Env) -> None:
    assert list(records_out_of_use(env)) == []

    env.data.restoring.touch()
    assert levels(list(records_out_of_use(env))) == [Level.BAD]

    env.data.moved.touch()
    assert "moved to PostgreSQL" in next(records_out_of_use(env)).what


def test_a_system_without_landlock_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "landlock_version", lambda: 7)
    assert checks.confinement().level is Level.GOOD

    monkeypatch.setattr(checks, "landlock_version", lambda: 0)
    assert checks.confinement().level is Level.DOUBTFUL
