"""The whole road: sign, drained, mail taken by a real SMTP sink, confirmed, counted and published, all on this machine.

The load is closed: a few hundred people are on the road at any time, and a new one signs when one has confirmed. So
the rate is what the slowest part sustains, and whatever falls behind shows as waiting. It counts only if at the end
everybody who signed was mailed, confirmed and stands in `counts.json`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.crowd import Plan, Seen
from bench.signing import fresh_number, launched, parsed_only
from bench.sink import Sink, mail_sink
from bench.stage import SAMPLE, Running, Stage, running
from bench.table import Bar, Row
from bench.usage import cpu_seconds
from tests.postgres import PostgresServer

SECONDS = float(os.environ.get("ROAD_SECONDS", "60"))
ON_THE_ROAD = 400


def road() -> Iterator[Row]:
    """The road on SQLite, beside the same server parsing the form; how long the oldest mail waited."""
    with launched() as stage, mail_sink() as sink:
        stage.mail_url = sink.url
        yardstick = parsed_only(stage).per_second
        with running(stage.serve()) as server:
            stage.wait_until_idle()
            yield from rows_of_road("road", "SQLite", stage, server, sink, yardstick, Bar(0.015, 0.03))


def road_on_postgresql() -> Iterator[Row]:
    """The same with records and inbox in PostgreSQL on this machine, which waits for the disk (fsync on)."""
    with durable_server() as database, tempfile.TemporaryDirectory(prefix="clarion-bench-") as folder:
        database.execute("CREATE DATABASE clarion")
        with mail_sink() as sink:
            stage = Stage(Path(folder), mail_url=sink.url, database_url=database.url("clarion"))
            stage.clarion("launch", str(SAMPLE))
            yardstick = parsed_only(stage).per_second
            with running(stage.serve()) as server:
                stage.wait_until_idle()
                yield from rows_of_road("road-pg", "PostgreSQL", stage, server, sink, yardstick, Bar(0.009, 0.02))


@contextmanager
def durable_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of its own, as the tests start it, but with fsync."""
    server = PostgresServer(is_durable=True, settings={"shared_buffers": "128MB"}).start()
    try:
        yield server
    finally:
        server.remove()


def rows_of_road(
    key: str, what: str, stage: Stage, server: Running, sink: Sink, yardstick: float, bar: Bar
) -> Iterator[Row]:
    """The rows of one road."""
    spent, sunk = server.cpu_seconds(), cpu_seconds(sink.server.pid)
    seen = walk(stage, sink, SECONDS)
    each = (server.cpu_seconds() - spent) / seen.signed * 1e6
    others = (cpu_seconds(sink.server.pid) - sunk) / seen.signed * 1e6
    ratio = seen.rate / yardstick
    yield Row(
        key, f"the whole road on {what}, sustained for {SECONDS:.0f} s (sink: {others:.0f} µs more)",
        f"{seen.rate:,.0f}/s", ratio, f"{yardstick:,.0f}/s parsed and stored nowhere", ratio, bar,
        seen.sign_p50 * 1e3, seen.sign_p99 * 1e3, each, server.pss_bytes() / 1e6,
    )  # fmt: skip
    yield Row(
        f"{key}-mail", f"oldest confirmation mail meanwhile, from the form to the sink ({what})",
        f"{seen.mail_oldest:.1f} s", seen.mail_oldest, bar=Bar(5, 1),
        p50_ms=seen.mail_p50 * 1e3, p99_ms=seen.mail_p99 * 1e3,
    )  # fmt: skip
    yield Row(
        f"{key}-counts", f"`counts.json` behind the last confirmation, at the most ({what})",
        f"{seen.counts_behind:.1f} s", seen.counts_behind, bar=Bar(5, 3),
    )  # fmt: skip


def walk(stage: Stage, sink: Sink, seconds: float, *, on_the_road: int = ON_THE_ROAD) -> Seen:
    """Let a crowd walk; ends where anybody got lost."""
    stage.wait_until_idle()
    counts = stage.data / "site" / "clean-water" / "counts.json"
    counted = int(json.loads(counts.read_text())["total"])
    plan = Plan(stage.port, str(sink.file), str(counts), seconds, on_the_road, 0.0, fresh_number(), counted)
    done = subprocess.run(
        [sys.executable, "-m", "bench.crowd"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the crowd was stopped: {done.stderr[-500:]}")
    seen = Seen(**json.loads(done.stdout))
    if seen.trouble:
        raise SystemExit(seen.trouble)
    return seen
