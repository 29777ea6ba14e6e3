"""A backup is one tar file, encrypted unless the host says otherwise: a manifest with hashes, then what was copied.

Private keys are never in it; the manifest knows them by fingerprint, so that a restore with others is noticed.
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import BinaryIO, Literal, cast

from clarion.cli.encryption import (
    AGE_SUFFIX,
    Identity,
    Recipient,
    Unopened,
    is_encrypted,
    opened,
    write_encrypted,
)
from clarion.cli.snapshot import Told, snapshot
from clarion.kernel.databases import Database
from clarion.kernel.errors import ClarionError
from clarion.kernel.files import DataFolder

FORMAT = 1
MANIFEST = "manifest.json"
PARTIAL = ".partial"
_CHUNK_BYTES = 1 << 20

Kind = Literal["sqlite", "postgresql"]


class ArchiveWrong(ClarionError):
    """A backup that cannot be made, or cannot be trusted. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: SHA-256 by file name, and the fingerprints of the keys that read it."""

    made_at: datetime
    kind: Kind
    hashes: Mapping[str, str]
    keys: Mapping[str, str]

    def to_json(self) -> str:
        """Its text in the archive."""
        said = {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(),
            "database": self.kind,
            "hashes": self.hashes,
            "keys": self.keys,
        }
        return json.dumps(said, indent=1)


def kind_of(database: Database | None) -> Kind:
    """Where records and inbox lie."""
    return "postgresql" if database else "sqlite"


def silent(done: int, total: int) -> None:
    """Tell nobody."""


def write_backup(
    data: DataFolder,
    target: Path,
    recipients: Sequence[Recipient],
    *,
    now: datetime,
    database: Database | None = None,
    told: Told = silent,
) -> Path:
    """Write a backup of `data` to `target` (a file, or a folder that gets a dated one); gives its path.

    Without `recipients` it is not encrypted. Records and inbox are those of `database`, else of the data folder. All
    that was acknowledged before `now` is in it. Raises `ArchiveWrong`, `NoSnapshot` or `DumpFailed`, and leaves
    nothing under the final name then. `told` hears how far each step is, in bytes.
    """
    path = _target_file(data, target, now, is_closed=bool(recipients))
    with snapshot(data, database, told) as files:
        hashes = {name: sha256(file) for name, file in files.items()}
        manifest = Manifest(now, kind_of(database), hashes, key_fingerprints(data))
        write_whole(path, _heard(tar_chunks(files, manifest), told, _size(files)), recipients)
    return path


def _target_file(data: DataFolder, target: Path, now: datetime, *, is_closed: bool) -> Path:
    target = target.resolve()
    if target.is_relative_to(data.root):
        raise ArchiveWrong(f"{target} lies in the data folder: a backup there is lost with it. Name another place.")
    try:
        if target.suffix in (".tar", AGE_SUFFIX):
            target.parent.mkdir(parents=True, exist_ok=True)
            return closed_name(target) if is_closed else target
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveWrong(f"{target} cannot be made: {error.strerror}.") from error
    path = target / f"clarion-{now:%Y%m%dT%H%M%SZ}.tar"
    return closed_name(path) if is_closed else path


def closed_name(path: Path) -> Path:
    """The name of an encrypted file says that it is one."""
    return path if path.suffix == AGE_SUFFIX else path.with_name(path.name + AGE_SUFFIX)


def write_whole(path: Path, chunks: Iterator[bytes], recipients: Sequence[Recipient]) -> None:
    """Write a file (0600) that is there whole, and on the disk, or not at all; raises `ArchiveWrong`."""
    beside = path.with_name(f".{path.name}{PARTIAL}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if recipients:
                write_encrypted(chunks, file, recipients)
            else:
                file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise ArchiveWrong(f"{path} could not be written: {error.strerror}. Nothing of it was left.") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems know no such thing
            os.fsync(handle)
    finally:
        os.close(handle)


def tar_chunks(files: Mapping[str, Path], manifest: Manifest | None = None) -> Iterator[bytes]:
    """The bytes of a tar file: the manifest first, since what comes after may be damaged; then the files."""
    if manifest:
        text = manifest.to_json().encode()
        yield from _member(MANIFEST, len(text), iter([text]))
    for name, path in files.items():
        yield from _member(name, path.stat().st_size, _file_chunks(path))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(name: str, size_bytes: int, content: Iterator[bytes]) -> Iterator[bytes]:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size_bytes, 0o600
    yield member.tobuf()
    yield from content
    yield bytes(-size_bytes % tarfile.BLOCKSIZE)


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _heard(chunks: Iterator[bytes], told: Told, total: int) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        told(min(done, total), total)


def _size(files: Mapping[str, Path]) -> int:
    return sum(path.stat().st_size for path in files.values())


class _HeardFile:
    """A file being read, and somebody who hears how far."""

    def __init__(self, file: BinaryIO, told: Told) -> None:
        self._file, self._told, self._done = file, told, 0
        self._total = os.fstat(file.fileno()).st_size

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._done += len(chunk)
        self._told(self._done, self._total)
        return chunk


@contextmanager
def open_archive(path: Path, identities: Sequence[Identity], told: Told = silent) -> Iterator[tarfile.TarFile]:
    """A tar file, encrypted or not, to be read from its beginning to its end, for a block; raises `ArchiveWrong`.

    Where it is encrypted, use nothing of it before the block has ended: only then is it known to be whole.
    """
    is_closed = is_encrypted(path)
    if is_closed and not identities:
        raise ArchiveWrong(f"{path.name} is encrypted. Name the file of the private key that opens it with --identity.")
    with path.open("rb") as file:
        source = cast(BinaryIO, _HeardFile(file, told))
        try:
            with opened(source, identities) if is_closed else nullcontext(source) as stream:
                yield _tar_of(path, stream)
        except Unopened as error:
            raise ArchiveWrong(f"{path.name} {error}. Nothing was changed.") from error


def _tar_of(path: Path, stream: BinaryIO) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK_BYTES)
    except (OSError, tarfile.TarError) as error:
        raise ArchiveWrong(f"{path.name} is not a file made by `clarion backup`.") from error


def unpack_backup(
    path: Path,
    folder: Path,
    identities: Sequence[Identity] = (),
    *,
    refuse: Callable[[Manifest], None] = lambda manifest: None,
    told: Told = silent,
) -> Manifest:
    """Unpack into `folder` and check every hash; raises `ArchiveWrong` and leaves `folder` for the caller to drop.

    `refuse` may raise for what the manifest says, before the rest is read.
    """
    try:
        with open_archive(path, identities, told) as archive:
            manifest = _read_manifest(path, archive)
            refuse(manifest)
            while member := archive.next():
                archive.extract(member, folder, filter="data")
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise ArchiveWrong(f"There is no room in {folder.parent} to unpack {path.name}.") from error
        raise ArchiveWrong(f"{path.name} cannot be read to its end: {error}. Is the file damaged?") from error
    except tarfile.TarError as error:
        raise ArchiveWrong(f"{path.name} cannot be read to its end: the file is damaged.") from error
    for name, expected in manifest.hashes.items():
        if not (folder / name).is_file() or sha256(folder / name) != expected:
            raise ArchiveWrong(f"{name} in {path.name} is not what was backed up: the file is damaged.")
    return manifest


def _read_manifest(path: Path, archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    member = archive.extractfile(first) if first and first.name == MANIFEST else None
    try:
        raw = json.load(member) if member else {}
        if raw["format"] != FORMAT:
            raise ArchiveWrong(f"{path.name} has format {raw['format']}, this Clarion reads {FORMAT}.")
        return Manifest(datetime.fromisoformat(raw["made_at"]), raw["database"], raw["hashes"], raw["keys"])
    except (KeyError, ValueError) as error:
        raise ArchiveWrong(f"{path.name} is not a backup made by `clarion backup`.") from error


def key_fingerprints(data: DataFolder) -> dict[str, str]:
    """What tells a key from another of the same name, and nothing of the key."""
    return {key.name: fingerprint(key.read_bytes()) for key in sorted(data.keys.glob("*.key"))}


def fingerprint(key: bytes) -> str:
    """16 hexadecimal digits of a key file's content."""
    return hashlib.blake2b(key.strip(), digest_size=8).hexdigest()


def sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
