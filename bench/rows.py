"""What is measured: each function gives rows of the table."""

import json
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import brotli

from bench.load import Load, needs, press
from bench.stage import SAMPLE, Running, Stage, free_port, get, running, start

SECONDS = 8
ROUNDS = 3
SIGN = "name=Amina+Otieno&email=amina.%d.%d%%40example.org&country=KE&postcode=00100"
PATH = "/clean-water/en/"
LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "de")
_MAP = re.compile(rb'<svg id="map".*?</svg>', re.DOTALL)
_ASSET = re.compile(rb'(?:href|src)="(/-/[^"]+\.(?:css|js|svg))"')


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is to the line's own yardstick in the same run."""

    what: str
    figure: str
    beside: str = ""
    ratio: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    memory_mb: float | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@contextmanager
def launched() -> Iterator[Stage]:
    """A stage on which the sample call is published and nothing runs."""
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as folder:
        stage = Stage(Path(folder))
        (stage.folder / "mails").mkdir()
        stage.clarion("launch", str(SAMPLE))
        yield stage


def signatures() -> Iterator[Row]:
    """Accepted signatures a second, beside the same server that parses the same form and stores nothing."""
    with launched() as stage:
        for connections in (64, 512):
            yield _signatures(stage, connections)


def _signatures(stage: Stage, connections: int) -> Row:
    port = free_port()
    stored: list[Load] = []
    parsed: list[Load] = []
    memory = 0
    for _ in range(ROUNDS):  # in turn, so that a machine that slows down slows both
        with running(start([sys.executable, "-m", "bench.baseline", str(port)], port, stage.environment)):
            parsed.append(_sign(f"http://127.0.0.1:{port}", connections))
        with running(stage.serve("--only", "public")) as server:
            before = rows_in_inbox(stage)
            stored.append(_sign(f"http://{stage.host}", connections))
            memory = max(memory, server.pss_bytes())
        _no_row_is_lost(stored[-1].good, rows_in_inbox(stage) - before, connections)
    best, yardstick = median(stored), median(parsed)
    return Row(
        f"signatures accepted, {connections} connections",
        f"{best.per_second:,.0f}/s", f"{yardstick.per_second:,.0f}/s parsed and stored nowhere",
        best.per_second / yardstick.per_second, best.p50, best.p99, memory / 1e6,
    )  # fmt: skip


def _sign(url: str, connections: int) -> Load:
    return press(url, f"{PATH}sign", expected=303, connections=connections, seconds=SECONDS, form=SIGN)


def rows_in_inbox(stage: Stage) -> int:
    with closing(sqlite3.connect(stage.data / "inbox" / "inbox.sqlite3")) as inbox:
        return int(inbox.execute("SELECT count(*) FROM rows").fetchone()[0])


def _no_row_is_lost(answered: int, stored: int, connections: int) -> None:
    """Every answer has its row; a row without an answer was under way when the load ended."""
    if not answered <= stored <= answered + connections:
        raise SystemExit(f"{answered} were told that they signed, and {stored} rows are in the inbox")


def pages() -> Iterator[Row]:
    """Page GETs a second, beside nginx with the same compressed file."""
    with launched() as stage, running(_nginx(stage)):
        file = len((stage.data / "site" / PATH.strip("/") / "index.html.gz").read_bytes())
        with running(stage.serve("--only", "public")) as server:
            ours, theirs = [], []
            for _ in range(ROUNDS):
                theirs.append(_read(f"http://127.0.0.1:{_nginx_port(stage)}"))
                ours.append(_read(f"http://{stage.host}"))
            memory = server.pss_bytes()
    best, yardstick = median(ours), median(theirs)
    yield Row(
        f"GETs of the call page ({file / 1000:.0f} KB gzip), 64 connections", f"{best.per_second:,.0f}/s",
        f"{yardstick.per_second:,.0f}/s by nginx", best.per_second / yardstick.per_second,
        best.p50, best.p99, memory / 1e6,
    )  # fmt: skip


def _read(url: str) -> Load:
    return press(url, PATH, expected=200, connections=64, seconds=SECONDS, headers={"Accept-Encoding": "gzip"})


def _nginx_port(stage: Stage) -> int:
    return int((stage.folder / "nginx.port").read_text())


def _nginx(stage: Stage) -> Running:
    port = free_port()
    (stage.folder / "nginx.port").write_text(str(port))
    config = stage.folder / "nginx.conf"
    config.write_text(
        f"""daemon off; worker_processes 1; pid {stage.folder}/nginx.pid; error_log {stage.folder}/nginx.log; user root;
events {{ worker_connections 2048; }}
http {{
  types {{ text/html html; }} access_log off; gzip_static on; keepalive_requests 1000000; sendfile on;
  client_body_temp_path {stage.folder}/b; proxy_temp_path {stage.folder}/p; fastcgi_temp_path {stage.folder}/f;
  uwsgi_temp_path {stage.folder}/u; scgi_temp_path {stage.folder}/s;
  server {{ listen 127.0.0.1:{port}; root {stage.data}/site; index index.html; }}
}}"""
    )
    return start([str(needs("nginx", "nginx-light")), "-c", str(config)], port, stage.environment)


def page_weight() -> Iterator[Row]:
    """Compressed bytes of the call page's first view, without map and picture; the heaviest language."""
    with launched() as stage, running(stage.serve("--only", "public")):
        weights = {language: _weight(stage, language) for language in LANGUAGES}
    heaviest = max(weights, key=lambda language: weights[language][0])
    total, requests = weights[heaviest]
    yield Row(
        f"call page, first view, compressed, {requests} requests (heaviest of {len(weights)} languages: {heaviest})",
        f"{total / 1000:.1f} KB", "40 KB allowed", total / 40_000,
    )  # fmt: skip


def _weight(stage: Stage, language: str) -> tuple[int, int]:
    origin = f"http://{stage.host}"
    page = get(f"{origin}/clean-water/{language}/")
    assets = sorted({found.decode() for found in _ASSET.findall(page)})
    sent = [len(get(origin + asset, **{"Accept-Encoding": "br"})) for asset in assets]
    sent.append(len(get(f"{origin}/clean-water/counts.json", **{"Accept-Encoding": "br"})))
    return len(brotli.compress(_MAP.sub(b"", page), quality=5)) + sum(sent), len(sent) + 1


def launch() -> Iterator[Row]:
    """From `clarion launch` with everything running to a page that can be signed."""
    times = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="clarion-bench-") as folder:
            stage = Stage(Path(folder))
            (stage.folder / "mails").mkdir()
            with running(stage.serve()):
                stage.wait_for_worker()
                times.append(_until_signed(stage))
    took = statistics.median(times)
    yield Row("from `clarion launch` to a page that can be signed", f"{took:.1f} s", "5 s allowed", took / 5)


def _until_signed(stage: Stage) -> float:
    started = time.monotonic()
    launching = start_command(stage, "launch", str(SAMPLE))
    while not _can_sign(stage):
        if time.monotonic() - started > 60:
            raise SystemExit("nothing to sign after a minute")
        time.sleep(0.05)
    took = time.monotonic() - started
    if launching() != 0:
        raise SystemExit("clarion launch failed")
    return took


def start_command(stage: Stage, *arguments: str) -> Callable[[], int]:
    """Start a command; gives what waits for its end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clarion", *arguments], env=stage.environment, stdout=subprocess.DEVNULL
    )
    return process.wait


def _can_sign(stage: Stage) -> bool:
    origin = f"http://{stage.host}"
    try:
        get(origin + PATH)
        body = (SIGN % (0, time.monotonic_ns())).encode()
        request = urllib.request.Request(f"{origin}{PATH}sign", data=body)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.url).endswith("/check-your-mail/")
    except (urllib.error.URLError, OSError):
        return False


def median(loads: list[Load]) -> Load:
    """The run in the middle."""
    return sorted(loads, key=lambda load: load.per_second)[len(loads) // 2]


ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "signatures": signatures,
    "pages": pages,
    "page-weight": page_weight,
    "launch": launch,
}


def write_results(rows: list[Row], folder: Path) -> Path:
    """Keep the figures of this run."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    path.write_text(json.dumps([row.to_json() for row in rows], indent=1))
    return path
