"""The answer to a form that may not come in: made once a second for each language, for it must cost next to nothing."""

import time

from clarion.intake.requests import Message, Receive, Request, Scope, Send
from clarion.intake.site import Site

BUSY = ((b"retry-after", b"3"),)
_KEPT_SECONDS = 1.0
_MOST_KEPT = 256


class BusyAnswers:
    """503 with its page, as the messages that a server sends."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: dict[tuple[str, ...], tuple[Message, Message]] = {}
        self._forget_at = 0.0

    async def send(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, without a look at the form."""
        now = time.monotonic()
        if now > self._forget_at or len(self._kept) > _MOST_KEPT:
            self._kept, self._forget_at = {}, now + _KEPT_SECONDS
        encodings = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        key = (*scope["path"].split("/", 3)[1:3], encodings)
        start, body = self._kept.get(key) or self._make(key, Request(scope, receive), now)
        await send(start)
        await send(body)

    def _make(self, key: tuple[str, ...], request: Request, now: float) -> tuple[Message, Message]:
        answer = self._site.error(503, request, now, BUSY)
        start = {"type": "http.response.start", "status": 503, "headers": list(answer.headers)}
        self._kept[key] = messages = start, {"type": "http.response.body", "body": answer.body}
        return messages
