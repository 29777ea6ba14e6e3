"""What fault tests share: the seconds that they allow, and the figures that they note for a summary."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.soak import FIGURES

# aiosmtpd tells each connection that comes and goes, from threads of its own: into the midst of pytest's lines.
logging.getLogger("mail.log").setLevel(logging.ERROR)

Note = Callable[..., None]
Allowed = Callable[[float], float]
_EVERYDAY_FACTOR = 6
_LONG = ("test_long_runs.py", "test_failover.py")


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
    request.node.stash[FIGURES] = said


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Some promises are only told by a long run, and two whole servers are a long one."""
    return True if collection_path.name in _LONG and not config.getoption("--soak") else None
