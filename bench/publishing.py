"""Publishing at scale: all pages of a call with ten thousand events, and one event more among them."""

import json
import os
import sys
import time
from collections.abc import Iterator

from bench.signing import launched
from bench.stage import Stage, running, start_quietly
from bench.table import Bar, Row
from bench.usage import peak_memory

EVENTS = int(os.environ.get("EVENTS", "10000"))


def publish() -> Iterator[Row]:
    """Everything anew, then one event that a moderator keeps."""
    with launched() as stage:
        stage.python("bench.events", str(EVENTS))
        yield from _all(stage)
        yield from _one(stage)


def _all(stage: Stage) -> Iterator[Row]:
    started = time.monotonic()
    process = start_quietly([sys.executable, "-m", "clarion", "publish", "clean-water"], stage.environment)
    with peak_memory(process.pid) as peak:
        process.communicate()
    took = time.monotonic() - started
    pages = sum(1 for _ in (stage.data / "site" / "clean-water" / "en" / "events").iterdir())
    if process.returncode or pages < EVENTS:
        raise SystemExit(f"{pages} of {EVENTS} events were published")
    yield Row(
        "publish-all", f"publish all: 8 languages, {EVENTS:,} events", f"{took:.0f} s", took, bar=Bar(120, 50),
        memory_mb=peak.bytes / 1e6,
    )  # fmt: skip
    yield Row("publish-memory", "the most memory of that", f"{peak.bytes / 1e6:.0f} MB", peak.bytes / 1e6,
              bar=Bar(400, 200))  # fmt: skip


def _one(stage: Stage) -> Iterator[Row]:
    with running(stage.serve()):
        stage.wait_until_idle()
        told = json.loads(stage.python("bench.keep_event").splitlines()[-1])
    took = told["median_seconds"]
    yield Row(
        "publish-one", f"one event kept among {EVENTS:,}: pages, lists, feeds, calendar, map",
        f"{took:.2f} s", took, bar=Bar(3, 1),
    )  # fmt: skip
