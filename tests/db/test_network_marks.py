"""A network reaches the records as a mark only: its key comes and goes by the day, and the whole road holds a wave."""

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import time_machine

from clarion.cli.snapshot import snapshot
from clarion.inbox.ends import open_reader
from clarion.kernel.clock import utc_now
from clarion.kernel.files import DataFolder
from clarion.kernel.keys import Keys, make_missing_keys
from clarion.kernel.policy import POLICY_NAME, read_policy
from clarion.pages.policy import write_policy
from clarion.pages.press import Press
from clarion.signatures.actions import look_for_waves
from clarion.signatures.models import Signature, Wave
from clarion.worker.clock import SteadyClock
from clarion.worker.draining import Drainer
from clarion.worker.opening import Opener
from clarion.worker.pulse import Pulse
from clarion.worker.schedule import Schedule
from tests.door import HOME, HOST, Door
from tests.figures import confirmed_count
from tests.make import DAY, HOUR, NOON, make_campaign, make_confirmation, make_wave

pytestmark = pytest.mark.django_db


@pytest.fixture
def press(tmp_path: Path) -> Press:
    data = DataFolder(tmp_path / "data")
    data.make()
    make_missing_keys(data.keys)
    return Press(data, "https://call.example.org", "https://office.example.org", NOON)


def network_keys(press: Press) -> dict[str, str]:
    return dict(read_policy((press.data.policy / POLICY_NAME).read_text(encoding="utf-8")).network_keys)


def test_the_policy_gets_a_key_each_day_and_loses_it_after_two(press: Press) -> None:
    midnight = NOON.replace(hour=0) + DAY
    write_policy(press)
    first = network_keys(press)
    write_policy(replace(press, now=midnight - timedelta(seconds=1)))
    assert network_keys(press) == first
    assert list(first) == ["2026-12-01"]

    write_policy(replace(press, now=midnight))
    second = network_keys(press)
    assert set(second) == {"2026-12-01", "2026-12-02"}
    assert second["2026-12-01"] == first["2026-12-01"]

    write_policy(replace(press, now=midnight + DAY))
    assert set(network_keys(press)) == {"2026-12-02", "2026-12-03"}
    files = b"".join(path.read_bytes() for path in press.data.root.rglob("*") if path.is_file())
    assert first["2026-12-01"].encode() not in files


def test_a_policy_that_cannot_be_read_begins_anew(press: Press) -> None:
    (press.data.policy / POLICY_NAME).write_text("{", encoding="utf-8")

    write_policy(press)

    assert list(network_keys(press)) == ["2026-12-01"]


def test_only_its_owner_may_open_the_folder_of_the_policy(press: Press) -> None:
    assert stat.S_IMODE(press.data.policy.stat().st_mode) == 0o700


def test_a_backup_holds_no_key_of_networks(press: Press) -> None:
    write_policy(press)
    key = network_keys(press)["2026-12-01"].encode()
    press.data.records.write_bytes(sqlite3_file())

    with snapshot(press.data, None, lambda done, total: None) as files:
        assert list(files) == [press.data.records.name]
        assert not any(key in path.read_bytes() for path in files.values())


def sqlite3_file() -> bytes:
    """A database with nothing in it."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.execute("CREATE TABLE t (x)")
        return empty.serialize()


@pytest.fixture
def noon() -> Iterator[None]:
    """It is noon: no day ends in the midst of a test."""
    with time_machine.travel(utc_now().replace(hour=12)):
        yield


@pytest.fixture
def door(tmp_path: Path, noon: None) -> Iterator[Door]:
    """Intake in process, with the policy that the publisher wrote."""
    campaign = make_campaign(count_threshold=1)
    opened = Door(tmp_path, CLARION_TRUSTED_PROXIES="192.0.2.1/32")
    write_policy(Press(opened.data, f"http://{HOST}", "http://office.test", utc_now()))
    assert campaign.slug in HOME
    yield opened
    opened.close()


def sign(door: Door, n: int, *, name: str, client: str) -> None:
    fields = {"name": name, "email": f"p{n}@farm.example", "country": "KE"}
    said = {"content_type": "application/x-www-form-urlencoded", "x_forwarded_for": client}
    assert door.ask("POST", f"{HOME}/sign", urlencode(fields).encode(), said).status == 303


def test_from_the_door_to_the_records_a_network_is_a_mark(door: Door) -> None:
    sign(door, 1, name="Ada", client="198.51.100.7")
    sign(door, 2, name="Bea", client="198.51.100.7")
    sign(door, 3, name="Cleo", client="198.51.100.8")

    marks = [form.networks for form in door.taken()]

    assert marks[0] == marks[1] != marks[2]
    assert all(len(one) == 1 for one in marks)  # the first day of a new server has one key


def test_the_whole_road_holds_a_wave_and_writes_no_address_of_a_network_anywhere(
    door: Door, keys: Keys, tmp_path: Path
) -> None:
    for n in range(12):
        sign(door, n, name=f"Supporter {n}", client="198.51.100.7")
    make_missing_keys(door.data.keys)
    reader = open_reader(door.data.inbox, door.env.inbox_database)
    drainer = Drainer(reader, Opener(door.data.keys), keys, tmp_path / "none.toml", Pulse())
    while drainer.step(utc_now()):
        pass
    rows = list(Signature.objects.select_related("campaign"))
    assert len(rows) == 12

    now = utc_now()
    presses = [make_confirmation(row, at=now, mailed_at=now) for row in rows]
    drainer._work.carry_out(presses[:10], now=now)
    assert look_for_waves(wave_from=10, now=now) == 1
    drainer._work.carry_out(presses[10:], now=now)  # the rest of it, while it is held

    assert set(Signature.objects.values_list("state", flat=True)) == {"held"}
    assert confirmed_count(Wave.objects.get().campaign) == 0
    stored = json.dumps(list(Signature.objects.values("network_mark", "network_mark_before", "country")))
    assert "198.51" not in stored
    drainer._reader.close()
    assert not any(b"198.51.100" in path.read_bytes() for path in door.data.root.rglob("*") if path.is_file())


def test_the_schedule_forgets_marks(keys: Keys, tmp_path: Path) -> None:
    make_wave(make_campaign(), keys)

    Schedule(Pulse(), SteadyClock(tmp_path / "clock")).run(now=NOON + 2 * DAY + HOUR)

    assert not Signature.objects.filter(domain_mark__isnull=False).exists()
    assert not Signature.objects.filter(network_mark__isnull=False).exists()
