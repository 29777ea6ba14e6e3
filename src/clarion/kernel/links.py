"""Signed links: tokens that carry no personal data, are stored nowhere and can be made again."""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from clarion.kernel.errors import Refusal
from clarion.kernel.ids import RecordId
from clarion.kernel.keys import Key, KeyRing, PublicKeys

# key number, kind, campaign number, record id, generation, expiry (Unix seconds; 0: never)
_BODY = struct.Struct(">HBI16sIQ")
_SIGNATURE_BYTES = 64
TOKEN_LENGTH = -(-(_BODY.size + _SIGNATURE_BYTES) * 4 // 3)


class LinkKind(IntEnum):
    """What a link may do."""

    CONFIRM = 1
    CONFIRM_TYPED = 2
    CONFIRM_EVENT = 3
    CONFIRM_EVENT_TYPED = 4
    WITHDRAW = 5
    MANAGE = 6

    @property
    def is_typed(self) -> bool:
        """Whether both of its POSTs need the address, typed (design: Erasing, not-me)."""
        return self in (LinkKind.CONFIRM_TYPED, LinkKind.CONFIRM_EVENT_TYPED)

    @property
    def confirms_signature(self) -> bool:
        """Whether it confirms a signature, or says "not me" to one."""
        return self in (LinkKind.CONFIRM, LinkKind.CONFIRM_TYPED)

    @property
    def confirms_event(self) -> bool:
        """Whether it confirms a proposed event, or says "not me" to one."""
        return self in (LinkKind.CONFIRM_EVENT, LinkKind.CONFIRM_EVENT_TYPED)


CONFIRM_KINDS = frozenset(kind for kind in LinkKind if kind.confirms_signature or kind.confirms_event)


class BadLink(Refusal):
    """A token that we did not sign, or that was changed on its way."""

    code = "bad-link"


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says."""

    kind: LinkKind
    campaign: int
    record: RecordId
    generation: int = 0
    expires_at: int = 0

    def is_expired(self, at: datetime) -> bool:
        """Whether it had expired at the moment in which intake accepted it."""
        return self.expires_at != 0 and at.timestamp() > self.expires_at


@lru_cache(maxsize=4)
def _signing_key(secret: bytes) -> SigningKey:
    return SigningKey(secret)


@lru_cache(maxsize=16)
def _verify_key(public: bytes) -> VerifyKey:
    return VerifyKey(public)


def link_public_key(key: Key) -> bytes:
    """The public half of a link-signing key (Ed25519, RFC 8032)."""
    return bytes(SigningKey(key.secret).verify_key)


def link_public_keys(ring: KeyRing) -> PublicKeys:
    """The public halves of all keys of a ring, by number: retired ones go on verifying."""
    return {key.number: link_public_key(key) for key in ring.keys}


def sign_link(key: Key, link: Link) -> str:
    """The token of `link`, URL-safe base64 without padding."""
    body = _BODY.pack(
        key.number, link.kind, link.campaign, bytes.fromhex(link.record), link.generation, link.expires_at
    )
    signature = _signing_key(key.secret).sign(body).signature
    return base64.urlsafe_b64encode(body + signature).decode("ascii").rstrip("=")


def read_link(public_keys: PublicKeys, token: str) -> Link:
    """What a token says, its signature checked; its expiry is not. Raises `BadLink`."""
    if len(token) != TOKEN_LENGTH:
        raise BadLink("wrong length")
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        number, kind, campaign, record, generation, expires_at = _BODY.unpack(raw[: _BODY.size])
        _verify_key(public_keys[number]).verify(raw[: _BODY.size], raw[_BODY.size :])
        return Link(LinkKind(kind), campaign, RecordId(record.hex()), generation, expires_at)
    except (binascii.Error, struct.error, KeyError, ValueError, BadSignatureError) as error:
        raise BadLink("not ours") from error
