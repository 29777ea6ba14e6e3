"""Several machines that share one PostgreSQL, each with a data folder of its own: workers, and public nodes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.short_call import SLUG, WIDE, write_short_call
from tests.program import STOPS_WITHIN, Program, free_port, wait_until

_PAUSE = """
from clarion.cli import set_up_django; set_up_django()
from clarion.audit.actions import HOST
from clarion.campaigns.actions import {verb}_campaign
from clarion.campaigns.models import Campaign
from clarion.kernel.clock import utc_now
{verb}_campaign(Campaign.objects.get(slug="{slug}"), by=HOST, now=utc_now())
"""


@dataclass
class Machine:
    """One machine that runs a part of the program."""

    program: Program
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.program.data

    @property
    def is_publisher(self) -> bool:
        """Whether it notes what it has to send on, as the one publisher does."""
        return self.is_running and (self.data / "worker" / "changed-files").exists()

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> "Machine":
        """Start its part."""
        with self.program.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "clarion", *self.command],
                env=self.program.environment, stdout=log, stderr=log, cwd=self.program.folder, start_new_session=True,
            )  # fmt: skip
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        """Stop it, or kill it with all that it started; gives the exit code."""
        assert self.process is not None
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(timeout=STOPS_WITHIN)

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Status and Location of a form; 0 where no answer came."""
        return self.program.post(path, fields)

    def get(self, path: str) -> str:
        """A page; empty where it is not there."""
        try:
            with urllib.request.urlopen(self.program.public_url + path, timeout=20) as answer:
                text: str = answer.read().decode()
        except OSError:
            return ""
        return text

    def total(self) -> int:
        """How many its `counts.json` says; -1 where there is none."""
        text = self.get(f"/{SLUG}/counts.json")
        counts: dict[str, Any] = json.loads(text) if text else {"total": -1}
        return int(counts["total"])


@dataclass
class Machines:
    """Workers and public nodes on one database; `url` is that of the workers."""

    folder: Path
    url: str
    node_settings: dict[str, str] = field(default_factory=dict)
    workers: list[Machine] = field(default_factory=list)
    nodes: list[Machine] = field(default_factory=list)

    @property
    def all(self) -> list[Machine]:
        """Every machine."""
        return [*self.workers, *self.nodes]

    def set_up(self) -> "Machines":
        """Make the tables and launch a call, from the machine of the first worker."""
        first = self._machine("worker-1", ["worker"], {"CLARION_DATABASE_URL": self.url}, free_port())
        self.workers.append(first)
        first.program.launch(write_short_call(self.folder / "call"))
        return self

    def add_worker(self) -> Machine:
        """A further worker, with the keys of the first."""
        first = self.workers[0].program
        name = f"worker-{len(self.workers) + 1}"
        worker = self._machine(name, ["worker"], {"CLARION_DATABASE_URL": self.url}, first.public_port)
        shutil.copytree(first.data / "keys", worker.data / "keys")
        self.workers.append(worker)
        return worker

    def add_node(self) -> Machine:
        """A further public node, which holds no key."""
        port = self.workers[0].program.public_port if not self.nodes else free_port()
        settings = self.node_settings or {"CLARION_INBOX_URL": self.url, "CLARION_PAGES_URL": self.url}
        command = ["serve", "--only", "public", "--public", f"127.0.0.1:{port}"]
        node = self._machine(f"node-{len(self.nodes) + 1}", command, settings, port)
        self.nodes.append(node)
        return node

    def _machine(self, name: str, command: list[str], settings: dict[str, str], port: int) -> Machine:
        program = Program(self.folder / name, public_port=port, extra=WIDE | settings)
        program.extra["CLARION_MAIL_URL"] = f"file://{self.folder / 'mail'}"
        program.folder.mkdir(parents=True)
        return Machine(program, command)

    def switch(self, verb: str) -> None:
        """Pause or resume the call, as the office does."""
        code = _PAUSE.format(verb=verb, slug=SLUG)
        subprocess.run([sys.executable, "-c", code], env=self.workers[0].program.environment, check=True, timeout=240)

    def publisher(self) -> Machine | None:
        """The worker that publishes now."""
        return next((worker for worker in self.workers if worker.is_publisher), None)

    def wait_for_nodes(self) -> None:
        """Come back when every node serves the call and takes forms."""
        for node in self.nodes:
            wait_until(lambda node=node: node.total() >= 0, f"{node.program.folder.name} to serve")

    def logs(self) -> str:
        """The ends of all logs."""
        texts = (f"{one.program.folder.name}: {one.program.log.read_text()[-1500:]}" for one in self.all)
        return "\n".join(texts)

    def end(self) -> None:
        """Leave no process behind."""
        for machine in self.all:
            if machine.is_running:
                machine.end(signal.SIGKILL)
