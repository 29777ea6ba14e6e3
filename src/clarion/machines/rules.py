"""By what keys are told apart, and what it means where they differ."""

import hashlib
from collections.abc import Mapping

from clarion.kernel.errors import ClarionError
from clarion.kernel.keys import Key, Purpose

KeyName = tuple[str, int]  # purpose, number


class OtherKeys(ClarionError):
    """This machine's keys are not those with which the records were written."""


def mark_of(purpose: Purpose, key: Key) -> bytes:
    """16 bytes that name a key: its secret is 32 random bytes, so nobody can guess it from this."""
    return hashlib.blake2b(key.secret, digest_size=16, person=purpose.encode()).digest()


def refuse_other_keys(here: Mapping[KeyName, bytes], known: Mapping[KeyName, bytes]) -> None:
    """Raises `OtherKeys` where a key differs from the one of that name in use, or is not here at all."""
    wrong = sorted(name for name, mark in known.items() if here.get(name) != mark)
    if wrong:
        said = ", ".join(f"{purpose}-{number}.key" for purpose, number in wrong)
        raise OtherKeys(
            f"This machine's keys are not those of the others that share these records: {said}. Copy the folder keys/"
            " of the first machine here, before anything is written with other keys (docs/operate/scale.md)."
        )
