"""Random 128-bit ids of records and submissions, written as 32 hexadecimal digits."""

import os
from typing import NewType

RecordId = NewType("RecordId", str)

ID_BYTES = 16


def new_id() -> RecordId:
    """A fresh random id."""
    return RecordId(os.urandom(ID_BYTES).hex())


def is_id(text: str) -> bool:
    """Whether `text` is an id in the one spelling we write."""
    return len(text) == 2 * ID_BYTES and all(c in "0123456789abcdef" for c in text)
