"""Chromium, and the real program with the sample call, shared by the browser tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.program import Program

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE = 180_000  # ms; the machine may be busy
expect.set_options(timeout=PATIENCE)


# What `--slow-line` gives to every page: an answer begins long before it ends, and scripts run well after a page shows.
LATENCY = 300  # ms
BYTES_A_SECOND = 15_000
CPU_SLOWED_BY = 6

_open_page = BrowserContext.new_page


def _open_slowly(context: BrowserContext) -> Page:
    """A new page of a context, as on a slow phone and line."""
    page = _open_page(context)
    session = context.new_cdp_session(page)
    speed = {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY, **speed})
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWED_BY})
    return page


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    assert Path(CHROMIUM).exists(), "Chromium is missing: run scripts/install-tools"
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        if request.config.getoption("--slow-line"):
            patch.setattr(BrowserContext, "new_page", _open_slowly)
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        chromium.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """`clarion serve` with the sample call launched."""
    folder = Path(tempfile.mkdtemp(prefix="clarion-browser-"))
    running = Program(folder)
    running.folder.mkdir(exist_ok=True)
    running.launch()
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A small old phone: 320 px, no JavaScript."""
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a wide window with JavaScript."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
