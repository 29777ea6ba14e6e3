"""The public process as a raw ASGI application."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from clarion.env import Env, read_env
from clarion.inbox.ends import open_writer
from clarion.intake.admission import Admission
from clarion.intake.answers import Answer, plain
from clarion.intake.busy import BusyAnswers
from clarion.intake.limits import Limits
from clarion.intake.origin import without_default_port
from clarion.intake.posting import Posting
from clarion.intake.queue import CommitQueue, sealed_commit
from clarion.intake.reading import read
from clarion.intake.requests import Receive, Request, Scope, Send
from clarion.intake.site import Site, may_hold_token

_TALLY_SECONDS = 60

log = logging.getLogger(__name__)


class Intake:
    """Serves the published files and takes forms. Answers only to the host of its configured address."""

    def __init__(self, env: Env, *, on_broken: Callable[[], None] = lambda: None) -> None:
        address = urlsplit(env.public_url)
        self._scheme = address.scheme
        host = without_default_port(address.scheme, env.public_host)
        self._host = host.encode()
        self._site = Site(env)
        self._writer = open_writer(env.data.inbox, env.inbox_database)
        self._queue = CommitQueue(sealed_commit(self._writer, lambda: self._site.policy.latest), on_broken)
        self._admission = Admission(env.intake_queue)
        self._busy = BusyAnswers(self._site)
        limits = Limits(env.network_limits, env.trusted_proxies)
        self._posting = Posting(self._site, limits, self._admission, self._queue, f"{address.scheme}://{host}".encode())
        self._answered: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["method"] == "POST":
            await self._let_in(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(Request(scope, receive), send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a form; where too many are under way, nothing of it is read."""
        if not self._admission.enter(is_by_link=may_hold_token(scope["path"])):
            self._answered["503"] += 1
            await self._busy.send(scope, receive, send)
            return
        try:
            await self._serve(Request(scope, receive), send)
        finally:
            self._admission.leave()

    async def _serve(self, request: Request, send: Send) -> None:
        answer = await self._answer(request)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        body = b"" if request.method == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, request: Request) -> Answer:
        now = time.monotonic()
        try:
            if request.path == "/healthz":
                return self._health()
            if not self._is_ours(request):
                return self._site.error(421, request, now)
            if request.method in ("GET", "HEAD"):
                return read(self._site, request, now)
            return await self._change(request, now)
        except Exception:
            # Without the address: it may hold a token.
            log.exception("A request failed.")
            return plain(500, self._site.headers.private, "Something went wrong here, and nothing was stored.")

    async def _change(self, request: Request, now: float) -> Answer:
        if request.method != "POST":
            return self._site.error(405, request, now, ((b"allow", b"GET, HEAD, POST"),))
        answer = await self._posting.post(request, now)
        self._answered[str(answer.status)] += 1
        return answer

    def _is_ours(self, request: Request) -> bool:
        host = request.headers.get(b"host", b"")
        if host == self._host:
            return True
        return without_default_port(self._scheme, host.decode("latin-1").lower()).encode("latin-1") == self._host

    def _health(self) -> Answer:
        headers = (*self._site.headers.never_stored, (b"content-type", b"application/json"))
        return Answer(200, headers, b'{"ok":true}')

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        tally = asyncio.get_running_loop().create_task(self._tell_often())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        tally.cancel()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def close(self) -> None:
        """Bring what was taken to the disk, and stop."""
        await self._queue.close()
        self._writer.close()
        self._tell()

    async def _tell_often(self) -> None:
        while True:
            await asyncio.sleep(_TALLY_SECONDS)
            self._tell()

    def _tell(self) -> None:
        """Log how many forms got which answer, and nothing else about them."""
        if self._answered:
            counts = ", ".join(f"{status}: {count}" for status, count in sorted(self._answered.items()))
            log.info("Forms answered: %s", counts)
            self._answered.clear()


def application() -> Intake:
    """The application for the settings of this process's environment."""
    return Intake(read_env())
