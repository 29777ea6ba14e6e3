"""What everything takes when nothing happens."""

import time
from collections.abc import Iterator

from bench.signing import launched
from bench.stage import get, running
from bench.table import Bar, Row
from bench.usage import cpu_seconds, family, pss_bytes

SETTLE_SECONDS = 15
WATCH_SECONDS = 20


def idle() -> Iterator[Row]:
    """Memory of all processes once they have settled, each having answered; and the CPU they still use."""
    with launched() as stage, running(stage.serve()) as server:
        stage.wait_until_idle()
        get(f"http://{stage.host}/clean-water/en/")
        get(f"http://127.0.0.1:{stage.office_port}/healthz")
        time.sleep(SETTLE_SECONDS)
        before = cpu_seconds(server.pid)
        time.sleep(WATCH_SECONDS)
        busy = (cpu_seconds(server.pid) - before) / WATCH_SECONDS
        parts = [pss_bytes(one) for one in family(server.pid)]
        memory = server.pss_bytes() / 1e6
    yield Row(
        "idle", f"idle memory of everything ({len(parts)} processes)", f"{memory:.0f} MB", memory,
        f"{busy:.1%} of a core used", bar=Bar(250, 150), memory_mb=memory,
    )  # fmt: skip
