"""The public process as an RSGI application."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from clarion.env import Env
from clarion.inbox.ends import open_writer
from clarion.intake.admission import Admission
from clarion.intake.answers import Answer, plain
from clarion.intake.busy import BusyAnswers
from clarion.intake.limits import Limits
from clarion.intake.origin import without_default_port
from clarion.intake.posting import Posting
from clarion.intake.queue import CommitQueue, sealed_commit
from clarion.intake.reading import read
from clarion.intake.requests import Exchange, Request, Scope
from clarion.intake.site import Site, may_hold_token

_TALLY_SECONDS = 60

log = logging.getLogger(__name__)


class Intake:
    """Serves the published files and takes forms. Answers only to the host of its configured address."""

    def __init__(self, env: Env, *, on_broken: Callable[[], None] = lambda: None) -> None:
        address = urlsplit(env.public_url)
        self._scheme = address.scheme
        host = without_default_port(address.scheme, env.public_host)
        self._hosts = {host}
        self._site = Site(env)
        self._writer = open_writer(env.data.inbox, env.inbox_database)
        self._queue = CommitQueue(sealed_commit(self._writer, lambda: self._site.policy.latest), on_broken)
        self._admission = Admission(env.intake_queue)
        self._busy = BusyAnswers(self._site)
        limits = Limits(env.network_limits, env.trusted_proxies)
        self._posting = Posting(self._site, limits, self._admission, self._queue, f"{address.scheme}://{host}")
        self._answered: Counter[str] = Counter()
        self._tally: asyncio.Task[None] | None = None

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """One request."""
        if scope.method == "POST":
            answer = await self._let_in(scope, exchange)
        else:
            answer = await self._answer(Request(scope, exchange))
        exchange.response_bytes(answer.status, answer.headers, b"" if scope.method == "HEAD" else answer.body)

    async def _let_in(self, scope: Scope, exchange: Exchange) -> Answer:
        """The answer to a form; where too many are under way, nothing of it is read."""
        if not self._admission.enter(is_by_link=may_hold_token(scope.path)):
            self._answered["503"] += 1
            return self._busy.answer(scope, exchange)
        try:
            return await self._answer(Request(scope, exchange))
        finally:
            self._admission.leave()

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
            return self._site.error(405, request, now, (("allow", "GET, HEAD, POST"),))
        answer = await self._posting.post(request, now)
        self._answered[str(answer.status)] += 1
        return answer

    def _is_ours(self, request: Request) -> bool:
        hosts = request.hosts
        if hosts == self._hosts:
            return True
        return {without_default_port(self._scheme, host.lower()) for host in hosts} == self._hosts

    def _health(self) -> Answer:
        headers = (*self._site.headers.never_stored, ("content-type", "application/json"))
        return Answer(200, headers, b'{"ok":true}')

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server before the first request."""
        self._tally = loop.create_task(self._tell_often())

    async def close(self) -> None:
        """Bring what was taken to the disk, and stop."""
        if self._tally is not None:
            self._tally.cancel()
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
