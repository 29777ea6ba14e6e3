"""What the public site says of itself, asked over HTTP like anyone: the counts, and the map."""

import json
import re
import urllib.request
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from clarion.places.countries import CODES
from clarion.places.gazetteer import cities_of
from clarion.places.projection import inside_edges, projected

_MAP = re.compile(r'<svg id="map".*?</svg>', re.DOTALL)
_SECONDS = 10


@dataclass
class PublishedSite:
    """One call on the public site."""

    origin: str
    slug: str
    language: str
    _lock: Lock = field(default_factory=Lock)
    _map: bytes = b""

    def counts(self) -> dict[str, object]:
        """`counts.json`; empty where it cannot be had now."""
        try:
            found: dict[str, object] = json.loads(self._get(f"/{self.slug}/counts.json"))
        except (OSError, ValueError):
            return {}
        return found

    def total(self) -> int:
        """The published total, 0 before there is one; raises `OSError` or `ValueError` where it cannot be read."""
        try:
            return int(json.loads(self._get(f"/{self.slug}/counts.json"))["total"])
        except HTTPError as answer:
            if answer.code == 404:
                return 0
            raise

    def look_at_map(self) -> None:
        """Fetch the coverage map again; the last one stays where the page cannot be had."""
        try:
            found = _MAP.search(self._get(f"/{self.slug}/{self.language}/events/").decode())
        except (URLError, OSError, ValueError):
            return
        if found:
            with self._lock:
                self._map = found[0].encode()

    def map(self) -> bytes:
        """The published `<svg id="map">`; empty before the first look."""
        with self._lock:
            return self._map

    def map_version(self) -> str:
        """Changes when the map does."""
        return sha256(self.map()).hexdigest()[:12]

    def _get(self, path: str) -> bytes:
        parts = urlsplit(self.origin)
        # By number, since "localhost" may mean ::1 first; the site answers only to its own name.
        request = urllib.request.Request(f"http://127.0.0.1:{parts.port}{path}", headers={"Host": parts.netloc})
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read()
        return body


def country_spots() -> dict[str, tuple[int, int]]:
    """Where on the map each country's count is shown: its largest city, in the map's units."""
    spots = {}
    for code in CODES:
        if found := cities_of(code):
            x, y = projected(inside_edges(found[0].lon), found[0].lat)
            spots[code.lower()] = (round(x), round(y))
    return spots
