"""One request, as the routes see it (RSGI 1, granian's own interface: less work for each request than ASGI)."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class HeaderLines(Protocol):
    """The headers as they came, names in lower case; lines that are not ASCII are left out by the server."""

    def items(self) -> Sequence[tuple[str, str]]:
        """Every line."""

    def get(self, key: str, /) -> str | None:
        """The first line of a name."""


class Scope(Protocol):
    """What the server says of a request; `client` is address and port, `authority` a host named in its first line."""

    method: str
    path: str
    query_string: str
    client: str
    authority: str | None
    headers: HeaderLines


class Exchange(Protocol):
    """The body as it comes in, and the way back."""

    async def __call__(self) -> bytes:
        """The whole body; raises `granian.rsgi.ProtocolClosed` where the visitor leaves before its end."""

    def response_bytes(self, status: int, headers: Sequence[tuple[str, str]], body: bytes, /) -> None:
        """Answer."""


class Request:
    """Method, path, query and headers (of repeated ones the last) of one request, and its body."""

    __slots__ = ("_authority", "_lines", "client", "exchange", "headers", "method", "path", "query")

    def __init__(self, scope: Scope, exchange: Exchange) -> None:
        self.method = scope.method
        self.path = scope.path
        self.query = scope.query_string
        self._lines = scope.headers.items()
        self.headers: Mapping[str, str] = dict(self._lines)
        self.client = scope.client.rpartition(":")[0]
        self._authority = scope.authority
        self.exchange = exchange

    @property
    def forwarded_for(self) -> str:
        """The hops of every X-Forwarded-For header, the nearest last, between commas."""
        return ",".join([value for name, value in self._lines if name == "x-forwarded-for"])

    @property
    def hosts(self) -> set[str]:
        """Every host that the request names; one, where it is in order."""
        named = {value for name, value in self._lines if name == "host"}
        return named | {self._authority} if self._authority else named
