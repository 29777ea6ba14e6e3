"""Ten thousand people who sign: each form, each mail and each confirmation goes the real road.

They come from many addresses, as a trusted proxy on loopback says (X-Forwarded-For). The count must climb by exactly
as many as there are: a run that ends with another figure, or not in time, says so.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit

from clarion.desk.client import Answer, Connection
from clarion.desk.mailbox import Confirmation
from clarion.desk.people import Person, client_of, people

_CONNECTIONS = 12  # of each kind
_PAUSE = 0.5  # seconds
_BOUND_SECONDS = 600.0
_WHAT_TO_DO = "Send people again; if that ends early too, end the demo with Ctrl+C and start it anew"


class CrowdTurnedAway(Exception):
    """The site answered something else than it promises."""


@dataclass
class Progress:
    """How far a crowd has come; written by one thread, read by others."""

    size: int
    base: int  # the published total before the first form
    started_at: float
    signed: int = 0
    mailed: int = 0
    confirmed: int = 0
    counted: int = 0
    ended_at: float | None = None
    trouble: str = ""
    countries: set[str] = field(default_factory=set)

    @property
    def is_done(self) -> bool:
        """Whether everyone is counted."""
        return self.ended_at is not None and not self.trouble

    def to_json(self) -> dict[str, object]:
        """What the page shows."""
        return {
            "size": self.size, "base": self.base, "signed": self.signed, "mailed": self.mailed,
            "confirmed": self.confirmed, "counted": min(self.counted, self.size),
            "others": max(0, self.counted - self.size),
            "seconds": round((self.ended_at or time.monotonic()) - self.started_at, 1),
            "done": self.is_done, "trouble": self.trouble, "countries": len(self.countries),
        }  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where the crowd signs: the site's origin, the call, its languages, and how to read the published total."""

    origin: str
    slug: str
    languages: tuple[str, ...]
    total: Callable[[], int]


class Crowd:
    """Sends crowds, one at a time; confirmation mails are handed to `take_mail` from another thread."""

    def __init__(self, place: Place, *, bound: float = _BOUND_SECONDS) -> None:
        self._place = place
        self._bound = bound
        self._next_number = 1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._links: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        self._expected: set[str] = set()
        self.progress: Progress | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a crowd is signing now."""
        return self.progress is not None and self.progress.ended_at is None

    def start(self, size: int) -> bool:
        """Send `size` people, in a thread of their own; False where others are still under way."""
        if self.is_under_way:
            return False
        self.progress = Progress(size, self._place.total(), time.monotonic())
        first, self._next_number = self._next_number, self._next_number + size
        run = Thread(target=lambda: asyncio.run(self._run(first, size)), name="crowd", daemon=True)
        run.start()
        return True

    def take_mail(self, mail: Confirmation) -> None:
        """A confirmation mail fell in; the crowd opens its own once, and leaves the others alone."""
        if self._loop and self.is_under_way and mail.to in self._expected:
            self._expected.discard(mail.to)
            self._loop.call_soon_threadsafe(self._links.put_nowait, (urlsplit(mail.link).path, client_of(mail.to)))

    async def _run(self, first: int, size: int) -> None:
        progress = self.progress
        assert progress is not None  # noqa: S101 - set by `start`
        crowd = list(people(first, size, languages=self._place.languages))
        self._expected = {person.email for person in crowd}
        self._links = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        forms = iter(crowd)
        try:
            async with asyncio.timeout(self._bound), asyncio.TaskGroup() as group:
                for _ in range(_CONNECTIONS):
                    group.create_task(self._sign(forms, progress))
                    group.create_task(self._confirm(progress))
                group.create_task(self._count(progress))
        except* (OSError, ValueError, CrowdTurnedAway) as errors:  # a TimeoutError is an OSError
            said = {str(one) or "the site did not answer in time" for one in errors.exceptions}
            progress.trouble = f"{'; '.join(sorted(said))}. {_WHAT_TO_DO}"
        progress.ended_at = time.monotonic()

    async def _sign(self, crowd: Iterable[Person], progress: Progress) -> None:
        connection = Connection(self._place.origin)
        for person in crowd:
            fields = {"name": person.name, "email": person.email, "country": person.country}
            path = f"/{self._place.slug}/{person.language}/sign"
            answer = await _post(connection, path, fields, person.client)
            _expect(answer, "/check-your-mail/")
            progress.signed += 1
            progress.countries.add(person.country)
        connection.close()

    async def _confirm(self, progress: Progress) -> None:
        connection = Connection(self._place.origin)
        while (found := await self._links.get()) is not None:
            progress.mailed += 1
            if progress.mailed == progress.size:
                for _ in range(_CONNECTIONS):
                    self._links.put_nowait(None)
            path, client = found
            answer = await _post(connection, path, {"answer": "yes"}, client)
            _expect(answer, "/thanks/")
            progress.confirmed += 1
        connection.close()

    async def _count(self, progress: Progress) -> None:
        while progress.counted < progress.size:
            await asyncio.sleep(_PAUSE)
            with suppress(OSError, ValueError):  # a file that is being replaced: look again
                progress.counted = await asyncio.to_thread(self._place.total) - progress.base


async def _post(connection: Connection, path: str, fields: Mapping[str, str], client: str) -> Answer:
    """Post as `client`; again while the site says that it is full (503) or that there was too much (429)."""
    headers = {"x-forwarded-for": client, "accept": "text/html"}
    while True:
        answer = await connection.post(path, fields, headers)
        if answer.status not in (429, 503):
            return answer
        await asyncio.sleep(_PAUSE)


def _expect(answer: Answer, ending: str) -> None:
    where = answer.headers.get("location", "")
    if answer.status != 303 or not where.endswith(ending):
        raise CrowdTurnedAway(f"answered {answer.status} {where}, not 303 to {ending}")
