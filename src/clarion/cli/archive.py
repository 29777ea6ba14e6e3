"""A backup is one tar file: the inbox first, then the records, the list of erasures, and a manifest of their hashes.

It is consistent while everything runs: SQLite's online backup reads each file at one moment, and as the inbox is
read before the records, a row that was drained in between is in both, which draining exactly once forgives.
Private keys are never in it.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clarion.kernel.errors import ClarionError
from clarion.kernel.files import DataFolder

FORMAT = 1
MANIFEST = "manifest.json"
_EXTRA = ("erased.txt", "countries.toml")


class ArchiveWrong(ClarionError):
    """A backup that cannot be made, or cannot be trusted. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; hashes are SHA-256 by file name."""

    made_at: datetime
    hashes: dict[str, str]


def write_backup(data: DataFolder, target: Path, *, now: datetime) -> Path:
    """Write a backup of `data` to `target` (a file, or a folder that gets a dated file); gives its path.

    Raises `ArchiveWrong` where the target lies in the data folder or there is nothing to back up.
    """
    path = _target_file(data, target, now)
    with tempfile.TemporaryDirectory(prefix=".clarion-", dir=path.parent) as work:
        files = dict(_snapshot(data, Path(work)))
        manifest = {"format": FORMAT, "made_at": now.isoformat(), "hashes": {n: _sha256(p) for n, p in files.items()}}
        beside = Path(work) / "archive.tar"
        with tarfile.open(beside, "w") as archive:
            _add_text(archive, MANIFEST, json.dumps(manifest, indent=1))
            for name, file in files.items():
                archive.add(file, name)
        _to_disk(beside)
        beside.chmod(0o600)
        beside.replace(path)
    return path


def _target_file(data: DataFolder, target: Path, now: datetime) -> Path:
    target = target.resolve()
    if target.is_relative_to(data.root):
        raise ArchiveWrong(f"{target} lies in the data folder: a backup beside what it saves is lost with it. Name another place.")
    if not data.records.exists():
        raise ArchiveWrong(f"There are no records in {data.root}: nothing to back up. Is CLARION_DATA right?")
    if target.suffix == ".tar":
        target.parent.mkdir(parents=True, exist_ok=True)
        return target
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    return target / f"clarion-{now:%Y%m%dT%H%M%SZ}.tar"


def _snapshot(data: DataFolder, work: Path) -> Iterator[tuple[str, Path]]:
    for source in (data.inbox, data.records):  # in this order
        if source.exists():
            copy = work / source.name
            _copy_database(source, copy)
            yield source.name, copy
    for name in _EXTRA:
        if (data.root / name).is_file():
            yield name, data.root / name
    for catalog in sorted((data.root / "locale").glob("*.po")):
        yield f"locale/{catalog.name}", catalog


def _copy_database(source: Path, copy: Path) -> None:
    with closing(sqlite3.connect(source, timeout=60)) as reading, closing(sqlite3.connect(copy)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")
    _to_disk(copy)


def read_manifest(path: Path) -> Manifest:
    """What the backup at `path` says of itself; raises `ArchiveWrong`."""
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile(MANIFEST)
            raw = json.load(member) if member else {}
        if raw["format"] != FORMAT:
            raise ArchiveWrong(f"{path.name} has format {raw['format']}, this Clarion reads {FORMAT}.")
        return Manifest(datetime.fromisoformat(raw["made_at"]), raw["hashes"])
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise ArchiveWrong(f"{path} is not a backup made by `clarion backup`: {type(error).__name__}.") from error


def unpack_backup(path: Path, folder: Path) -> Manifest:
    """Unpack into `folder` and check every hash; raises `ArchiveWrong` and leaves `folder` for the caller to drop."""
    manifest = read_manifest(path)
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    for name, expected in manifest.hashes.items():
        if not (folder / name).is_file() or _sha256(folder / name) != expected:
            raise ArchiveWrong(f"{name} in {path.name} is not what was backed up: the file is damaged. Take another backup.")
    return manifest


def write_keys(data: DataFolder, target: Path, *, now: datetime) -> int:
    """Write all private keys to `target` (0600) and note that it was done; gives how many."""
    if target.resolve().is_relative_to(data.root):
        raise ArchiveWrong(f"{target} lies in the data folder. Keys belong elsewhere: a password manager, a stick in a safe.")
    keys = sorted(data.keys.glob("*.key"))
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        for key in keys:
            archive.add(key, key.name)
    keys_saved(data).write_text(json.dumps({"at": now.isoformat(), "keys": [key.name for key in keys]}), encoding="utf-8")
    return len(keys)


def keys_saved(data: DataFolder) -> Path:
    """The note that keys were written apart, and which."""
    return data.keys / "saved.json"


def unpack_keys(path: Path, data: DataFolder) -> int:
    """Lay the keys written by `write_keys` into the data folder; gives how many.

    A key of the same name that differs (the first start makes one) is kept beside, as `<name>.replaced`.
    """
    with tarfile.open(path) as archive:
        keys = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        for name, content in keys.items():
            if content is None or "/" in name or not name.endswith(".key"):
                raise ArchiveWrong(f"{path} is not a file of keys made by `clarion backup --with-keys`.")
            _lay_key(data.keys / name, content.read())
    return len(keys)


def _lay_key(target: Path, content: bytes) -> None:
    if target.exists() and target.read_bytes() != content:
        target.replace(target.with_suffix(".key.replaced"))
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    raw = text.encode()
    member = tarfile.TarInfo(name)
    member.size = len(raw)
    archive.addfile(member, io.BytesIO(raw))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
