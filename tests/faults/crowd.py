"""People who sign and confirm at a steady rate, over kept connections, and the books of what they were answered."""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

PATIENCE_SECONDS = 90  # without any progress: a slow machine is no wrong answer
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"location: (\S+)", re.IGNORECASE)
_CONFIRM = re.compile(rb"/[\w-]+/[\w-]+/confirm/[\w-]+")
_REST_SECONDS = 0.05  # of one who was sent away, before trying again
_SCAN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Door:
    """Where people ring: a port of the loopback, and the Host that they name."""

    port: int
    host: str
    sign_path: str


@dataclass(slots=True)
class Books:
    """What was answered. `slowest_refusal` in seconds; `broken` counts connections that ended without an answer."""

    signed: list[str] = field(default_factory=list)
    confirmed: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    broken: int = 0
    slowest_refusal: float = 0.0
    without_retry_after: int = 0


class Hand:
    """One kept connection, made anew when it breaks."""

    def __init__(self, door: Door, answer_seconds: float) -> None:
        self._door = door
        self._answer_seconds = answer_seconds
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        """Status, Location and head of the answer; status 0 where none came."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self._door.host}\r\ncontent-length: {len(body)}\r\n"
            "content-type: application/x-www-form-urlencoded\r\n\r\n"
        )
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await self._ask(head.encode() + body)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.close()
            return 0, "", b""

    async def _ask(self, request: bytes) -> tuple[int, str, bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._door.port)
        assert self._reader is not None
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if length := _LENGTH.search(head):
            await self._reader.readexactly(int(length[1]))
        location = _LOCATION.search(head)
        return int(head[9:12]), location[1].decode() if location else "", head

    def close(self) -> None:
        """Let the connection go."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = self._reader = None


class Crowd:
    """People who come at `rate` a second until `leave`, each trying again until answered, as impatient people do.

    Where `mails` is named they take their mail out of that folder and confirm, too. An answer that does not come
    within `answer_seconds` counts as broken off.
    """

    def __init__(
        self,
        door: Door,
        *,
        rate: float,
        mails: Path | None = None,
        hands: int = 32,
        answer_seconds: float = 20,
        address: Callable[[int], str] = lambda n: f"p{n}@example.org",
    ) -> None:
        self.door = door
        self.books = Books()
        self._rate = rate
        self._mails = mails
        self._hands = hands
        self._answer_seconds = answer_seconds
        self._all_hands: list[Hand] = []
        self._address = address
        self._next = 0
        self._is_over = False  # nobody new comes
        self._is_done = False
        self._links: asyncio.Queue[str] = asyncio.Queue()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))
        self.began = 0.0
        self.seconds = 0.0

    def __enter__(self) -> "Crowd":
        self.began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = self._is_done = True
        self._thread.join()

    def leave(self) -> None:
        """Nobody new comes; those who are there go on until they are answered."""
        self.seconds = time.monotonic() - self.began
        self._is_over = True

    @property
    def has_signed(self) -> bool:
        """Whether everybody who came was answered."""
        return self._is_over and len(self.books.signed) == self._next

    @property
    def signed_a_second(self) -> float:
        """The rate at which forms were acknowledged until `leave`."""
        return len(self.books.signed) / (self.seconds or time.monotonic() - self.began)

    async def _live(self) -> None:
        work = [self._sign_on() for _ in range(self._hands)]
        if self._mails is not None:
            work += [self._take_mail_in(self._mails), *(self._confirm_on() for _ in range(self._hands))]
        try:
            await asyncio.gather(*work)
        finally:
            for hand in self._all_hands:
                hand.close()

    async def _sign_on(self) -> None:
        hand = self._hand()
        while not self._is_over:
            number, self._next = self._next, self._next + 1
            await asyncio.sleep(self.began + number / self._rate - time.monotonic())
            fields = {"name": "Amina Otieno", "email": self._address(number), "country": "KE"}
            if await self._until_taken(hand, self.door.sign_path, urlencode(fields).encode()):
                self.books.signed.append(fields["email"])

    def _hand(self) -> Hand:
        self._all_hands.append(Hand(self.door, self._answer_seconds))
        return self._all_hands[-1]

    async def _until_taken(self, hand: Hand, path: str, body: bytes) -> bool:
        while not self._is_done:
            began = time.monotonic()
            status, location, head = await hand.post(path, body)
            if status == 303:
                assert location.endswith(("/check-your-mail/", "/thanks/")), location
                return True
            self._note(status, head, time.monotonic() - began)
            await asyncio.sleep(_REST_SECONDS)
        return False

    def _note(self, status: int, head: bytes, seconds: float) -> None:
        if not status:
            self.books.broken += 1
            return
        self.books.refused[status] = self.books.refused.get(status, 0) + 1
        self.books.slowest_refusal = max(self.books.slowest_refusal, seconds)
        self.books.without_retry_after += b"retry-after:" not in head.lower()

    async def _take_mail_in(self, folder: Path) -> None:
        while not self._is_done:
            for mail in await asyncio.to_thread(lambda: list(folder.glob("*.eml"))):
                link = _CONFIRM.search(mail.read_bytes().replace(b"=\r\n", b""))  # soft line breaks
                if link:
                    self._links.put_nowait(link[0].decode())
                mail.unlink()
            await asyncio.sleep(_SCAN_SECONDS)

    async def _confirm_on(self) -> None:
        hand = self._hand()
        while not self._is_done:
            try:
                path = self._links.get_nowait()
            except asyncio.QueueEmpty:
                await asyncio.sleep(_REST_SECONDS)
                continue
            if await self._until_taken(hand, path, b"answer=yes"):
                self.books.confirmed += 1


def wait_to_reach(wanted: int, count: Callable[[], int], what: str) -> None:
    """Wait until `count` says so many, for as long as it gets on."""
    reached, ends = -1, 0.0
    while (now := count()) < wanted:
        if now > reached:
            reached, ends = now, time.monotonic() + PATIENCE_SECONDS
        assert time.monotonic() < ends, f"{reached} of {wanted}, and no more for {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.05)
