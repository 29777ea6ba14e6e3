"""How forms are gathered into batches."""

import asyncio
from collections.abc import Sequence
from threading import Event

import pytest

from clarion.inbox.store import InboxBroken, InboxUnavailable
from clarion.intake import queue
from clarion.intake.queue import CommitQueue, QueueClosed
from clarion.kernel.submissions import Submission


def form(name: str) -> Submission:
    return Submission(name, "sign", "clean-water", "en", 0.0, {}, None)


class Disk:
    """Keeps the ids of each batch that it was given."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def commit(self, batch: Sequence[Submission]) -> None:
        self.batches.append([one.id for one in batch])


def test_a_form_that_comes_alone_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_APART", 3600.0)
    disk = Disk()

    async def one_form() -> None:
        await CommitQueue(disk.commit).put(form("alone"))

    asyncio.run(asyncio.wait_for(one_form(), 30))

    assert disk.batches == [["alone"]]


def test_forms_that_follow_at_once_share_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_APART", 3600.0)
    disk = Disk()

    async def some_forms() -> None:
        forms = CommitQueue(disk.commit)
        await forms.put(form("first"))
        later = []
        for n in range(3):
            later.append(asyncio.create_task(forms.put(form(str(n)))))
            await asyncio.sleep(0.001)
        assert disk.batches == [["first"]]
        await asyncio.wait_for(forms.close(), 30)
        await asyncio.gather(*later)

    asyncio.run(some_forms())

    assert disk.batches == [["first"], ["0", "1", "2"]]


def test_who_follows_at_once_is_written_in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_APART", 0.01)
    disk = Disk()

    async def two_forms() -> None:
        forms = CommitQueue(disk.commit)
        await forms.put(form("first"))
        await forms.put(form("second"))

    asyncio.run(asyncio.wait_for(two_forms(), 30))

    assert disk.batches == [["first"], ["second"]]


def test_closing_writes_what_waits_and_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_APART", 3600.0)
    disk = Disk()

    async def close_while_one_waits() -> None:
        forms = CommitQueue(disk.commit)
        await forms.put(form("first"))
        waiting = asyncio.create_task(forms.put(form("second")))
        await asyncio.sleep(0)
        await asyncio.wait_for(forms.close(), 30)
        await waiting
        with pytest.raises(QueueClosed):
            await forms.put(form("late"))

    asyncio.run(close_while_one_waits())

    assert disk.batches == [["first"], ["second"]]


def test_each_form_of_a_batch_that_fails_hears_of_it() -> None:
    def refuse(_: Sequence[Submission]) -> None:
        raise InboxUnavailable("full")

    async def two_forms() -> list[BaseException | None]:
        forms = CommitQueue(refuse)
        return await asyncio.gather(forms.put(form("a")), forms.put(form("b")), return_exceptions=True)

    assert all(isinstance(one, InboxUnavailable) for one in asyncio.run(two_forms()))


def test_after_a_commit_whose_end_is_unknown_what_waits_is_neither_written_nor_acknowledged() -> None:
    """The process starts again: what it would still write goes to a disk that has just failed."""
    batches: list[int] = []
    begun, both_wait = Event(), Event()

    def fail(batch: Sequence[Submission]) -> None:
        batches.append(len(batch))
        begun.set()
        both_wait.wait(30)
        raise InboxBroken("fsync failed")

    async def one_then_another() -> list[BaseException | None]:
        forms = CommitQueue(fail)
        first = asyncio.create_task(forms.put(form("first")))
        await asyncio.to_thread(begun.wait, 30)
        second = asyncio.create_task(forms.put(form("second")))
        await asyncio.sleep(0)
        both_wait.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    answers = asyncio.run(one_then_another())

    assert [type(answer) for answer in answers] == [InboxBroken, InboxBroken]
    assert batches == [1]
