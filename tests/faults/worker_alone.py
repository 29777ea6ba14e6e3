"""A worker alone with a data folder, and what intake would hand it: forms on their way, at any number at once."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from pathlib import Path

from clarion.inbox.reader import InboxReader
from clarion.inbox.writer import InboxWriter
from clarion.kernel.clock import utc_now
from clarion.kernel.files import DataFolder
from clarion.kernel.ids import new_id
from clarion.kernel.keys import read_key_ring
from clarion.kernel.links import link_public_key, read_link
from clarion.kernel.sealing import BatchSealer, sealing_public_key
from clarion.kernel.submissions import Submission

PATIENCE_SECONDS = 90
_PROJECT = Path(__file__).parents[2]
SET_UP = """
from clarion.cli import set_up_django; set_up_django()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.make import make_campaign
make_campaign()
"""


class Machine:
    """A data folder of its own, with the environment of its worker."""

    def __init__(self, root: Path, **settings: str) -> None:
        self.log = root / "worker.log"
        self.data = DataFolder(root / "data")
        self.mails = root / "mails"
        self.env = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "clarion.settings",
            "CLARION_DATA": str(self.data.root),
            "CLARION_MAIL_URL": f"file://{self.mails}",
            **settings,
        }
        subprocess.run([sys.executable, "-c", SET_UP], env=self.env, check=True, timeout=240, cwd=_PROJECT)

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
        with closing(InboxWriter(self.data.inbox)) as writer:
            for start in range(0, len(submissions), 50):
                sealer = BatchSealer(key.number, sealing_public_key(key))
                batch = [(one.id, sealer.seal(one.to_bytes())) for one in submissions[start : start + 50]]
                writer.append(batch, sealer.key_number, sealer.sealed_key)

    def waiting(self) -> int:
        """How many rows lie in the inbox."""
        with closing(InboxReader(self.data.inbox)) as reader:
            return reader.waiting()

    def ask(self, question: str) -> int:
        """A number from the records."""
        with closing(sqlite3.connect(self.data.records, timeout=20)) as records:
            answer: int = records.execute(question).fetchone()[0] or 0
            return answer

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
