"""Load by wrk: a figure with a wrong answer in it is no figure."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# No `response` function: building its table for each answer would make wrk the limit. wrk itself counts statuses of
# 400 and more; that a form was taken and not refused (303 both), the rows in the inbox say.
_SCRIPT = """
function init() n = FIRST end
function request()
  if not FORM then return wrk.format("GET", PATH) end
  n = n + 1
  local spread = n * 48271 % 4194304
  wrk.headers["X-Forwarded-For"] = string.format(
    "%d.%d.%d.7", 60 + math.floor(spread / 65536), math.floor(spread / 256) % 256, spread % 256)
  return wrk.format("POST", PATH, nil, string.format(FORM, n))
end
function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"answers":%d,"seconds":%f,"p50":%f,"p99":%f,"refused":%d,"errors":%d,"bytes":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, summary.bytes))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run of load gave. Times in milliseconds; `cpu_seconds` of the server where that was asked for."""

    good: int
    seconds: float
    p50: float
    p99: float
    cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU time of the server for each answer, in microseconds."""
        return self.cpu_seconds / self.good * 1e6


def press(
    url: str,
    path: str,
    *,
    connections: int,
    seconds: int,
    form: str | None = None,
    first: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Ask `url` + `path` again and again; `form` is a body with %d for a number from `first` on, and each number
    has a client address. Ends on a wrong answer.
    """
    constants = f"PATH = {json.dumps(path)}\nFIRST = {first}\nFORM = {json.dumps(form) if form else 'nil'}\n"
    sent = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    options = [part for name, value in {**sent, **(headers or {})}.items() for part in ("-H", f"{name}: {value}")]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(constants + _SCRIPT)
        script.flush()
        done = subprocess.run(
            [needs("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", *options,
             "-s", script.name, url],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = json.loads(done.stderr[done.stderr.index("{") :])
    if said["refused"] or said["errors"] or not said["answers"]:
        raise SystemExit(f"{path}: {said['refused']} answers of 400 or more, {said['errors']} errors")
    return Load(said["answers"], said["seconds"], said["p50"], said["p99"])


def needs(tool: str, package: str) -> Path:
    """The path of a tool; ends with the way to get it."""
    found = shutil.which(tool) or shutil.which(tool, path="/usr/sbin")
    if found is None:
        raise SystemExit(f"{tool} is missing. Run: apt-get install -y --no-install-recommends {package}")
    return Path(found)
