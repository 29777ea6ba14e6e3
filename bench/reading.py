"""What visitors read: a page beside nginx, the weight of a first view, the time from a launch to a page."""

import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli

from bench.load import Load, needs, press
from bench.signing import PATH, ROUNDS, SECONDS, SIGN, launched, median
from bench.stage import SAMPLE, Running, Stage, free_port, get, running, start
from bench.table import Bar, Row

LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "de")
_MAP = re.compile(rb'<svg id="map".*?</svg>', re.DOTALL)
_ASSET = re.compile(rb'(?:href|src)="(/-/[^"]+\.(?:css|js|svg))"')


def pages() -> Iterator[Row]:
    """Page GETs a second, beside nginx with the same compressed file."""
    with launched() as stage, running(_nginx(stage)):
        file = len((stage.data / "site" / PATH.strip("/") / "index.html.gz").read_bytes())
        with running(stage.serve("--only", "public")) as server:
            ours, theirs = [], []
            for _ in range(ROUNDS):
                theirs.append(_read(f"http://127.0.0.1:{_nginx_port(stage)}"))
                ours.append(server.measured(lambda: _read(f"http://{stage.host}")))
            memory = server.pss_bytes()
    best, yardstick = median(ours), median(theirs)
    ratio = best.per_second / yardstick.per_second
    yield Row(
        "pages", f"GETs of the call page ({file / 1000:.0f} KB gzip), 64 connections", f"{best.per_second:,.0f}/s",
        ratio, f"{yardstick.per_second:,.0f}/s by nginx", ratio, Bar(0.4, 0.6),
        best.p50, best.p99, best.cpu_us, memory / 1e6,
    )  # fmt: skip


def _read(url: str) -> Load:
    return press(url, PATH, connections=64, seconds=SECONDS, headers={"Accept-Encoding": "gzip"})


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
        "page-weight",
        f"call page, first view, compressed, {requests} requests (heaviest of {len(weights)} languages: {heaviest})",
        f"{total / 1000:.1f} KB", total / 1000, "40 KB allowed", total / 40_000, Bar(40, 20),
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
    yield Row(
        "launch", "from `clarion launch` to a page that can be signed", f"{took:.1f} s", took, "5 s allowed", took / 5,
        Bar(5, 3),
    )  # fmt: skip


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
        body = (SIGN % time.monotonic_ns()).encode()
        request = urllib.request.Request(f"{origin}{PATH}sign", data=body)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.url).endswith("/check-your-mail/")
    except (urllib.error.URLError, OSError):
        return False
