"""From forms to the disk: one batch is being written, the next one forms meanwhile.

A batch costs more than the rows in it, so two begin at least a moment apart; a form that comes alone never waits.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from clarion.inbox.ends import WritingEnd
from clarion.inbox.store import InboxBroken
from clarion.intake.policy import Rules
from clarion.kernel.sealing import BatchSealer
from clarion.kernel.submissions import Submission

_APART = 0.004  # seconds from the beginning of one batch to the next, measured (docs/performance.md)

Commit = Callable[[Sequence[Submission]], None]


class QueueClosed(Exception):
    """Nothing is taken now: the process ends, or does not know yet what it may take."""


class CommitQueue:
    """Submissions on their way to the disk; each `put` returns when its batch is there.

    `on_broken` is called when a commit failed in a way that only a restart mends. Used from one event loop; how many
    may wait is `Admission`'s matter.
    """

    def __init__(self, commit: Commit, on_broken: Callable[[], None] = lambda: None) -> None:
        self._commit = commit
        self._on_broken = on_broken
        self._forming: list[tuple[Submission, asyncio.Future[None]]] = []
        self._writing: asyncio.Future[None] | None = None
        self._is_called = False
        self._is_closed = False
        self._next_at = 0.0  # on the loop's clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inbox")

    async def put(self, submission: Submission) -> None:
        """Wait until `submission` is on disk. Raises `QueueClosed`, or what the commit of its batch raised."""
        if self._is_closed:
            raise QueueClosed
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self._forming.append((submission, stored))
        self._call_if_needed(loop)
        await stored

    def _call_if_needed(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the batch sent off in its time; not at once: what else arrives in this turn of the loop joins it."""
        if self._forming and self._writing is None and not self._is_called:
            self._is_called = True
            loop.call_at(max(self._next_at, loop.time()), self._send_off)

    def _send_off(self) -> None:
        self._is_called = False
        if self._writing is not None or not self._forming:
            return
        loop = asyncio.get_running_loop()
        self._next_at = loop.time() + _APART
        batch, self._forming = self._forming, []
        self._writing = loop.run_in_executor(self._thread, self._commit, [submission for submission, _ in batch])
        self._writing.add_done_callback(lambda done: self._settle(batch, done))

    def _settle(self, batch: list[tuple[Submission, asyncio.Future[None]]], done: asyncio.Future[None]) -> None:
        self._writing = None
        error = done.exception()
        if isinstance(error, InboxBroken):
            self._is_closed = True
            self._on_broken()
            batch, self._forming = batch + self._forming, []  # what follows on such a disk is as doubtful
        for _, stored in batch:
            if stored.done():
                continue  # the visitor left
            if error is None:
                stored.set_result(None)
            else:
                stored.set_exception(error)
        self._call_if_needed(done.get_loop())

    async def close(self) -> None:
        """Take no more, and return when all that waits is on disk."""
        self._is_closed = True
        while self._writing is not None or self._forming:
            self._send_off()
            if self._writing is not None:
                await asyncio.wait([self._writing])
            await asyncio.sleep(0)
        self._thread.shutdown()


def sealed_commit(writer: WritingEnd, rules: Callable[[], Rules | None]) -> Commit:
    """A commit that seals its batch with a fresh key, forgotten when it returns (design, "Sealing")."""

    def commit(batch: Sequence[Submission]) -> None:
        known = rules()
        if known is None:
            raise QueueClosed
        sealer = BatchSealer(known.seal_key_number, known.seal_key)
        rows = [(submission.id, sealer.seal(submission.to_bytes())) for submission in batch]
        writer.append(rows, sealer.key_number, sealer.sealed_key, at=batch[0].at)

    return commit
