"""Five million signatures: what they do to signing and to the road, and how they leave as CSV."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.road import walk
from bench.signing import launched, sign_for
from bench.sink import mail_sink
from bench.stage import SAMPLE, Stage, running, start_quietly
from bench.table import Bar, Row
from bench.usage import peak_memory

COUNT = int(os.environ.get("FULL_COUNT", "5000000"))
SIGN_SECONDS = 8
ROAD_SECONDS = float(os.environ.get("ROAD_SECONDS", "25"))
_SOURCE = Path(__file__).resolve().parents[1] / "src" / "clarion"
_FREE_BYTES_EACH = 2_000


def full() -> Iterator[Row]:
    """Signing and the road with five million signatures there, beside the same when empty."""
    with launched() as stage:
        empty = _speeds(stage)
    with filled() as stage:
        there = _speeds(stage)
    for name, what, unit in (("sign", "signatures accepted", 0), ("road", "the whole road", 1)):
        ratio = there[unit] / empty[unit]
        yield Row(
            f"full-{name}", f"{what} with {COUNT:,} signatures there", f"{there[unit]:,.0f}/s", ratio,
            f"{empty[unit]:,.0f}/s when empty", ratio, Bar(0.8, 0.95),
        )  # fmt: skip


def _speeds(stage: Stage) -> tuple[float, float]:
    """Signatures accepted a second, and people a second on the whole road."""
    with running(stage.serve("--only", "public")):
        accepted = sign_for(stage, SIGN_SECONDS).per_second
    _empty_inbox(stage)
    _warm_up(stage.data / "records" / "records.sqlite3")
    with mail_sink() as sink:
        stage.mail_url = sink.url
        with running(stage.serve()):
            stage.wait_until_idle()
            return accepted, walk(stage, sink, ROAD_SECONDS).rate


def _empty_inbox(stage: Stage) -> None:
    """What was accepted for the first figure is not the second one's load."""
    shutil.rmtree(stage.data / "inbox")
    (stage.data / "worker" / "heartbeat.json").unlink(missing_ok=True)


def _warm_up(records: Path) -> None:
    """Read the file once: a server that took millions of signatures has it in memory, one that has just started not."""
    with records.open("rb") as file:
        while file.read(1 << 20):
            pass


@contextmanager
def filled() -> Iterator[Stage]:
    """A stage with five million signatures, kept between runs in the folder for temporary files."""
    folder = Path(tempfile.gettempdir()) / f"clarion-bench-{COUNT}-{_schema()}"
    mark = folder / "filled"
    stage = Stage(folder)
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _make_room(folder.parent)
        (folder / "mails").mkdir(parents=True)
        stage.clarion("launch", str(SAMPLE))
        stage.python("bench.fill_signatures", str(COUNT))
        mark.touch()
    yield stage


def _make_room(parent: Path) -> None:
    for old in parent.glob(f"clarion-bench-{COUNT}-*"):
        shutil.rmtree(old, ignore_errors=True)
    if shutil.disk_usage(parent).free < COUNT * _FREE_BYTES_EACH:
        raise SystemExit(f"{COUNT * _FREE_BYTES_EACH / 1e9:.0f} GB free are needed in {parent}")


def _schema() -> str:
    """Changes with the tables: then what was filled is of no use."""
    digest = hashlib.sha256()
    for path in sorted(_SOURCE.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def export() -> Iterator[Row]:
    """Every signature as CSV, through the office's own code."""
    with filled() as stage:
        exporter = start_quietly([sys.executable, "-m", "bench.export_signatures"], stage.environment)
        with peak_memory(exporter.pid) as peak:
            said, _ = exporter.communicate()
    if exporter.returncode:
        raise SystemExit("the export failed")
    told = json.loads(said)
    if told["rows"] < COUNT:
        raise SystemExit(f"{told['rows']} of {COUNT} signatures came out")
    speed = told["rows"] / told["seconds"]
    yield Row(
        "export", f"export of {told['rows']:,} signatures as CSV ({told['bytes'] / 1e6:,.0f} MB)",
        f"{speed:,.0f} rows/s", speed, f"{told['seconds']:.0f} s", bar=Bar(50_000, 150_000),
        cpu_us=told["cpu"] / told["rows"] * 1e6,
        memory_mb=peak.bytes / 1e6,
    )  # fmt: skip
    yield Row("export-memory", "the most memory of that export", f"{peak.bytes / 1e6:.0f} MB", peak.bytes / 1e6,
              bar=Bar(300, 150))  # fmt: skip
