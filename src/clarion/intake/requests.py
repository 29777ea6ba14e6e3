"""One request, as the routes see it (RSGI 1, granian's own interface: less work for each request than ASGI)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol


class HeaderLines(Protocol):
    """The headers as they came, names in lower case; lines that are not ASCII are left out by the server."""

    def items(self) -> Sequence[tuple[str, str]]:
        """Every line."""

    def get(self, key: str, /) -> str | None:
        """The first line of a name."""


class Scope(Protocol):
    """What the server says of a request; `client` is an address and a port."""

    method: str
    path: str
    query_string: str
    client: str
    headers: HeaderLines


class Exchange(Protocol):
    """The body as it comes in, and the way back."""

    async def __call__(self) -> bytes:
        """The whole body."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body in pieces."""

    def response_bytes(self, status: int, headers: Sequence[tuple[str, str]], body: bytes, /) -> None:
        """Answer."""


class Request:
    """Method, path, query and headers (of repeated ones the last) of one request, and its body."""

    __slots__ = ("_lines", "client", "exchange", "headers", "method", "path", "query")

    def __init__(self, scope: Scope, exchange: Exchange) -> None:
        self.method = scope.method
        self.path = scope.path
        self.query = scope.query_string
        self._lines = scope.headers.items()
        self.headers: Mapping[str, str] = dict(self._lines)
        self.client = scope.client.rpartition(":")[0]
        self.exchange = exchange

    @property
    def forwarded_for(self) -> list[str]:
        """The hops of every X-Forwarded-For header, the nearest last."""
        lines = [value for name, value in self._lines if name == "x-forwarded-for"]
        return [hop.strip() for hop in ",".join(lines).split(",")]

    def stands_twice(self, name: str) -> bool:
        """Whether a header is there more than once."""
        return sum(line == name for line, _ in self._lines) > 1
