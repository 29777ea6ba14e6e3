"""A small HTTP/1.1 client on one kept connection: what a crowd of browsers needs, and nothing more."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

_ANSWER_SECONDS = 30


class Answer(NamedTuple):
    """Status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Unanswered(ConnectionResetError):
    """The connection was closed before the first byte of an answer, as the site does with one that lay idle."""


class Connection:
    """One kept connection to `origin` (http only); opened when it is first used, and again when it was closed."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._host = parts.netloc
        # Loopback by number: "localhost" may mean ::1 first, where nobody listens.
        self._address = ("127.0.0.1", parts.port or 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Post a form; raises `OSError` or `TimeoutError` where no answer came.

        It is posted once more, on a new connection, where the first was closed without any answer. Only for what may
        be repeated.
        """
        body = urlencode(fields).encode()
        lines = [
            f"POST {path} HTTP/1.1",
            f"host: {self._host}",
            "content-type: application/x-www-form-urlencoded",
            f"content-length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                try:
                    return await self._exchange(request)
                except _Unanswered:
                    self.close()
                    return await self._exchange(request)
        except BaseException:
            self.close()
            raise

    async def _exchange(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        first = await _first_byte(reader, writer, request)
        try:
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(_header(line) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("the site closed the connection before its answer was whole") from error
        if headers.get("connection") == "close":
            self.close()
        return Answer(int(head[0].split(" ")[1]), headers, body)

    def close(self) -> None:
        """Let the connection go."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _first_byte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    try:
        writer.write(request)
        first = await reader.read(1)
    except ConnectionError as error:
        raise _Unanswered("the site closed the connection without an answer") from error
    if not first:
        raise _Unanswered("the site closed the connection without an answer")
    return first


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()
