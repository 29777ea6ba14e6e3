"""Opening what intake sealed, by the keys that lie here now."""

from collections.abc import Callable
from pathlib import Path

from clarion.inbox.reader import SealedRow
from clarion.kernel.keys import read_key_ring
from clarion.kernel.links import link_public_keys
from clarion.kernel.sealing import open_batch_key, open_row
from clarion.kernel.submissions import Submission, read_submission


class Opener:
    """Opens the rows of one batch after another. A key may be added while the worker runs.

    Raises `KeysMissing` where a key is not here or cannot be read; and what `compare` does, which is to see that no key
    of another worker is missing here: what is sealed to that one would be set aside.
    """

    def __init__(self, folder: Path, compare: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._compare = compare
        self._read_at: int | None = None  # the folder's own moment, in nanoseconds
        self._batch_keys: dict[bytes, bytes] = {}
        self.begin_batch()

    def begin_batch(self) -> None:
        """Read the keys where one was added since: intake seals to it as soon as the policy file names it."""
        self._batch_keys.clear()
        self._compare()
        changed_at = self._folder.stat().st_mtime_ns
        if changed_at != self._read_at:
            self._inbox_keys = read_key_ring(self._folder, "inbox")
            self._link_keys = link_public_keys(read_key_ring(self._folder, "link"))
            self._read_at = changed_at

    def open(self, row: SealedRow) -> Submission:
        """What a row says; raises `BoxBroken`, `SubmissionBroken`, or whatever a stranger's bytes bring about."""
        if row.sealed_key not in self._batch_keys:
            self._batch_keys[row.sealed_key] = open_batch_key(self._inbox_keys, row.key_number, row.sealed_key)
        return read_submission(open_row(self._batch_keys[row.sealed_key], row.body), self._link_keys)
