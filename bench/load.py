"""Load by wrk, with every answer's status counted: a figure with wrong answers in it is no figure."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
local threads = {}
local counter = 0
function setup(thread) table.insert(threads, thread); counter = counter + 1; thread:set("id", counter) end
function init() good = 0; bad = 0; n = 0 end
function request()
  n = n + 1
  if not FORM then return wrk.format("GET", PATH) end
  return wrk.format("POST", PATH, nil, string.format(FORM, id, n))
end
function response(status) if status == EXPECTED then good = good + 1 else bad = bad + 1 end end
function done(summary, latency)
  local good, bad = 0, 0
  for _, thread in ipairs(threads) do good = good + thread:get("good"); bad = bad + thread:get("bad") end
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"good":%d,"bad":%d,"seconds":%f,"p50":%f,"p99":%f,"errors":%d}',
    good, bad, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run of load gave. Times in milliseconds."""

    good: int
    seconds: float
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.good / self.seconds


def press(
    url: str,
    path: str,
    *,
    expected: int,
    connections: int,
    seconds: int,
    form: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Ask `url` + `path` again and again; `form` is a body with %d twice: thread and number. Ends on a wrong answer."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing. Run: apt-get install -y wrk")
    constants = f"PATH = {json.dumps(path)}\nEXPECTED = {expected}\nFORM = {json.dumps(form) if form else 'nil'}\n"
    sent = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    options = [part for name, value in {**sent, **(headers or {})}.items() for part in ("-H", f"{name}: {value}")]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(constants + _SCRIPT)
        script.flush()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", *options, "-s", script.name, url],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = json.loads(done.stderr[done.stderr.index("{") :])
    if said["bad"] or said["errors"] or not said["good"]:
        raise SystemExit(
            f"{path}: {said['bad']} answers were not {expected}, {said['errors']} errors, {said['good']} good"
        )
    return Load(said["good"], said["seconds"], said["p50"], said["p99"])


def needs(tool: str, package: str) -> Path:
    """The path of a tool; ends with the way to get it."""
    found = shutil.which(tool) or shutil.which(tool, path="/usr/sbin")
    if found is None:
        raise SystemExit(f"{tool} is missing. Run: apt-get install -y {package}")
    return Path(found)
