"""Published files in a data folder, as they are read to be sent and laid when they arrive."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PARTS = ("site", "manage", "policy")
_ENDINGS = (".br", ".gz")


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file with its compressed siblings, where it has them."""

    content: bytes
    br: bytes | None
    gz: bytes | None

    @property
    def hash(self) -> bytes:
        """What tells one content from another."""
        return hash_of(self.content)


def hash_of(content: bytes) -> bytes:
    """16 bytes that tell one content from another."""
    return hashlib.blake2b(content, digest_size=16).digest()


def is_published_path(path: str) -> bool:
    """Whether a path leads to a place below `site`, `manage` or `policy`, and nowhere else."""
    first, *rest = path.split("/")
    return first in PARTS and bool(rest) and not any(part in ("", ".", "..") or "\0" in part for part in rest)


def read_file(root: Path, path: str) -> PublishedFile | None:
    """The file at `path` below the data folder; None where there is none (any more)."""
    content = _bytes_of(f"{root}/{path}")
    if content is None:
        return None
    return PublishedFile(content, *(_bytes_of(f"{root}/{path}{ending}") for ending in _ENDINGS))


def fingerprint(root: Path, path: str) -> tuple[bytes, bool, bool] | None:
    """The content's hash, and whether it has siblings; None where there is no such file."""
    content = _bytes_of(f"{root}/{path}")
    if content is None:
        return None
    br, gz = (os.path.isfile(f"{root}/{path}{ending}") for ending in _ENDINGS)  # noqa: PTH113
    return hash_of(content), br, gz


def lay_file(root: Path, path: str, file: PublishedFile) -> None:
    """Write a file with its siblings, each beside its place and renamed; the plain one last."""
    place = f"{root}/{path}"
    os.makedirs(place.rpartition("/")[0], mode=0o700, exist_ok=True)  # noqa: PTH103
    for ending, packed in zip(_ENDINGS, (file.br, file.gz), strict=True):
        if packed is None:
            with suppress(FileNotFoundError):
                os.unlink(place + ending)  # noqa: PTH108
        else:
            _replace(place + ending, packed)
    _replace(place, file.content)


def remove_file(root: Path, path: str) -> None:
    """Take a file away with its siblings, and folders that are empty then. Nothing happens where there is none."""
    place = root / path
    for ending in ("", *_ENDINGS):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    ends = root / path.partition("/")[0]
    for folder in place.parents:
        if folder == ends:
            return
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:  # something else is in it
            return


def plain_files(root: Path) -> Iterator[str]:
    """The paths of all published files below the data folder, siblings aside."""
    for part in PARTS:
        for folder, _, names in os.walk(root / part):
            below = Path(folder).relative_to(root).as_posix()
            yield from (f"{below}/{name}" for name in names if not name.endswith(_ENDINGS))


def _bytes_of(place: str) -> bytes | None:
    try:
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123 - half a million files
            return file.readall()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _replace(place: str, content: bytes) -> None:
    folder, _, name = place.rpartition("/")
    beside = f"{folder}/.{name}.new"
    with open(beside, "wb", buffering=0) as file:  # noqa: PTH123
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
    os.replace(beside, place)  # noqa: PTH105
