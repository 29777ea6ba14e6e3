"""Pages printed by further processes are the same pages, and no such process is ever left behind."""

import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from clarion.events.models import Event
from clarion.kernel.files import DataFolder
from clarion.kernel.keys import Keys
from clarion.mirrors.lock import publish_lock
from clarion.pages.hands import Hand, HandLost, Hands, hands
from clarion.pages.pausing import Overtaken, Pause
from clarion.pages.press import Press
from clarion.pages.printing import Manuscript, Printed, Sheet, manuscript_of, print_sheet, sheets_of
from clarion.pages.publication import Publication
from clarion.places.countries import CODES
from tests.make import NOON, make_campaign, make_event, make_venue

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path: Path, keys: Keys) -> Publication:
    """Three events in two languages, of which one has an organiser; three countries."""
    campaign = make_campaign(languages=("en", "ar"))
    make_event(campaign, venue=make_venue(campaign), bring="A cup")
    make_event(campaign, country="UG", starts_local="2026-12-11T18:00")
    make_event(campaign, keys)
    return Publication(campaign, press(tmp_path / "alone"))


def press(root: Path) -> Press:
    data = DataFolder(root)
    data.make()
    hidden = ", ".join(f'"{code}"' for code in sorted(CODES - {"KE", "UG", "EG"}))
    (root / "countries.toml").write_text(f"hide = [{hidden}]\n")
    return Press(data, "https://call.example.org", "https://office.example.org", NOON)


def manuscript(run: Publication, root: Path | None = None) -> Manuscript:
    """What is printed from; with `root` to be printed there."""
    where = press(root) if root else run.press
    return manuscript_of(where, [replace(scene, press=where) for scene in run.scenes])


def sheets(run: Publication) -> list[Sheet]:
    return sheets_of(run.scenes[0], [event for event in run.events if event.host_box])


def one_sheet(run: Publication) -> Sheet:
    return Sheet("events", run.events)


def sheets_apart(sheet: Sheet) -> Iterator[Sheet]:
    """Sheet after sheet, no two of which share a page, as in every publication: two hands never write one file."""
    for number in count():
        yield replace(
            sheet, events=[renamed(event, f"{number:016x}{place:016x}") for place, event in enumerate(sheet.events)]
        )


def renamed(event: Event, public_id: str) -> Event:
    other = copy(event)
    other.public_id = public_id
    return other


def files_below(root: Path) -> dict[str, bytes]:
    parts = [path for part in ("site", "manage") for path in (root / part).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in parts}


def test_a_hand_prints_what_the_publisher_would(run: Publication, tmp_path: Path) -> None:
    """Byte for byte, in every language; and it says which files these are, so that no other goes."""
    with hands(manuscript(run, tmp_path / "hands"), 2) as held:
        by_hands = list(held.print(sheets(run), Pause()))
    alone = [print_sheet(manuscript(run), sheet) for sheet in sheets(run)]

    assets = {name for name in files_below(tmp_path / "alone") if name.startswith("site/-/")}
    expected = files_below(tmp_path / "alone")
    assert files_below(tmp_path / "hands") == {name: expected[name] for name in expected.keys() - assets}
    assert {sheet.kind for sheet in sheets(run)} == {"events", "manage", "countries"}
    assert _all(by_hands) == _all(alone)


def _all(printed: list[Printed]) -> tuple[set[str], set[str], list[tuple[str, str]]]:
    site = {file for one in printed for file in one.site}
    manage = {file for one in printed for file in one.manage}
    return site, manage, sorted(pair for one in printed for pair in one.indexed)


def test_all_hands_rest_in_a_pause_and_none_is_left_when_it_ends_the_run(
    run: Publication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published in a pause is newer than what they have in hand."""
    under_way = 0
    most = 0
    real = Hand.print

    def counted(hand: Hand, text: bytes, sheet: Sheet) -> Printed:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return real(hand, text, sheet)
        finally:
            under_way -= 1

    def overtake() -> None:
        assert under_way == 0
        raise Overtaken

    monkeypatch.setattr(Hand, "print", counted)
    with hands(manuscript(run), 2) as held:
        printed = held.print(sheets_apart(one_sheet(run)), Pause(overtake, lambda: most > 0))
        with pytest.raises(Overtaken):
            list(printed)
    pids = [hand.process.pid for hand in held._all]
    assert most > 0
    assert not any(is_running(pid) for pid in pids)


def test_a_hand_that_is_killed_is_told_and_no_page_is_half_written(run: Publication, tmp_path: Path) -> None:
    print_sheet(manuscript(run), one_sheet(run))
    whole = files_below(tmp_path / "alone")
    held = Hands(manuscript(run), 1)
    try:
        printed = held.print([one_sheet(run)] * 1000, Pause())
        next(printed)
        held._all[0].process.kill()
        with pytest.raises(HandLost):
            list(printed)
    finally:
        held.end()
    assert files_below(tmp_path / "alone") == whole


KILLED = """
import os, pickle, sys, django
django.setup()
from pathlib import Path
from clarion.mirrors.lock import publish_lock
from clarion.pages.hands import hands
from clarion.pages.pausing import Pause
from tests.db.test_hands import sheets_apart
manuscript, sheet = pickle.loads(Path(sys.argv[1]).read_bytes())
with publish_lock(manuscript.press.data.publish_lock), hands(manuscript, 2) as held:
    for _ in held.print(sheets_apart(sheet), Pause()):
        if all(hand.has_read for hand in held._all):  # one that still starts holds no lock, and has nothing to write
            print(*(hand.process.pid for hand in held._all), flush=True)
"""


def test_hands_end_with_a_publisher_that_is_killed_and_nobody_publishes_before(
    run: Publication, tmp_path: Path
) -> None:
    """Else what a hand still has in hand would be written over what the next publisher wrote."""
    (tmp_path / "manuscript").write_bytes(pickle.dumps((manuscript(run), one_sheet(run))))
    with killed_publisher(tmp_path / "manuscript") as pids:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with publish_lock(run.press.data.publish_lock) as is_ours:
                if is_ours:
                    assert not any(is_writing(pid) for pid in pids)
                    break
            time.sleep(0.01)
        else:
            pytest.fail("the lock was never free")


@contextmanager
def killed_publisher(manuscript: Path) -> Iterator[list[int]]:
    """A publisher that was killed in the middle of its work; gives the ids of its hands."""
    command = [sys.executable, "-c", KILLED, str(manuscript)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        process.kill()
        process.wait()
        yield pids


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def is_writing(pid: int) -> bool:
    """Whether a process may still write: neither gone nor a dead one whose parent has not looked."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX" and "hands.lock" in "".join(_open_files(pid))


def _open_files(pid: int) -> Iterator[str]:
    try:
        yield from (str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return
