"""Intake on a data folder of its own, asked in process: no server, no socket, the real inbox."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from clarion.env import Env, read_env
from clarion.inbox.ends import open_reader
from clarion.intake.app import Intake
from clarion.intake.requests import HeaderLines
from clarion.kernel.clock import DAY, utc_now
from clarion.kernel.files import DataFolder, manage_page, token_page
from clarion.kernel.ids import RecordId, new_id
from clarion.kernel.keys import make_missing_keys, read_key_ring
from clarion.kernel.links import CONFIRM_KINDS, Link, LinkKind, link_public_key, link_public_keys, sign_link
from clarion.kernel.policy import POLICY_NAME, CampaignPolicy, Policy
from clarion.kernel.sealing import open_batch_key, open_row, sealing_public_key
from clarion.kernel.submissions import Submission, read_submission
from tests.postgres import inbox_settings

HOST = "call.test"
HOME = "/clean-water/en"
CAMPAIGN = 7
EVENT = "e" * 32
SIGN = {"name": "Ada Lovelace", "email": "ada@example.org", "country": "GB"}
HOSTING = {
    "country": "KE", "city": "Nairobi", "address": "Uhuru Park", "date": "2099-12-10", "time": "18:00",
    "title": "Rally for water", "kind": "rally", "language": "en", "name": "Wanjiku", "email": "w@example.org",
    "adult": "yes",
}  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def location(self) -> str:
        """Where the visitor is sent."""
        return self.headers["location"]


class Lines:
    """Header lines, as the server hands them over."""

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self._lines = lines

    def items(self) -> list[tuple[str, str]]:
        """Every line."""
        return self._lines

    def get(self, key: str, /) -> str | None:
        """The first line of a name."""
        return next((value for name, value in self._lines if name == key), None)


@dataclass
class Asked:
    """A request, as the server hands it over."""

    method: str
    path: str
    query_string: str
    client: str
    headers: HeaderLines
    authority: str | None = None


class Exchanged:
    """Hands a body over, and keeps what was answered."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.reply = Reply(0, {}, b"")

    async def __call__(self) -> bytes:
        """The whole body."""
        return self._body

    def response_bytes(self, status: int, headers: Sequence[tuple[str, str]], body: bytes, /) -> None:
        """Keep the answer."""
        self.reply = Reply(status, dict(headers), body)


class Door:
    """One intake, its data folder, and the keys that only the worker has."""

    def __init__(
        self, root: Path, *, on_broken: Callable[[], None] = lambda: None, policy: dict[str, Any] | None = None,
        **settings: str,
    ) -> None:  # fmt: skip
        self.data = DataFolder(root)
        self.data.make()
        make_missing_keys(self.data.keys)
        self.write_policy(**(policy or {}))
        given = {"CLARION_DATA": str(root), "CLARION_PUBLIC_URL": f"http://{HOST}", **inbox_settings(), **settings}
        self.env: Env = read_env(given)
        self.intake = Intake(self.env, on_broken=on_broken)

    def write_policy(self, **changes: Any) -> None:
        """Write the policy of one campaign, `changes` made to its defaults."""
        campaign: dict[str, Any] = {
            "number": CAMPAIGN, "languages": ("en", "ar", "pt"), "default_language": "en", "state": "open",
            "takes_signatures": True, "takes_events": True, "version": 2, "consents": ("c1",), "venues": ("v1",),
        } | changes  # fmt: skip
        inbox, link = (read_key_ring(self.data.keys, purpose).current for purpose in ("inbox", "link"))
        policy = Policy(
            inbox.number,
            sealing_public_key(inbox).hex(),
            {str(link.number): link_public_key(link).hex()},
            ("GB", "KE"),
            {"clean-water": CampaignPolicy(**campaign)},
        )
        (self.data.policy / POLICY_NAME).write_text(policy.to_json(), encoding="utf-8")

    def publish(self, path: str, text: str | bytes = "<p>page</p>", *, folder: Path | None = None) -> None:
        """Write one published file (or one below another folder)."""
        file = (folder or self.data.site) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def publish_token_pages(self) -> None:
        """Write the pages behind every kind of link."""
        for name in ("confirm", "confirm-typed", "confirm-event", "confirm-event-typed"):
            self.publish(token_page("clean-water", "en", name), name, folder=self.data.manage)
            self.publish(token_page("clean-water", "en", f"{name}-not-me"), f"{name} not me", folder=self.data.manage)
        self.publish(token_page("clean-water", "en", "withdraw"), "withdraw", folder=self.data.manage)
        self.publish(manage_page("clean-water", EVENT, 0), "manage", folder=self.data.manage)

    def token(
        self, kind: LinkKind, *, days: float = 7, record: str = "", campaign: int = CAMPAIGN, gen: int = 0
    ) -> str:
        """A token as the worker signs it, `days` from expiring."""
        ends = int((utc_now() + days * DAY).timestamp()) if kind in CONFIRM_KINDS else 0
        link = Link(kind, campaign, RecordId(record or new_id()), gen, ends)
        return sign_link(read_key_ring(self.data.keys, "link").current, link)

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Reply:
        """One GET; header names with `_` for `-`."""
        return self.ask(method, path, b"", headers)

    def post(self, path: str, fields: dict[str, str] | bytes, **headers: str) -> Reply:
        """One POST of a form."""
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        return self.ask("POST", path, body, {"content_type": "application/x-www-form-urlencoded"} | headers)

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str], client: str = "192.0.2.1") -> Reply:
        """One request, from its first byte to the last of the answer."""
        return asyncio.run(self.asked(method, path, body, headers, client))

    async def asked(
        self, method: str, path: str, body: bytes, headers: dict[str, str], client: str = "192.0.2.1"
    ) -> Reply:
        """The same on a loop that runs already."""
        path, _, query = path.partition("?")
        given = {"host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        exchange = Exchanged(body)
        asked = Asked(method, path, query, f"{client}:40000", Lines([*given.items()]))
        await self.intake.__rsgi__(asked, exchange)
        return exchange.reply

    def taken(self) -> list[Submission]:
        """What lies in the inbox, opened as the worker opens it."""
        ring, links = read_key_ring(self.data.keys, "inbox"), link_public_keys(read_key_ring(self.data.keys, "link"))
        reader = open_reader(self.data.inbox, self.env.inbox_database)
        rows = reader.take(10_000_000)
        reader.release()  # a server that has not heard of the close yet would keep them from whoever looks next
        reader.close()
        return [
            read_submission(open_row(open_batch_key(ring, row.key_number, row.sealed_key), row.body), links)
            for row in rows
        ]

    def close(self) -> None:
        """Let the inbox go."""
        asyncio.run(self.intake.close())
