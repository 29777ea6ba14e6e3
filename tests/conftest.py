"""Every test runs on a data folder of its own session, never on the developer's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = ["tests.soak"]
# A slow machine is no wrong answer. The everyday run tries the same inputs each time, so that it says of a change what
# the change did; the soak looks for others.
hypothesis.settings.register_profile("everyday", deadline=None, derandomize=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=2000)

# Settings read the environment as they load, so this stands before Django is touched.
DATA = Path(tempfile.mkdtemp(prefix="clarion-tests-"))
for name in [name for name in os.environ if name.startswith("CLARION_")]:
    del os.environ[name]
os.environ["CLARION_DATA"] = str(DATA)
os.environ["DJANGO_SETTINGS_MODULE"] = "clarion.settings"

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from clarion.kernel.keys import Keys, make_missing_keys, read_keys  # noqa: E402
from tests.postgres import empty_inbox, make_inbox, on_postgresql, quick_flush, shared_server, stop_shared_server  # noqa: E402

make_missing_keys(DATA / "keys")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--soak` (`make soak`): every combination and long runs, where the everyday run takes a fair part."""
    parser.addoption("--soak", action="store_true", help="run every combination, and for long")
    parser.addoption("--slow-line", action="store_true", help="open every page with a slow phone on a slow line")
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="where records live")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Say where records live before anybody loads the settings, and how far inputs are searched."""
    hypothesis.settings.load_profile("soak" if config.getoption("--soak") else "everyday")
    if config.getoption("--database") == "postgresql":
        os.environ["CLARION_DATABASE_URL"] = shared_server().url("clarion")
        settings.DATABASES["default"]["TEST"] = {"NAME": "clarion"}
    else:
        # A file, not memory: threads and other processes must meet on it as they do in production.
        settings.DATABASES["default"]["TEST"]["NAME"] = str(DATA / "records" / "records.sqlite3")


@pytest.fixture(scope="session")
def is_soak(request: pytest.FixtureRequest) -> bool:
    """Whether there is all the time in the world."""
    return bool(request.config.getoption("--soak"))


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    stop_shared_server()
    shutil.rmtree(DATA, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """The tables of Django's apps, and those that are no app's beside them where all lie in one database."""
    if on_postgresql():
        make_inbox(os.environ["CLARION_DATABASE_URL"])
        type(connection.ops).sql_flush = quick_flush  # type: ignore[method-assign, assignment]


@pytest.fixture
def keys() -> Keys:
    """The field and dedupe keys of the session's data folder."""
    return read_keys(DATA / "keys")


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """The session's data folder; what a test leaves in its published parts goes afterwards."""
    yield DATA
    if on_postgresql():
        empty_inbox(os.environ["CLARION_DATABASE_URL"])
    for part in ("site", "manage", "policy", "inbox", "worker"):
        shutil.rmtree(DATA / part, ignore_errors=True)
        (DATA / part).mkdir(mode=0o700)
    (DATA / "erased.txt").unlink(missing_ok=True)
