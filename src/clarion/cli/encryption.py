"""Files closed to public keys, in the age format (age-encryption.org/v1): the standard `age` tool opens them too.

Clarion never holds what opens them. Everything is streamed: memory does not grow with the file.
"""

import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias

import pyrage

from clarion.kernel.errors import ClarionError

AGE_SUFFIX = ".age"
_AGE_HEADER = b"age-encryption.org/v1\n"
_AT_ONCE = 1 << 20  # bytes

Recipient: TypeAlias = pyrage.x25519.Recipient | pyrage.ssh.Recipient
Identity: TypeAlias = pyrage.x25519.Identity | pyrage.ssh.Identity


class KeyWrong(ClarionError):
    """A public or private key that cannot be used. Nothing was changed."""


class Unopened(ClarionError):
    """An encrypted file that these keys do not open, or that is not whole. What came out of it is not to be used."""


def read_recipients(texts: Iterable[str]) -> list[Recipient]:
    """The public keys named by `age1…` or `ssh-ed25519 …`; raises `KeyWrong`."""
    return [_read_recipient(text) for text in texts]


def _read_recipient(text: str) -> Recipient:
    if text.startswith("AGE-SECRET-KEY"):
        raise KeyWrong("That is a private key. Name the public one, age1…, and take the private one off this server.")
    try:
        if text.startswith("ssh-ed25519 "):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise KeyWrong(f"{text[:60]!r} is neither an age1… nor an ssh-ed25519 public key.") from error


def make_identity(path: Path, *, now: datetime) -> str:
    """Write a new private key to `path` (0600, as `age-keygen` does); gives its public one. Raises `KeyWrong`."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyWrong(f"{path} is there already, and a key that opens backups is not written over.") from error
    except OSError as error:
        raise KeyWrong(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# created: {now.isoformat(timespec='seconds')}\n# public key: {public}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return public


def read_identities(paths: Iterable[Path]) -> list[Identity]:
    """The private keys in these files: of `age-keygen`, `clarion backup --make-key` or `ssh-keygen`; or `KeyWrong`."""
    return [identity for path in paths for identity in _read_identity_file(path)]


def _read_identity_file(path: Path) -> Sequence[Identity]:
    content = path.read_bytes()
    try:
        if content.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        found = re.findall(r"^AGE-SECRET-KEY-1\w+", content.decode("ascii", "replace"), re.MULTILINE)
        identities = [pyrage.x25519.Identity.from_str(text) for text in found]
    except pyrage.IdentityError as error:
        raise KeyWrong(f"The private key in {path} cannot be used: {error}. Is it closed with a passphrase?") from error
    if not identities:
        raise KeyWrong(f"There is no private key in {path}: a line AGE-SECRET-KEY-1…, or an SSH key (ed25519).")
    return identities


class ByteStream:
    """What an iterator of bytes gives, read as a file is."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        while not self._rest:
            following = next(self._chunks, None)
            if following is None:
                return b""
            self._rest = following
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def write_encrypted(chunks: Iterator[bytes], target: BinaryIO, recipients: Sequence[Recipient]) -> None:
    """Write `chunks` to `target` for the owners of these keys; raises `OSError` where either file fails."""
    try:
        pyrage.encrypt_io(ByteStream(chunks), target, recipients)
    except pyrage.EncryptError as error:
        number = re.search(r"\[Errno (\d+)\]", str(error))  # all that it keeps of an OSError
        raise (OSError(int(number[1]), os.strerror(int(number[1]))) if number else OSError(0, str(error))) from error


def is_encrypted(path: Path) -> bool:
    """Whether a file is in the age format, whatever its name."""
    with path.open("rb") as file:
        return file.read(len(_AGE_HEADER)) == _AGE_HEADER


@contextmanager
def opened(source: BinaryIO, identities: Sequence[Identity]) -> Iterator[BinaryIO]:
    """The content of an encrypted file, as a stream for a block.

    Raises `Unopened` when the block ends, unless the file was whole to its last byte: use nothing of it before.
    """
    reading, writing = os.pipe()
    failures: list[Exception] = []
    thread = threading.Thread(target=_open_into, args=(source, writing, identities, failures), daemon=True)
    thread.start()
    try:
        with os.fdopen(reading, "rb") as stream:
            yield stream
            while stream.read(_AT_ONCE):  # the last bytes vouch for the rest
                pass
    finally:
        thread.join()
        _raise_what_went_wrong(failures)


def _open_into(source: BinaryIO, writing: int, identities: Sequence[Identity], failures: list[Exception]) -> None:
    try:
        with os.fdopen(writing, "wb") as target:
            pyrage.decrypt_io(source, target, identities)
    except (pyrage.DecryptError, OSError) as error:
        failures.append(error)


def _raise_what_went_wrong(failures: Sequence[Exception]) -> None:
    for error in failures:
        if isinstance(error, BrokenPipeError):  # the block did not read on, and says why
            continue
        if isinstance(error, pyrage.DecryptError) and "No matching keys" in str(error):
            raise Unopened("is closed to another key than this one, or its beginning is damaged") from error
        raise Unopened("is damaged or cut off: its encryption does not hold to the end") from error
