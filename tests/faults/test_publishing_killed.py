"""Promise: however often the worker is killed while it publishes, each page that is served is wholly old or wholly new,
and so is each of its compressed forms.
"""

import gzip
import http.client
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest

from tests.faults.conftest import Note
from tests.faults.short_call import SLUG, files_below, kill_all, parts_of, start_short_call, write_short_call
from tests.program import Program, wait_until

pytestmark = pytest.mark.faults

PAGE = f"/{SLUG}/en/"
_UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}
_EDITION = re.compile(r"Edition (\d+)")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    running = start_short_call(tmp_path)
    yield running
    running.stop()
    kill_all(running)


def page_in(program: Program, encoding: str) -> str:
    """The call's page as one browser gets it."""
    connection = http.client.HTTPConnection("127.0.0.1", program.public_port, timeout=20)
    try:
        host = urlsplit(program.public_url).netloc
        connection.request("GET", PAGE, headers={"host": host, "accept-encoding": encoding})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200
        return _UNPACK[answer.getheader("content-encoding") or "identity"](body).decode()
    finally:
        connection.close()


def edition_of(page: str) -> int:
    """The one edition that a whole page is of."""
    editions = set(_EDITION.findall(page))
    assert len(editions) == 1, f"a page of editions {sorted(editions)}"
    assert page.rstrip().endswith("</html>")
    return int(editions.pop())


class Editor:
    """Launches one edition after the other, as long as it is wanted."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self.edition = 0
        self.is_over = False
        self._thread = threading.Thread(target=self._edit)

    def publish(self, edition: int, *, wait: bool) -> None:
        """Launch one edition: several pages' worth of text, that says its number from its first line to its last."""
        words = "\n\n".join(f"Edition {edition}, paragraph {n}: water for every school." for n in range(150))
        statement = f"---\ntitle: Edition {edition}\n---\n{words}\n\nEdition {edition} ends.\n"
        call = write_short_call(self._folder, statement)
        command = [sys.executable, "-m", "clarion", "launch", str(call)]
        done = subprocess.run(command, env=self._program.environment, capture_output=True, text=True, check=False)
        assert not wait or done.returncode == 0, done.stderr

    def _edit(self) -> None:
        while not self.is_over:
            self.edition += 1
            self.publish(self.edition, wait=False)  # one that waits for a worker that is killed may give up

    def __enter__(self) -> "Editor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        self._thread.join()


def test_pages_are_wholly_old_or_wholly_new_however_often_the_worker_is_killed_while_it_publishes(
    program: Program, tmp_path: Path, note: Note, is_soak: bool
) -> None:
    chance = random.Random(11)
    kills = 50 if is_soak else 2
    editor = Editor(program, tmp_path / "editions")
    editor.publish(0, wait=True)
    seen: set[int] = set()
    looks = 0
    with editor:
        for _ in range(kills):
            ends = time.monotonic() + chance.uniform(0.5, 3.0)
            while time.monotonic() < ends:
                seen.update(edition_of(page_in(program, encoding)) for encoding in _UNPACK)
                looks += len(_UNPACK)
            if pid := parts_of(program).get("worker"):
                os.kill(pid, signal.SIGKILL)
    last = editor.edition + 1
    editor.publish(last, wait=True)
    for encoding in _UNPACK:
        wait_until(lambda encoding=encoding: edition_of(page_in(program, encoding)) == last, "the last edition")
    wait_until(lambda: not inconsistent_files(program.data / "site"), "all else to be of that edition", seconds=90)
    note(kills=kills, editions=last, editions_seen=len(seen), pages_read=looks)


def inconsistent_files(site: Path) -> list[str]:
    """Published files whose compressed forms say something else."""
    files = files_below(site)
    return [
        name
        for suffix, unpack in ((".br", brotli.decompress), (".gz", gzip.decompress))
        for name, packed in files.items()
        if name.endswith(suffix)
        and not Path(name).name.startswith(".")
        and unpack(packed) != files.get(name.removesuffix(suffix))
    ]
