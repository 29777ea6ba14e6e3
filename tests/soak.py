"""What a long run held and what it measured, as a table: `pytest --summary FILE` (`make soak` puts them together)."""

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()
_began = time.monotonic()


@dataclass
class _Promise:
    """One test, in all its cases."""

    cases: int = 0
    failed: int = 0
    seconds: float = 0.0
    figures: list[str] = field(default_factory=list)


_promises: dict[tuple[str, str], _Promise] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the table goes."""
    parser.addoption("--summary", type=Path, help="write there what held and what was measured, in Markdown")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember how each test ended, and what it measured."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    name = getattr(item, "originalname", None) or item.name
    promise = _promises.setdefault((item.path.name, name), _Promise())
    promise.seconds += report.duration
    promise.failed += report.failed
    if report.when == "teardown":
        promise.cases += 1
        promise.figures += item.stash.get(FIGURES, [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table."""
    summary: Path | None = session.config.getoption("--summary")
    if summary is not None:
        summary.parent.mkdir(parents=True, exist_ok=True)
        summary.write_text("\n".join(_lines()) + "\n", encoding="utf-8")


def _lines() -> Iterator[str]:
    broken = sum(promise.failed > 0 for promise in _promises.values())
    minutes = (time.monotonic() - _began) / 60
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · commit {_commit()} · {_machine()} · {minutes:.0f} minutes"
    yield ""
    yield f"{len(_promises)} promises, {broken} broken."
    yield ""
    yield "| promise | outcome | s | measured |"
    yield "|---|---|---|---|"
    for (file, name), promise in _promises.items():
        said = name.removeprefix("test_").replace("_", " ")
        outcome = "held" if not promise.failed else "FAILED"
        figures = ", ".join([*([f"{promise.cases} cases"] if promise.cases > 1 else []), *promise.figures])
        yield f"| {said} (`{file}`) | {outcome} | {promise.seconds:.1f} | {figures} |"


def _commit() -> str:
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
