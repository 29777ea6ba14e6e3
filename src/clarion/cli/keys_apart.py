"""The program's own keys, written apart from the backups and laid back: without them nobody reads an address."""

import json
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from clarion.cli.archive import (
    ArchiveWrong,
    closed_name,
    fingerprint,
    key_fingerprints,
    open_archive,
    tar_chunks,
    write_whole,
)
from clarion.cli.encryption import Identity, Recipient
from clarion.kernel.files import DataFolder

_MOST_BYTES = 1_000  # a key file has 65


def write_keys(data: DataFolder, target: Path, recipients: Sequence[Recipient], *, now: datetime) -> Path:
    """Write all private keys to `target` (0600), encrypted where there are recipients, and note that it was done.

    Gives the path. Raises `ArchiveWrong`, and nothing was written then.
    """
    target = target.resolve()
    if target.is_relative_to(data.root):
        raise ArchiveWrong(f"{target} lies in the data folder. Keys belong elsewhere: a stick in a safe.")
    path = closed_name(target) if recipients else target
    write_whole(path, _keys_tar(data), recipients)
    _note_saved(data, now)
    return path


def _note_saved(data: DataFolder, now: datetime) -> None:
    note = {"at": now.isoformat(), "keys": key_fingerprints(data)}
    keys_saved(data).write_text(json.dumps(note), encoding="utf-8")


def _keys_tar(data: DataFolder) -> Iterator[bytes]:
    return tar_chunks({key.name: key for key in sorted(data.keys.glob("*.key"))})


def keys_saved(data: DataFolder) -> Path:
    """The note that keys were written apart, and which."""
    return data.keys / "saved.json"


def unsaved_keys(data: DataFolder) -> set[str]:
    """Names of the keys that were never written apart."""
    try:
        saved = json.loads(keys_saved(data).read_text(encoding="utf-8"))["keys"]
    except (OSError, ValueError, KeyError):
        saved = {}
    return {name for name, found in key_fingerprints(data).items() if saved.get(name) != found}


def read_keys_file(path: Path, identities: Sequence[Identity] = ()) -> dict[str, bytes]:
    """The keys that `write_keys` wrote, by file name; raises `ArchiveWrong`."""
    wrong = ArchiveWrong(f"{path.name} is not a file of keys made by `clarion backup --with-keys`.")
    keys = {}
    try:
        with open_archive(path, identities) as archive:
            while member := archive.next():
                content = archive.extractfile(member)
                if content is None or "/" in member.name or not member.name.endswith(".key"):
                    raise wrong
                keys[member.name] = content.read(_MOST_BYTES)
    except (OSError, tarfile.TarError) as error:
        raise wrong from error
    return keys


def lay_keys(keys: Mapping[str, bytes], data: DataFolder, *, is_fresh: bool, now: datetime) -> None:
    """Lay keys that `read_keys_file` gave into the data folder, and note that they are saved apart.

    One of the same name that differs is kept beside, as `<name>.replaced` (`.replaced-2`, if there is one); unless
    nothing was ever stored here (`is_fresh`), so that it is only what this very command made at its start.
    """
    for name, content in keys.items():
        target = data.keys / name
        if target.exists() and target.read_bytes() != content and not is_fresh:
            target.rename(_free_name(target.with_suffix(".key.replaced")))
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    if keys:
        _note_saved(data, now)


def _free_name(path: Path) -> Path:
    """Of those laid aside before, the first may be the only copy of the key that opens what is stored."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(one for one in chain([path], numbered) if not one.exists())


def refuse_other_keys(wanted: Mapping[str, str], data: DataFolder, given: Mapping[str, bytes]) -> None:
    """Raises `ArchiveWrong` unless the keys here, with those given laid over them, are those that a backup wants."""
    here = key_fingerprints(data) | {name: fingerprint(content) for name, content in given.items()}
    missing = sorted(name for name, found in wanted.items() if here.get(name) != found)
    if missing:
        raise ArchiveWrong(
            f"The keys that read this backup are not here ({', '.join(missing)}). Name their file with --keys."
        )
