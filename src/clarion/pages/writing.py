"""Published files: written beside and renamed, with compressed siblings; left alone where nothing changed."""

import gzip
import os
import shutil
from pathlib import Path

import brotli

PAGE_QUALITY = 5
ASSET_QUALITY = 11
_GZIP_LEVEL = 6
_SMALL = 4096  # bytes below which compressing saves no round trip (RFC 6928), and three files for one cost time
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
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        for suffix, packed in _siblings(path, content, quality).items():
            _replace(path + suffix, packed)
        _replace(path, content)
        return True

    def write_text(self, file: str, text: str) -> bool:
        """Publish a text in UTF-8."""
        return self.write(file, text.encode())

    def remove(self, prefix: str) -> None:
        """Take away a file with its siblings, or a folder with all in it. Nothing happens where there is none."""
        path = self.root / prefix
        if path.is_dir():
            shutil.rmtree(path)
            return
        for suffix in ("", *SIBLINGS):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def keep_only_present(self, prefix: str) -> int:
        """Take away what lies below `prefix` and was not written since opening; gives how many pages went."""
        gone = 0
        for folder, _, names in os.walk(self.root / prefix, topdown=False):
            for name in names:
                gone += self._drop_stale(Path(folder) / name)
            if not any(Path(folder).iterdir()):
                Path(folder).rmdir()
        return gone

    def _drop_stale(self, path: Path) -> int:
        file = path.relative_to(self.root).as_posix()
        plain = file[:-3] if file.endswith(SIBLINGS) else file
        if plain in self.present:
            return 0
        path.unlink(missing_ok=True)
        return 1 if plain == file else 0


# Plain calls of the system rather than of pathlib: a campaign may have half a million files.
def _holds(path: str, content: bytes) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return os.fstat(file.fileno()).st_size == len(content) and file.readall() == content
    except OSError:
        return False


def _siblings(path: str, content: bytes, quality: int) -> dict[str, bytes]:
    if len(content) < _SMALL or path.endswith(_PACKED):
        for suffix in SIBLINGS:
            Path(path + suffix).unlink(missing_ok=True)
        return {}
    # The window no larger than the page, for clearing a larger one takes longer than compressing.
    window = max(16, min(22, len(content).bit_length()))
    # The time is left out of the gzip header: the same page gives the same bytes.
    return {
        ".br": brotli.compress(content, quality=quality, lgwin=window),
        ".gz": gzip.compress(content, _GZIP_LEVEL, mtime=0),
    }


def _replace(path: str, content: bytes) -> None:
    folder, _, name = path.rpartition("/")
    beside = f"{folder}/.{name}.new"
    with open(beside, "wb", buffering=0) as file:  # noqa: PTH123
        file.write(content)
    os.replace(beside, path)  # noqa: PTH105


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it: nobody ever reads half of it."""
    _replace(path.as_posix(), content)
