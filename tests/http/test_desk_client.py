"""The demo's own HTTP client: the site may close a kept connection whenever it lies idle."""

import asyncio
from collections.abc import Sequence

import pytest

from clarion.desk.client import Answer, Connection
from clarion.desk.crowd import Crowd, Place
from tests.program import wait_until

WHOLE = b"HTTP/1.1 303 See Other\r\nlocation: /thanks/\r\ncontent-length: 2\r\n\r\nok"


async def post_twice(answers: Sequence[Sequence[bytes]]) -> tuple[list[Answer], int]:
    """Two posts to a site whose nth connection gives the nth answers and closes; the answers, and how often one came.

    An empty answer is a connection that is closed when a post comes.
    """
    script, posts = iter(answers), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal posts
        for answer in next(script):
            await reader.readuntil(b"a=b")
            posts += 1
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        connection = Connection(f"http://localhost:{server.sockets[0].getsockname()[1]}")
        try:
            first = await connection.post("/", {"a": "b"}, {})
            await asyncio.sleep(0.05)  # an idle moment, in which a closing site has closed
            return [first, await connection.post("/", {"a": "b"}, {})], posts
        finally:
            connection.close()


@pytest.mark.parametrize("first", [[WHOLE], [WHOLE, b""]])
def test_a_post_is_made_again_when_a_kept_connection_was_closed_without_an_answer(first: list[bytes]) -> None:
    answers, _ = asyncio.run(post_twice([first, [WHOLE]]))

    assert [(answer.status, answer.body) for answer in answers] == [(303, b"ok")] * 2


def test_a_post_is_not_made_again_when_a_part_of_an_answer_came() -> None:
    with pytest.raises(ConnectionResetError, match="before its answer was whole"):
        asyncio.run(post_twice([[WHOLE, WHOLE[:20]], [WHOLE]]))


def test_a_post_is_made_again_once_only() -> None:
    with pytest.raises(ConnectionResetError, match="without an answer"):
        asyncio.run(post_twice([[WHOLE, b""], [b""], [WHOLE]]))


def test_a_crowd_that_ended_early_says_what_to_do() -> None:
    crowd = Crowd(Place("http://localhost:1", "clean-water", ("en",), lambda: 0))
    crowd.start(1)
    wait_until(lambda: not crowd.is_under_way, "the crowd to end")

    assert crowd.progress is not None
    assert "Send people again" in crowd.progress.trouble
