"""A worker alone with a data folder, and what intake would hand it: forms on their way, at any number at once."""

import atexit
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from clarion.inbox.ends import open_reader, open_writer
from clarion.kernel.clock import utc_now
from clarion.kernel.databases import Database, read_database
from clarion.kernel.files import DataFolder
from clarion.kernel.ids import new_id
from clarion.kernel.keys import read_key_ring
from clarion.kernel.links import link_public_key, read_link
from clarion.kernel.sealing import BatchSealer, sealing_public_key
from clarion.kernel.submissions import Submission
from tests.postgres import make_inbox, records_settings

PATIENCE_SECONDS = 90
_PROJECT = Path(__file__).parents[2]
SET_UP = """
from clarion.cli import set_up_django; set_up_django()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.make import make_campaign
make_campaign()
"""


def _environ(data: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "clarion.settings", "CLARION_DATA": str(data)}


def _set_up(environ: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-c", SET_UP], env=environ, check=True, timeout=240, cwd=_PROJECT)


@cache
def _made() -> Path:
    """A data folder with tables and a campaign: making it once, and copying, saves each test some seconds."""
    folder = Path(tempfile.mkdtemp(prefix="clarion-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _set_up(_environ(folder / "data"))
    return folder / "data"


class Machine:
    """A data folder of its own, with the environment of its worker. Records and inbox are where this run has them."""

    def __init__(self, root: Path, **settings: str) -> None:
        self.log = root / "worker.log"
        self.data = DataFolder(root / "data")
        self.mails = root / "mails"
        place = records_settings()
        self.env = _environ(self.data.root) | {"CLARION_MAIL_URL": f"file://{self.mails}"} | place | settings
        self.database: Database | None = None
        if place:
            self.database = read_database(make_inbox(place["CLARION_DATABASE_URL"]))
            _set_up(self.env)
        else:
            shutil.copytree(_made(), self.data.root)

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A running worker; killed at the end, if it still lives."""
        with self.log.open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "clarion", "worker"], env=self.env, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one `clarion` command to its end, whatever it finds."""
        command = [sys.executable, "-m", "clarion", *arguments]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=240)

    def put(self, submissions: list[Submission]) -> None:
        """What intake does: seal and append, in batches."""
        key = read_key_ring(self.data.keys, "inbox").current
        with closing(open_writer(self.data.inbox, self.database)) as writer:
            for start in range(0, len(submissions), 50):
                sealer = BatchSealer(key.number, sealing_public_key(key))
                batch = [(one.id, sealer.seal(one.to_bytes())) for one in submissions[start : start + 50]]
                writer.append(batch, sealer.key_number, sealer.sealed_key)

    def waiting(self) -> int:
        """How many rows lie in the inbox."""
        with closing(open_reader(self.data.inbox, self.database)) as reader:
            return reader.waiting()

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What the records answer."""
        with closing(self._connect(self.data.records)) as records:
            return list(records.execute(question).fetchall())

    def ask(self, question: str) -> int:
        """A number from the records."""
        return int(self.rows(question)[0][0] or 0)

    def do(self, statement: str, *, to_inbox: bool = False) -> None:
        """Change the records, or the inbox."""
        with closing(self._connect(self.data.inbox if to_inbox else self.data.records)) as database:
            database.execute(statement)
            database.commit()

    def _connect(self, file: Path) -> Any:
        if self.database is not None:
            return psycopg.connect(**self.database.parameters())  # type: ignore[arg-type]
        return sqlite3.connect(file, timeout=20)

    def confirmations(self) -> list[Submission]:
        """One press for each mail, on the link that it carries."""
        key = read_key_ring(self.data.keys, "link").current
        public = {key.number: link_public_key(key)}
        found = []
        for path in self.mails.glob("*.eml"):
            body = message_from_bytes(path.read_bytes(), policy=policy.SMTP).get_body(("plain",))
            assert body is not None
            token = re.search(r"/confirm/([\w-]+)", body.get_content())
            assert token
            link = read_link(public, token[1])
            at = utc_now().timestamp()
            found.append(
                Submission(new_id(), "confirm", "clean-water", "en", at, {"answer": "yes"}, link, token=token[1])
            )
        return found


def wait_for(what: Callable[[], bool]) -> None:
    """Wait as long as a busy machine may take."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "the worker did not get there in time"
        time.sleep(0.05)


def sign_form(n: int, email: str = "", **said: str) -> Submission:
    """One person's form."""
    fields = {"name": f"Signer {n}", "email": email or f"signer{n}@example.com", "country": "KE"} | said
    return Submission(new_id(), "sign", "clean-water", "en", utc_now().timestamp(), fields)
