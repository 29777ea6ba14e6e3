"""What a process and all that it started cost: CPU time, and memory with shared pages by their share."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_EVERY_SECONDS = 0.2


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    try:
        tasks = [task / "children" for task in Path(f"/proc/{pid}/task").iterdir()]
        children = [child for task in tasks for child in task.read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def pss_bytes(pid: int) -> int:
    """The memory of a family now."""
    return sum(_pss(one) for one in family(pid))


def cpu_seconds(pid: int) -> float:
    """The CPU time of a family since it started, user and system, with that of children it has buried."""
    return sum(_cpu(one) for one in family(pid))


def ticks_of(stat: str) -> int:
    """utime, stime, cutime and cstime of a line of `/proc/PID/stat`; the name in it may hold blanks and brackets."""
    return sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])


def _cpu(pid: int) -> float:
    try:
        return ticks_of(Path(f"/proc/{pid}/stat").read_text()) / _TICKS
    except OSError:
        return 0.0


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


@dataclass
class Peak:
    """The most memory seen."""

    bytes: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def peak_memory(pid: int) -> Iterator[Peak]:
    """Watch the memory of a family for the time of a block."""
    peak = Peak()

    def watch() -> None:
        while True:
            peak.bytes = max(peak.bytes, pss_bytes(pid))
            if peak.ended.wait(_EVERY_SECONDS):
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        peak.ended.set()
        thread.join()
