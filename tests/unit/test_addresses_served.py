"""Commands print the addresses under which the site is served."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from clarion.cli.addresses import with_served_addresses
from clarion.env import Env, read_env
from tests.make import NOON


@pytest.fixture
def env(tmp_path: Path) -> Env:
    """Settings of a shell in which no address is set, beside a worker that serves a trial."""
    found = read_env({"CLARION_DATA": str(tmp_path)})
    found.data.make()
    beat = {"at": NOON.isoformat(), "public_url": "http://127.0.0.1:8123", "office_url": "http://127.0.0.1:8124"}
    found.data.heartbeat.write_text(json.dumps(beat), encoding="utf-8")
    return found


def test_what_is_not_set_is_taken_from_the_running_worker(env: Env) -> None:
    served = with_served_addresses(env, now=NOON, environ={"CLARION_OFFICE_URL": env.office_url})
    assert (served.public_url, served.office_url) == ("http://127.0.0.1:8123", "http://localhost:8001")


def test_a_worker_of_yesterday_says_nothing(env: Env) -> None:
    assert with_served_addresses(env, now=NOON + timedelta(minutes=1), environ={}) == env


def test_without_a_worker_the_settings_stand(env: Env) -> None:
    env.data.heartbeat.write_text("not JSON", encoding="utf-8")
    assert with_served_addresses(env, now=NOON, environ={}) == env
    env.data.heartbeat.unlink()
    assert with_served_addresses(env, now=NOON, environ={}) == env
