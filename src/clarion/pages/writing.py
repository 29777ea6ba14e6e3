"""Published files: written beside and renamed, with compressed siblings; left alone where nothing changed.

Every published file is written and removed here, and nowhere else; what changed is noted for other machines.
"""

import os
import shutil
import zlib
from pathlib import Path

import brotli

from clarion.mirrors.notes import note_change

PAGE_QUALITY = 5
ASSET_QUALITY = 11
_SMALL = 4096  # bytes below which compressing saves no round trip (RFC 6928), and three files for one cost time
_MIDDLING = 16384  # bytes below which gzip too fits into the first flight: brotli saves 300 bytes and no round trip
_LARGE = 1 << 20  # above, the last percent of compressing takes as long as making the file
_PACKED = (".jpg", ".png", ".webp")
SIBLINGS = (".br", ".gz")


class Folder:
    """A folder of published files. Knows what was written or found unchanged since it was opened."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)
        self.present: set[str] = set()

    def write(self, file: str, content: bytes, *, quality: int = PAGE_QUALITY) -> bool:
        """Publish `content` as `file` (a path below the root); gives whether anything changed.

        The plain file goes last: while it is the old one, a run that was cut off is repeated by the next.
        """
        self.present.add(file)
        path = f"{self._root}/{file}"
        if _holds(path, content):
            return False
        packed = _siblings(path, content, quality)
        if not _made_folder_of(path):
            for suffix in SIBLINGS:
                if suffix not in packed:
                    _remove(path + suffix)
        for suffix, small in packed.items():
            _replace(path + suffix, small)
        _replace(path, content)
        note_change(self._root, file)
        return True

    def write_text(self, file: str, text: str) -> bool:
        """Publish a text in UTF-8."""
        return self.write(file, text.encode())

    def remove(self, prefix: str) -> None:
        """Take away a file with its siblings, or a folder with all in it. Nothing happens where there is none."""
        path = f"{self._root}/{prefix}"
        if os.path.isdir(path):  # noqa: PTH112
            shutil.rmtree(path)
        else:
            for suffix in ("", *SIBLINGS):
                _remove(path + suffix)
        note_change(self._root, prefix)

    def names_in(self, prefix: str) -> list[str]:
        """What lies in a folder; nothing where there is none."""
        path = f"{self._root}/{prefix}"
        return os.listdir(path) if os.path.isdir(path) else []  # noqa: PTH208, PTH112

    def keep_only_present(self, prefix: str) -> int:
        """Take away what lies below `prefix` and was not written since opening; gives how many pages went."""
        gone = 0
        for folder, folders, names in os.walk(self.root / prefix, topdown=False):
            stale = [name for name in names if not self._is_present(f"{folder}/{name}")]
            for name in stale:
                _remove(f"{folder}/{name}")
                note_change(self._root, f"{folder}/{name}"[len(self._root) + 1 :])
            gone += sum(not name.endswith(SIBLINGS) for name in stale)
            if len(stale) == len(names) and (not folders or not os.listdir(folder)):  # noqa: PTH208
                os.rmdir(folder)  # noqa: PTH106
        return gone

    def _is_present(self, path: str) -> bool:
        file = path[len(self._root) + 1 :]
        return (file[:-3] if file.endswith(SIBLINGS) else file) in self.present


# Plain calls of the system rather than of pathlib: a campaign may have half a million files.
def _holds(path: str, content: bytes) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return os.fstat(file.fileno()).st_size == len(content) and file.readall() == content
    except OSError:
        return False


def _siblings(path: str, content: bytes, quality: int) -> dict[str, bytes]:
    size = len(content)
    if size < _SMALL or path.endswith(_PACKED):
        return {}
    if size < _MIDDLING and quality == PAGE_QUALITY:
        return {".gz": _gzip(content, 5)}
    # The window no larger than the page, for clearing a larger one takes longer than compressing.
    window = max(16, min(22, size.bit_length()))
    quality, level = (4, 4) if size > _LARGE else (quality, 6)
    return {".br": brotli.compress(content, quality=quality, lgwin=window), ".gz": _gzip(content, level)}


def _gzip(content: bytes, level: int) -> bytes:
    """As one member without a time: the same page gives the same bytes. Its window too is no larger than the page."""
    window = max(9, min(15, len(content).bit_length()))
    packer = zlib.compressobj(level, zlib.DEFLATED, 16 + window)
    return packer.compress(content) + packer.flush()


def _made_folder_of(path: str) -> bool:
    """Whether the folder of a file had to be made, and so is empty."""
    folder = path.rpartition("/")[0]
    try:
        os.mkdir(folder)  # noqa: PTH102
    except FileExistsError:
        return False
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    return True


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except FileNotFoundError:
        return


def _replace(path: str, content: bytes) -> None:
    folder, _, name = path.rpartition("/")
    beside = f"{folder}/.{name}.new"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        _write_all(handle, content)
    finally:
        os.close(handle)
    os.replace(beside, path)  # noqa: PTH105


def _write_all(handle: int, content: bytes) -> None:
    """A large file may take more than one call."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it: nobody ever reads half of it."""
    _replace(path.as_posix(), content)
    note_change(path.parent.as_posix(), path.name)
