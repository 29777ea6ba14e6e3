"""Boxes: rows of the inbox sealed to the worker, and fields of records locked with the field key."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from nacl.bindings import crypto_secretbox_easy, crypto_secretbox_open_easy
from nacl.bindings import crypto_secretbox_NONCEBYTES as _NONCE
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox
from nacl.utils import random

from clarion.kernel.addresses import canonical
from clarion.kernel.errors import ClarionError
from clarion.kernel.keys import Key, KeyRing, Keys


class BoxBroken(ClarionError):
    """A box does not open: another key closed it, or its bytes were changed."""


class BatchSealer:
    """Seals the rows of one commit with a fresh key, itself sealed to the worker (design: Sealing).

    Drop it with the commit: nothing that stays in intake opens what it closed.
    """

    __slots__ = ("_sealed", "_secret", "key_number", "sealed_key")

    def __init__(self, key_number: int, public: bytes) -> None:
        self._secret = random(SecretBox.KEY_SIZE)
        self._sealed = 0
        self.key_number = key_number
        self.sealed_key: bytes = SealedBox(PublicKey(public)).encrypt(self._secret)

    def seal(self, plain: bytes) -> bytes:
        """The sealed row, as `SecretBox.encrypt` gives it; its nonce is the row's number, for the key is used once."""
        nonce = self._sealed.to_bytes(_NONCE)
        self._sealed += 1
        return nonce + crypto_secretbox_easy(plain, nonce, self._secret)


def sealing_public_key(key: Key) -> bytes:
    """The public half of an inbox key."""
    return bytes(PrivateKey(key.secret).public_key)


def open_batch_key(ring: KeyRing, key_number: int, sealed_key: bytes) -> bytes:
    """The key of one batch; raises `BoxBroken`."""
    key = ring.by_number(key_number)
    if key is None:
        raise BoxBroken(f"inbox key {key_number} is not here")
    try:
        return bytes(SealedBox(PrivateKey(key.secret)).decrypt(sealed_key))
    except (CryptoError, ValueError, TypeError) as error:
        raise BoxBroken("a batch key does not open") from error


def open_row(batch_key: bytes, sealed: bytes) -> bytes:
    """What one sealed row says; raises `BoxBroken`."""
    try:
        return _opened(batch_key, sealed)
    except (CryptoError, ValueError, TypeError) as error:
        raise BoxBroken("a row does not open") from error


def _opened(secret: bytes, sealed: bytes) -> bytes:
    """What `SecretBox(secret).decrypt(sealed)` gives, in half the time: draining and exports open millions."""
    opened: bytes = crypto_secretbox_open_easy(sealed[_NONCE:], sealed[:_NONCE], secret)
    return opened


def lock_fields(ring: KeyRing, fields: Mapping[str, Any]) -> bytes:
    """`fields` as one box: two bytes of key number, then the sealed JSON."""
    plain = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return ring.current.number.to_bytes(2) + bytes(SecretBox(ring.current.secret).encrypt(plain))


def unlock_fields(ring: KeyRing, box: bytes) -> dict[str, Any]:
    """What `lock_fields` closed; raises `BoxBroken`."""
    key = ring.by_number(int.from_bytes(box[:2]))
    if key is None:
        raise BoxBroken("the field key of this box is not here")
    try:
        fields: dict[str, Any] = json.loads(_opened(key.secret, bytes(box[2:])))
    except (CryptoError, ValueError, TypeError) as error:
        raise BoxBroken("a box of fields does not open") from error
    return fields


def keyed_hash(key: Key, *parts: str) -> bytes:
    """16 bytes that stand for `parts` and can be made only with `key` (keyed BLAKE2b, RFC 7693)."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), key=key.secret, digest_size=16)
    return digest.digest()


def hashed_address(address: str, keys: Keys) -> bytes:
    """The hash under which an e-mail address is found, by its canonical form (design: One address, one person)."""
    return keyed_hash(keys.dedupe.current, canonical(address))
