"""Answers: a status, headers and bytes. Every one carries the security headers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from clarion.env import Env

Headers = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """What goes back to the visitor."""

    status: int
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HeaderSets:
    """The headers that stand on every answer, and what differs for pages that a token opens."""

    common: Headers
    public: Headers
    private: Headers
    never_stored: Headers


def header_sets(env: Env) -> HeaderSets:
    """The header sets of this installation."""
    ancestor = env.frame_ancestor or "'none'"
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {ancestor}"
    )
    common = [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]
    if env.public_url.startswith("https://"):
        common.append(("strict-transport-security", "max-age=31536000"))
    public = (*common, ("referrer-policy", "same-origin"))
    return HeaderSets(
        common=tuple(common),
        public=public,
        private=(*common, ("referrer-policy", "no-referrer"), ("cache-control", "no-store")),
        never_stored=(*public, ("cache-control", "no-store")),
    )


def redirect(headers: Headers, address: str, extra: Iterable[tuple[str, str]] = (), status: int = 303) -> Answer:
    """Send the visitor to `address`, a path of this site."""
    return Answer(status, (*headers, *extra, ("location", address)))


def plain(status: int, headers: Headers, text: str, extra: Iterable[tuple[str, str]] = ()) -> Answer:
    """A few words, for where no page is published yet."""
    return Answer(status, (*headers, *extra, ("content-type", "text/plain; charset=utf-8")), f"{text}\n".encode())
