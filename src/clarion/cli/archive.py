"""A backup is one tar file: the inbox first, then the records, the list of erasures, and a manifest of their hashes.

It is consistent while everything runs: SQLite's online backup reads each file at one moment, and as the inbox is
read before the records, a row that was drained in between is in both, which draining exactly once forgives.
Private keys are never in it; the manifest knows them by fingerprint, so that a restore with others is noticed.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clarion.kernel.errors import ClarionError
from clarion.kernel.files import DataFolder

FORMAT = 1
MANIFEST = "manifest.json"
_HOST_FILES = ("countries.toml", "countries.geojson", "locale/*.po")
_PAGES_A_STEP = 500

Told = Callable[[int, int], None]  # done, total


class ArchiveWrong(ClarionError):
    """A backup that cannot be made, or cannot be trusted. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: SHA-256 by file name, and the fingerprints of the keys that read it."""

    made_at: datetime
    hashes: Mapping[str, str]
    keys: Mapping[str, str]

    def to_json(self) -> str:
        """Its text in the archive."""
        said = {"format": FORMAT, "made_at": self.made_at.isoformat(), "hashes": self.hashes, "keys": self.keys}
        return json.dumps(said, indent=1)


def write_backup(data: DataFolder, target: Path, *, now: datetime, told: Told = lambda done, total: None) -> Path:
    """Write a backup of `data` to `target` (a file, or a folder that gets a dated file); gives its path.

    Raises `ArchiveWrong` where the target lies in the data folder or there is nothing to back up. `told` hears how
    far the copying is, in pages of the file being copied.
    """
    path = _target_file(data, target, now)
    with tempfile.TemporaryDirectory(prefix=".clarion-", dir=path.parent) as work:
        files = dict(_snapshot(data, Path(work) / "files", told))
        manifest = Manifest(now, {name: _sha256(file) for name, file in files.items()}, key_fingerprints(data))
        beside = Path(work) / "archive.tar"
        _write_tar(beside, manifest, files)
        beside.chmod(0o600)
        beside.replace(path)
    return path


def _target_file(data: DataFolder, target: Path, now: datetime) -> Path:
    target = target.resolve()
    if target.is_relative_to(data.root):
        raise ArchiveWrong(f"{target} lies in the data folder: a backup there is lost with it. Name another place.")
    if not data.records.exists():
        raise ArchiveWrong(f"There are no records in {data.root}: nothing to back up. Is CLARION_DATA right?")
    if target.suffix == ".tar":
        target.parent.mkdir(parents=True, exist_ok=True)
        return target
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    return target / f"clarion-{now:%Y%m%dT%H%M%SZ}.tar"


def _snapshot(data: DataFolder, work: Path, told: Told) -> Iterator[tuple[str, Path]]:
    """Copies of all that is saved, by their names in the archive."""
    work.mkdir()
    for source in (data.inbox, data.records):  # in this order
        if source.exists():
            _copy_database(source, work / source.name, told)
            yield source.name, work / source.name
    # After the records: whoever is missing in them is on the list.
    for pattern in (data.erased.name, *_HOST_FILES):
        for source in sorted(data.root.glob(pattern)):
            name = source.relative_to(data.root).as_posix()
            (work / name).parent.mkdir(exist_ok=True)
            yield name, Path(shutil.copyfile(source, work / name))


def _copy_database(source: Path, copy: Path, told: Told) -> None:
    with (
        closing(sqlite3.connect(source, timeout=60, isolation_level=None)) as reading,
        closing(sqlite3.connect(copy)) as writing,
    ):
        # One snapshot for all steps: without it each write of the running program starts the copy again.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(writing, pages=_PAGES_A_STEP, progress=lambda _, left, total: told(total - left, total))
        reading.execute("COMMIT")
        writing.execute("PRAGMA journal_mode=DELETE")


def _write_tar(path: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    with path.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            _add_text(archive, MANIFEST, manifest.to_json())
            for name, source in files.items():
                archive.add(source, name)
        file.flush()
        os.fsync(file.fileno())


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    raw = text.encode()
    member = tarfile.TarInfo(name)
    member.size = len(raw)
    archive.addfile(member, io.BytesIO(raw))


def read_manifest(path: Path) -> Manifest:
    """What the backup at `path` says of itself; raises `ArchiveWrong`."""
    try:
        with tarfile.open(path) as archive:
            first = archive.next()  # it stands first: what comes after may be damaged
            member = archive.extractfile(first) if first and first.name == MANIFEST else None
            raw = json.load(member) if member else {}
        if raw["format"] != FORMAT:
            raise ArchiveWrong(f"{path.name} has format {raw['format']}, this Clarion reads {FORMAT}.")
        return Manifest(datetime.fromisoformat(raw["made_at"]), raw["hashes"], raw["keys"])
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise ArchiveWrong(f"{path} is not a backup made by `clarion backup`: {type(error).__name__}.") from error


def unpack_backup(path: Path, folder: Path) -> Manifest:
    """Unpack into `folder` and check every hash; raises `ArchiveWrong` and leaves `folder` for the caller to drop."""
    manifest = read_manifest(path)
    try:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise ArchiveWrong(f"{path.name} cannot be read to its end: the file is damaged.") from error
    for name, expected in manifest.hashes.items():
        if not (folder / name).is_file() or _sha256(folder / name) != expected:
            raise ArchiveWrong(f"{name} in {path.name} is not what was backed up: the file is damaged.")
    return manifest


def key_fingerprints(data: DataFolder) -> dict[str, str]:
    """What tells a key from another of the same name, and nothing of the key."""
    keys = sorted(data.keys.glob("*.key"))
    return {key.name: hashlib.blake2b(key.read_bytes().strip(), digest_size=8).hexdigest() for key in keys}


def write_keys(data: DataFolder, target: Path, *, now: datetime) -> int:
    """Write all private keys to `target` (0600) and note that it was done; gives how many."""
    if target.resolve().is_relative_to(data.root):
        raise ArchiveWrong(f"{target} lies in the data folder. Keys belong elsewhere: a stick in a safe.")
    keys = sorted(data.keys.glob("*.key"))
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        for key in keys:
            archive.add(key, key.name)
    note = {"at": now.isoformat(), "keys": key_fingerprints(data)}
    keys_saved(data).write_text(json.dumps(note), encoding="utf-8")
    return len(keys)


def keys_saved(data: DataFolder) -> Path:
    """The note that keys were written apart, and which."""
    return data.keys / "saved.json"


def unsaved_keys(data: DataFolder) -> set[str]:
    """Names of the keys that were never written apart."""
    try:
        saved = json.loads(keys_saved(data).read_text(encoding="utf-8"))["keys"]
    except (OSError, ValueError, KeyError):
        saved = {}
    return {name for name, fingerprint in key_fingerprints(data).items() if saved.get(name) != fingerprint}


def unpack_keys(path: Path, data: DataFolder) -> int:
    """Lay the keys written by `write_keys` into the data folder; gives how many. Raises `ArchiveWrong`.

    A key of the same name that differs (the first start makes one) is kept beside, as `<name>.replaced`.
    """
    keys = _read_keys(path)
    for name, content in keys.items():
        _lay_key(data.keys / name, content)
    return len(keys)


def _read_keys(path: Path) -> dict[str, bytes]:
    wrong = ArchiveWrong(f"{path} is not a file of keys made by `clarion backup --with-keys`.")
    keys = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member)
                if content is None or "/" in member.name or not member.name.endswith(".key"):
                    raise wrong
                keys[member.name] = content.read()
    except (OSError, tarfile.TarError) as error:
        raise wrong from error
    return keys


def _lay_key(target: Path, content: bytes) -> None:
    if target.exists() and target.read_bytes() != content:
        target.replace(target.with_suffix(".key.replaced"))
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
