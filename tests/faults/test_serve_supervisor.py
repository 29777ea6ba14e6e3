"""Promise: `clarion serve` starts on nothing, restarts what dies, tells each part what it needs, leaves nothing."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Allowed
from tests.faults.short_call import SLUG, kill_all, processes_below, processes_of, write_short_call
from tests.postgres import PostgresServer
from tests.program import Program, free_port, wait_until

pytestmark = pytest.mark.faults
SECRETS = {
    "CLARION_MAIL_URL": "smtp://postmaster:hunter2@localhost:2525",
    "AWS_SECRET_ACCESS_KEY": "hunter2-of-the-cloud",
    "DATABASE_URL": "postgres://u:hunter2@db/x",
}


def pid_of(program: Program, part: str) -> int:
    """The process whose command line holds `part`."""
    return next((pid for pid, command in processes_of(program).items() if part in command), 0)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """`clarion serve` on an empty folder, secrets in its environment."""
    running = Program(tmp_path, extra=SECRETS)
    yield running
    kill_all(running)


def test_it_starts_on_nothing_restarts_what_dies_and_leaves_nothing(program: Program, allowed: Allowed) -> None:
    program.start()
    wait_until(lambda: program.public_url in program.log.read_text(), "the addresses to be printed")
    intake = pid_of(program, "clarion.intake")
    environment = Path(f"/proc/{intake}/environ").read_text()
    assert "hunter2" not in environment
    assert "MAIL" not in environment
    worker = wait_until(lambda: pid_of(program, "clarion worker"), "the worker to run")
    door_goes_first = min(os.getpriority(os.PRIO_PROCESS, intake) + 10, 19)  # who tests may stand back already
    assert os.getpriority(os.PRIO_PROCESS, worker) == door_goes_first
    office = Path(f"/proc/{pid_of(program, 'clarion.office')}/environ").read_text()
    assert "postmaster" not in office
    assert "CLARION_MAIL_URL=smtp://localhost:2525" in office
    for part in ("clarion.office", "clarion worker"):
        known = Path(f"/proc/{pid_of(program, part)}/environ").read_text()
        assert "hunter2-of-the-cloud" not in known
        assert "\0DATABASE_URL=" not in known

    os.kill(intake, signal.SIGKILL)
    wait_until(lambda: pid_of(program, "clarion.intake") not in (0, intake), "a new intake")
    wait_until(lambda: program._is_healthy(program.public_port), "the new intake to answer")

    started = time.monotonic()
    assert program.stop() == 0
    assert time.monotonic() - started < allowed(10)
    assert processes_of(program) == {}
    assert "hunter2" not in program.log.read_text()


def test_while_the_database_is_away_the_public_site_serves_and_the_rest_follows_when_it_is_back(
    tmp_path: Path, allowed: Allowed
) -> None:
    """And meanwhile it can be stopped as ever."""
    server = PostgresServer().start()
    program = Program(tmp_path / "run", records={"CLARION_DATABASE_URL": server.url("postgres")})
    try:
        program.folder.mkdir()
        program.launch(write_short_call(tmp_path / "call"))
        server.stop()

        program.begin()
        wait_until(lambda: program._is_healthy(program.public_port), "the public site to answer")
        wait_until(lambda: "does not answer" in program.log.read_text(), "the log to say why")
        page = f"{program.public_url}/{SLUG}/en/"
        with urllib.request.urlopen(page, timeout=60) as answer:
            assert answer.status == 200
        started = time.monotonic()
        assert program.stop() == 0
        assert time.monotonic() - started < allowed(10)
        assert "Traceback" not in program.log.read_text()

        program.begin()
        wait_until(lambda: program._is_healthy(program.public_port), "the public site to answer")
        assert pid_of(program, "clarion.office") == pid_of(program, "clarion worker") == 0
        server.start()
        wait_until(lambda: program._is_healthy(program.office_port), "the office to answer")
        wait_until(lambda: pid_of(program, "clarion worker"), "the worker")
        assert program.stop() == 0
    finally:
        kill_all(program)
        server.remove()


def test_a_demo_that_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLARION_")}
    command = [sys.executable, "-m", "clarion", "demo"]
    demo = subprocess.Popen(command, env=environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.DEVNULL)
    wait_until(lambda: "clarion.intake" in str(processes_below(tmp_path)), "the demo's public site", seconds=90)
    demo.kill()
    demo.wait()

    wait_until(lambda: not processes_below(tmp_path), "its servers to end")


@pytest.mark.parametrize(
    "settings",
    [
        {"CLARION_PUBLIC_URL": "http://call.example.org"},
        {"CLARION_PUBLIC_URL": "https://example.org", "CLARION_OFFICE_URL": "https://example.org:8443"},
        {"CLARION_PUBLIC_URL": "https://call.example.org", "CLARION_OFFICE_URL": "http://office.example.org"},
        {
            "CLARION_PUBLIC_URL": "https://call.example.org",
            "CLARION_OFFICE_URL": "https://office.example.org",
            "CLARION_DATABASE_URL": "postgresql://owner@localhost/clarion",
        },
    ],
)
def test_what_is_unsafe_does_not_serve(tmp_path: Path, settings: dict[str, str]) -> None:
    program = Program(tmp_path, extra=SECRETS | settings)

    done = program.run("serve", "--public", f"127.0.0.1:{free_port()}", check=False)

    assert done.returncode == 1
    assert "not safe to serve" in done.stderr
    assert not program.data.exists()


def test_all_addresses_without_a_name_are_not_served(tmp_path: Path) -> None:
    program = Program(tmp_path, extra={"CLARION_PUBLIC_URL": "", "CLARION_OFFICE_URL": ""})

    done = program.run("serve", "--public", f"0.0.0.0:{free_port()}", check=False)

    assert done.returncode == 1
    assert "plain http" in done.stderr
