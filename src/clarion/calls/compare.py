"""What differs between two calls, file by file."""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from clarion.calls.call import Call
from clarion.calls.folder import PICTURE
from clarion.calls.write import files_of


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs; `diff` in unified form, empty for pictures."""

    file: str
    state: Literal["added", "changed", "removed"]
    diff: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file} ({self.state})"


def what_changed(old: Call, new: Call) -> tuple[FileChange, ...]:
    """The files that differ from `old` to `new`, by name."""
    before, after = files_of(old), files_of(new)
    names = sorted(before.keys() | after.keys())
    return tuple(
        _change(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def _change(name: str, before: bytes | None, after: bytes | None) -> FileChange:
    diff = () if name == PICTURE else _diff(name, before or b"", after or b"")
    if before is None:
        return FileChange(name, "added", diff)
    return FileChange(name, "removed" if after is None else "changed", diff)


def _diff(name: str, before: bytes, after: bytes) -> tuple[str, ...]:
    old, new = before.decode("utf-8-sig").splitlines(), after.decode("utf-8-sig").splitlines()
    return tuple(difflib.unified_diff(old, new, name, name, lineterm="", n=2))


def hashes_of(call: Call) -> dict[str, str]:
    """SHA-256 of each file that the call would be written as."""
    return {name: hashlib.sha256(raw).hexdigest() for name, raw in files_of(call).items()}


def changed_since(launched: Mapping[str, str], stored: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """The files that differ from the last launch, less those that the new folder agrees on. All by name to SHA-256."""
    names = launched.keys() | stored.keys()
    changed = {name for name in names if launched.get(name) != stored.get(name)}
    return tuple(sorted(name for name in changed if stored.get(name) != new.get(name)))
