"""The keys of one installation: made once, each in a file of its own that only its owner may read.

A file is `<purpose>-<number>.key` and holds 32 random bytes in hexadecimal. The highest number of a purpose is
the one in use; the others are retired, and go on opening what they closed (inbox, field) or verifying what they
signed (link). The dedupe key can have no successor: nobody hashes anew what it hashed.
"""

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from clarion.kernel.durable import make_folder, sync_folder
from clarion.kernel.errors import ClarionError

Purpose = Literal["inbox", "link", "field", "dedupe", "office"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
OFFICE_PURPOSES: tuple[Purpose, ...] = ("field", "dedupe", "office")  # it signs no links and opens no inbox
KEY_BYTES = 32


class KeysMissing(ClarionError):
    """A key that is needed is not there or cannot be read."""


class KeyReplaced(ClarionError):
    """A key has a successor that it cannot have."""


@dataclass(frozen=True, slots=True)
class Key:
    """32 secret bytes with the number by which they are found again."""

    number: int
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(number={self.number})"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of one purpose, the one in use last."""

    purpose: Purpose
    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        """The key in use."""
        return self.keys[-1]

    def by_number(self, number: int) -> Key | None:
        """The key with this number, retired or not."""
        return next((key for key in self.keys if key.number == number), None)


def make_missing_keys(folder: Path, purposes: Iterable[Purpose] = PURPOSES) -> None:
    """Make the first key of each purpose that has none. Safe to repeat and to race."""
    make_folder(folder)
    missing = [purpose for purpose in purposes if not list(folder.glob(f"{purpose}-*.key"))]
    for purpose in missing:
        _write_key(folder / f"{purpose}-1.key")
    if missing:
        sync_folder(folder)  # before anything is sealed with them


def _write_key(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_key_ring(folder: Path, purpose: Purpose) -> KeyRing:
    """The keys of `purpose` in `folder`; raises `KeysMissing` where there is none, and `KeyReplaced`."""
    try:
        found = sorted((_read_key(path) for path in folder.glob(f"{purpose}-*.key")), key=lambda key: key.number)
    except (OSError, ValueError) as error:
        raise KeysMissing(f"The {purpose} key in {folder} cannot be read: {error}") from error
    if not found:
        raise KeysMissing(
            f"There is no {purpose} key in {folder}. Run `clarion serve` or `clarion launch` once, or restore it."
        )
    if purpose == "dedupe" and len(found) > 1:  # by another one nobody who signed before could be found
        raise KeyReplaced(
            f"There are several dedupe keys in {folder}. Take away all but the one with which addresses were hashed,"
            " dedupe-1.key: by another nobody could withdraw, and everybody could sign once more."
        )
    return KeyRing(purpose, tuple(found))


def _read_key(path: Path) -> Key:
    secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(secret) != KEY_BYTES:
        raise ValueError(f"{path.name} does not hold {KEY_BYTES} bytes")
    return Key(int(path.stem.rpartition("-")[2]), secret)


PublicKeys = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Keys:
    """The rings with which records are read and found: field boxes, and the hash of an address."""

    field: KeyRing
    dedupe: KeyRing


def read_keys(folder: Path) -> Keys:
    """The field and dedupe rings in `folder`; raises `KeysMissing`."""
    return Keys(read_key_ring(folder, "field"), read_key_ring(folder, "dedupe"))
