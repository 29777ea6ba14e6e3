"""What the fault tests measured: `make soak` leaves it as tables in `build/soak/`."""

import logging
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

# aiosmtpd tells each connection that comes and goes, from threads of its own: into the midst of pytest's lines.
logging.getLogger("mail.log").setLevel(logging.ERROR)

FOLDER = Path(__file__).parents[2] / "build" / "soak"
_rows: dict[str, list[str]] = {}
_began = time.monotonic()

Note = Callable[..., None]
Allowed = Callable[[float], float]
_EVERYDAY_FACTOR = 6


@pytest.fixture
def allowed(is_soak: bool) -> Allowed:
    """How many seconds are asserted where so many are promised: everyday tests share their machine, and get sixfold."""
    return lambda promised: promised * (1 if is_soak else _EVERYDAY_FACTOR)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Iterator[Note]:
    """Keep a figure of this test for the summary: `note(kills=100, slowest_s=2.4)`."""
    said: list[str] = []
    yield lambda **figures: said.extend(
        f"{name.replace('_', ' ')} {value:.4g}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"
        for name, value in figures.items()
    )
    request.node.stash[_FIGURES] = said


_FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()
_LONG = ("test_long_runs.py", "test_failover.py")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Some promises are only told by a long run, and two whole servers are a long one."""
    return True if collection_path.name in _LONG and not config.getoption("--soak") else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember how each test here ended, and what it measured."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    row = _rows.setdefault(item.nodeid, ["held", "0", ""])
    row[1] = f"{float(row[1]) + report.duration:.1f}"
    if report.failed:
        row[0] = "FAILED"
    if report.when == "teardown":
        row[2] = ", ".join(item.stash.get(_FIGURES, []))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the summary of a long run."""
    if session.config.getoption("--soak") and _rows:
        FOLDER.mkdir(parents=True, exist_ok=True)
        summary = FOLDER / f"{session.config.getoption('--database')}.md"
        summary.write_text("\n".join(_lines()) + "\n", encoding="utf-8")


def _lines() -> Iterator[str]:
    failed = sum(row[0] != "held" for row in _rows.values())
    minutes = (time.monotonic() - _began) / 60
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · commit {_commit()} · {_machine()} · {minutes:.0f} minutes"
    yield f"{len(_rows)} promises, {failed} broken."
    yield ""
    yield "| promise | outcome | s | measured |"
    yield "|---|---|---|---|"
    for test, (outcome, seconds, figures) in _rows.items():
        file, _, name = test.partition("::")
        promise = name.removeprefix("test_").replace("_", " ")
        yield f"| {promise} (`{Path(file).name}`) | {outcome} | {seconds} | {figures} |"


def _commit() -> str:
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
