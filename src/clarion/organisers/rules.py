"""Who may do what in the office, and what the host's one-time links are. No Django, no clock."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar, Literal

from clarion.kernel.errors import Refusal

Role = Literal["admin", "moderator"]
Right = Literal[
    "moderate", "see-contacts", "edit-call", "switch", "see-signatures", "decide-waves", "search", "export", "run-team"
]
# What is mailed to every other admin of a team.
Notice = Literal[
    "new-admin", "new-passkey", "factor-removed", "exported", "give-changed", "closed", "closing-changed",
    "wave-held", "wave-decided",
]  # fmt: skip

MODERATOR_RIGHTS: frozenset[Right] = frozenset({"moderate", "see-contacts"})
LINK_LIFE = timedelta(hours=1)
_TOKEN_BYTES = 32


class SignInLinkEnded(Refusal):
    """The link was used, has expired, or a newer one was made."""

    code: ClassVar[str] = "sign-in-link-ended"


class LastAdmin(Refusal):
    """A team keeps at least one admin."""

    code: ClassVar[str] = "last-admin"


class LastFactor(Refusal):
    """An account keeps at least one second factor: with none, whoever knows the password could enrol their own."""

    code: ClassVar[str] = "last-factor"


class AlreadyMember(Refusal):
    """The person is on the team already."""

    code: ClassVar[str] = "already-member"


class NotMember(Refusal):
    """The person is not on the team."""

    code: ClassVar[str] = "not-member"


def may(role: str, right: Right) -> bool:
    """Whether a role carries a right."""
    return role == "admin" or (role == "moderator" and right in MODERATOR_RIGHTS)


def may_moderate(role: str, countries: Collection[str], country: str) -> bool:
    """Whether a member may decide on events in a country; no named countries means all."""
    return may(role, "moderate") and (role == "admin" or not countries or country in countries)


def new_token() -> str:
    """A fresh secret for a sign-in link, URL-safe."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def fingerprint_of(token: str) -> bytes:
    """What is stored of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def tidy_address(address: str) -> str:
    """An organiser's address as it is stored and compared."""
    return address.strip().lower()
