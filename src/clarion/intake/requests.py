"""One request, as the routes see it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Request:
    """Method, path, query and headers (names in lower case; of repeated ones the last) of one request."""

    __slots__ = ("client", "headers", "method", "path", "query", "raw_headers", "receive")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.raw_headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(self.raw_headers)
        client = scope.get("client")
        self.client: str = client[0] if client else ""
        self.receive = receive

    @property
    def forwarded_for(self) -> list[str]:
        """The hops of every X-Forwarded-For header, the nearest last."""
        lines = [value.decode("latin-1") for name, value in self.raw_headers if name == b"x-forwarded-for"]
        return [hop.strip() for hop in ",".join(lines).split(",")]
