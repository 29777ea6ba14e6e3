"""Published files, kept in memory and looked at again each second."""

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from clarion.intake.answers import Answer, Headers

_LOOK_AGAIN = 0.5  # seconds
_KEPT_BYTES = 64 << 20
_LARGEST_KEPT = 8 << 20

_ADDRESS = re.compile(r"/(?:\.well-known/)?(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*)?")
_NAMED_BY_CONTENT = re.compile(r"-/.*\.[0-9a-f]{8,}\.[a-z0-9]+")
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"), ("", ""))  # in the order in which they are preferred
_TYPES = {
    "atom": "application/atom+xml", "css": "text/css; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json", "html": "text/html; charset=utf-8", "ico": "image/x-icon",
    "ics": "text/calendar; charset=utf-8", "jpg": "image/jpeg", "js": "text/javascript; charset=utf-8",
    "json": "application/json", "md": "text/markdown; charset=utf-8", "pdf": "application/pdf", "png": "image/png",
    "svg": "image/svg+xml", "txt": "text/plain; charset=utf-8", "webmanifest": "application/manifest+json",
    "webp": "image/webp", "woff2": "font/woff2", "xml": "application/xml",
}  # fmt: skip

Stamp = tuple[tuple[int, int, int] | None, ...]


def path_of(address: str) -> str | None:
    """Path below the site's root of an address; None where no published file can have it.

    Segments begin with a letter, a digit, `_`, `~` or `-`, so nothing leads upward or to a hidden file.
    """
    if len(address) > 400 or not _ADDRESS.fullmatch(address) or address.endswith((".br", ".gz")):
        return None
    return address[1:] + ("index.html" if address.endswith("/") else "")


@dataclass(frozen=True, slots=True)
class Variant:
    """A file in one encoding, with its complete headers."""

    body: bytes
    etag: str
    headers: Headers
    unchanged: Headers  # for 304


@dataclass(slots=True)
class Published:
    """One file in all encodings in which it lies there."""

    variants: dict[str, Variant]
    stamp: Stamp
    looked_at: float
    size: int

    def best_for(self, accepted: tuple[str, ...]) -> Variant:
        """The variant to send to someone who accepts these encodings."""
        for encoding in accepted:
            if encoding in self.variants:
                return self.variants[encoding]
        return self.variants[""]


class FileStore:
    """The files below one folder. `headers_of` gives the headers of a path that do not depend on its bytes."""

    def __init__(self, root: Path, headers_of: Callable[[str], Headers]) -> None:
        self._root = str(root)
        self._headers_of = headers_of
        self._kept: OrderedDict[str, Published] = OrderedDict()
        self._kept_bytes = 0

    def find(self, path: str, now: float) -> Published | None:
        """The file at `path` as it lay there at most half a second before monotonic time `now`."""
        kept = self._kept.get(path)
        if kept is not None and now - kept.looked_at < _LOOK_AGAIN:
            return kept
        stamp = self._stamp(path)
        if kept is not None:
            if stamp == kept.stamp:
                kept.looked_at = now
                self._kept.move_to_end(path)
                return kept
            self._drop(path)
        return self._read(path, stamp, now) if stamp[-1] is not None else None

    def is_folder(self, path: str) -> bool:
        """Whether a page lies in the folder at `path`, so that its address wants a slash."""
        return os.path.isfile(f"{self._root}/{path}/index.html")  # noqa: PTH113 - a hot path

    def _stamp(self, path: str) -> Stamp:
        return tuple(_file_stamp(f"{self._root}/{path}{suffix}") for _, suffix in _ENCODINGS)

    def _read(self, path: str, stamp: Stamp, now: float) -> Published | None:
        headers = self._headers_of(path)
        variants = {}
        for (encoding, suffix), there in zip(_ENCODINGS, stamp, strict=True):
            body = _bytes_of(f"{self._root}/{path}{suffix}") if there else None
            if body is not None:
                variants[encoding] = _variant(path, encoding, body, headers)
        if "" not in variants:
            return None
        size = sum(len(variant.body) for variant in variants.values())
        published = Published(variants, stamp, now, size)
        if size <= _LARGEST_KEPT:
            self._keep(path, published)
        return published

    def _keep(self, path: str, published: Published) -> None:
        self._kept[path] = published
        self._kept_bytes += published.size
        while self._kept_bytes > _KEPT_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, path: str) -> None:
        self._kept_bytes -= self._kept.pop(path).size


def _file_stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a hot path
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found.st_mode & 0o100000 else None


def _bytes_of(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _variant(path: str, encoding: str, body: bytes, headers: Headers) -> Variant:
    etag = f'"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
    unchanged = (*headers, ("etag", etag), ("vary", "accept-encoding"))
    kind = _TYPES.get(path.rpartition(".")[2], "application/octet-stream")
    own = [("content-type", kind), ("content-length", str(len(body)))]
    if encoding:
        own.append(("content-encoding", encoding))
    return Variant(body, etag, (*unchanged, *own), unchanged)


@lru_cache(maxsize=512)
def accepted_encodings(header: str) -> tuple[str, ...]:
    """The encodings of ours that an Accept-Encoding header allows, in our order."""
    allowed = set()
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            allowed.add(name.strip())
    return tuple(encoding for encoding, _ in _ENCODINGS if encoding and encoding in allowed)


def is_named_by_content(path: str) -> bool:
    """Whether the file's name changes with its bytes, so that it may be kept for ever."""
    return bool(_NAMED_BY_CONTENT.fullmatch(path))


def file_answer(published: Published, headers: Mapping[str, str], status: int = 200) -> Answer:
    """The file for a visitor with these request headers; 304 where they hold it already."""
    variant = published.best_for(accepted_encodings(headers.get("accept-encoding", "")))
    known = headers.get("if-none-match")
    if known is not None and status == 200 and (variant.etag in known or known == "*"):
        return Answer(304, variant.unchanged)
    return Answer(status, variant.headers, variant.body)
