"""Signing: forms accepted a second, beside the same server that parses the same form and stores nothing."""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench.load import Load, press
from bench.stage import SAMPLE, Stage, free_port, running, start
from bench.table import Bar, Row

SECONDS = 8
ROUNDS = 3
BESIDE_SECONDS = 12
PAGES_A_SECOND = 5_000
PATH = "/clean-water/en/"
SIGN = "name=Amina+Otieno&email=amina.%d%%40example.org&country=KE&postcode=00100"
_REQUESTS = {
    "sign": (
        "POST /clean-water/en/sign HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {ip}\r\nContent-Length: 81\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        "name=Amina+Otieno&email=amina.{n}.x%40example.org&country=KE&postcode=00100"
    ),
    "page": "GET /clean-water/en/ HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {ip}\r\nAccept-Encoding: gzip\r\n\r\n",
}


def fresh_number() -> int:
    """A number from which people were never counted before: no two runs on one data folder know the same person."""
    return int(time.time()) % 1_000_000 * 100_000


@contextmanager
def launched() -> Iterator[Stage]:
    """A stage on which the sample call is published and nothing runs."""
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as folder:
        stage = Stage(Path(folder))
        (stage.folder / "mails").mkdir()
        stage.clarion("launch", str(SAMPLE))
        yield stage


def signatures() -> Iterator[Row]:
    """Accepted signatures a second with 64 and with 512 connections; how long each waits."""
    with launched() as stage:
        few, many = _accepted(stage, 64), _accepted(stage, 512)
    yield few
    assert few.p99_ms is not None
    yield Row("sign-p99", "of these, 99 in 100 within", f"{few.p99_ms:.0f} ms", few.p99_ms, bar=Bar(50, 20))
    yield many


def _accepted(stage: Stage, connections: int) -> Row:
    stored: list[Load] = []
    parsed: list[Load] = []
    memory = 0
    for _ in range(ROUNDS):  # in turn, so that a machine that slows down slows both
        parsed.append(parsed_only(stage, connections))
        with running(stage.serve("--only", "public")) as server:
            before = rows_in_inbox(stage)
            stored.append(server.measured(lambda: _sign(f"http://{stage.host}", connections)))
            memory = max(memory, server.pss_bytes())
        no_row_is_lost(stored[-1].good, rows_in_inbox(stage) - before, connections)
    best, yardstick = median(stored), median(parsed)
    ratio = best.per_second / yardstick.per_second
    return Row(
        f"signatures-{connections}", f"signatures accepted, sealed and on disk, {connections} connections",
        f"{best.per_second:,.0f}/s", ratio, f"{yardstick.per_second:,.0f}/s parsed and stored nowhere", ratio,
        Bar(0.20, 0.40), best.p50, best.p99, best.cpu_us, memory / 1e6,
    )  # fmt: skip


def parsed_only(stage: Stage, connections: int = 64) -> Load:
    """The yardstick: the same server parses the same form and answers 303."""
    port = free_port()
    with running(start([sys.executable, "-m", "bench.baseline", str(port)], port, stage.environment)):
        return _sign(f"http://127.0.0.1:{port}", connections)


def _sign(url: str, connections: int, seconds: int = SECONDS) -> Load:
    return press(url, f"{PATH}sign", connections=connections, seconds=seconds, form=SIGN, first=fresh_number())


def sign_for(stage: Stage, seconds: int) -> Load:
    """Sign at full speed with 64 connections; raises where a row is lost."""
    before = rows_in_inbox(stage)
    load = _sign(f"http://{stage.host}", 64, seconds)
    no_row_is_lost(load.good, rows_in_inbox(stage) - before, 64)
    return load


def rows_in_inbox(stage: Stage) -> int:
    """How many rows wait."""
    with closing(sqlite3.connect(stage.data / "inbox" / "inbox.sqlite3")) as inbox:
        return int(inbox.execute("SELECT count(*) FROM rows").fetchone()[0])


def no_row_is_lost(answered: int, stored: int, connections: int) -> None:
    """Every answer has its row; a row without an answer was under way when the load ended."""
    if not answered <= stored <= answered + connections:
        raise SystemExit(f"{answered} were told that they signed, and {stored} rows are in the inbox")


def beside() -> Iterator[Row]:
    """How long signing takes at half its rate, alone and beside 5,000 GETs of a page a second."""
    with launched() as stage, running(stage.serve("--only", "public")) as server:
        rate = sign_for(stage, SECONDS).per_second / 2
        alone = _paced(stage, {"sign": rate})
        spent = server.cpu_seconds()
        both = _paced(stage, {"sign": rate, "page": PAGES_A_SECOND})
        each = (server.cpu_seconds() - spent) / (rate + PAGES_A_SECOND) / BESIDE_SECONDS * 1e6
        memory = server.pss_bytes()
    signed, lonely = both["answers"]["sign 303"], alone["answers"]["sign 303"]
    ratio = signed["p99_ms"] / lonely["p99_ms"]
    yield Row(
        "beside", f"signing at half its rate ({rate:,.0f}/s) beside {PAGES_A_SECOND:,} page GETs/s: p99",
        f"{signed['p99_ms']:.1f} ms", ratio, f"{lonely['p99_ms']:.1f} ms alone", ratio, Bar(2.0, 1.1),
        signed["p50_ms"], signed["p99_ms"], each, memory / 1e6,
    )  # fmt: skip


def _paced(stage: Stage, rates: dict[str, float]) -> dict[str, Any]:
    """Open-loop load; ends where an answer is wrong, late by the generator's own fault, or missing."""
    requests = {kind: text.replace("{host}", stage.host) for kind, text in _REQUESTS.items() if kind in rates}
    plan = {"host": "127.0.0.1", "port": stage.port, "seconds": BESIDE_SECONDS, "rates": rates, "requests": requests}
    done = subprocess.run(
        [sys.executable, "-m", "bench.open_load"], input=json.dumps(plan), capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    wrong = set(told["answers"]) - {"sign 303", "page 200"}
    if wrong or any(told["failures"].values()):
        raise SystemExit(f"wrong answers: {sorted(wrong)}, failures: {told['failures']}")
    return told


def median(loads: list[Load]) -> Load:
    """The run in the middle."""
    return sorted(loads, key=lambda load: load.per_second)[len(loads) // 2]
