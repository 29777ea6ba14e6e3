"""What intake hands over: one submission, as the sealed row of the inbox says it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clarion.kernel.clock import from_epoch
from clarion.kernel.errors import ClarionError
from clarion.kernel.forms import FORMS
from clarion.kernel.ids import RecordId, is_id
from clarion.kernel.keys import PublicKeys
from clarion.kernel.links import BadLink, Link, read_link
from clarion.kernel.marks import is_mark

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once: `json.dumps` makes one each time


class SubmissionBroken(ClarionError):
    """A row that does not say what a submission says; it is set aside and reported."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One accepted form: `form` a name in `kernel.forms.FORMS`, `fields` tidied, `target` an event's id (report).

    A form that came by a link carries its `token`; `link` is what that says, checked by whoever holds this value.
    `networks`: the marks of the network it came from, by today's key and by yesterday's (sign forms only; ADR 0012).
    """

    id: RecordId
    form: str
    campaign: str
    language: str
    at: float
    fields: Mapping[str, str] = field(default_factory=dict)
    link: Link | None = None
    target: str | None = None
    is_slow: bool = False
    token: str = ""
    networks: tuple[int, ...] = ()

    @property
    def accepted_at(self) -> datetime:
        """The moment in which intake accepted it."""
        return from_epoch(self.at)

    def to_bytes(self) -> bytes:
        """The row's plain text."""
        row = {
            "i": self.id, "f": self.form, "c": self.campaign, "l": self.language, "a": self.at, "v": dict(self.fields),
            "k": self.token, "t": self.target, "s": self.is_slow, "n": self.networks,
        }  # fmt: skip
        return _ENCODER.encode(row).encode()


def read_submission(plain: bytes, link_keys: PublicKeys) -> Submission:
    """What a row says, its link checked again: intake may be in other hands. Raises `SubmissionBroken`."""
    try:
        row: dict[str, Any] = json.loads(plain)
        token: str = row["k"]
        if row["f"] not in FORMS or not is_id(row["i"]):
            raise SubmissionBroken("unknown form or id")
        return Submission(
            RecordId(row["i"]),
            row["f"],
            row["c"],
            row["l"],
            float(row["a"]),
            row["v"],
            read_link(link_keys, token) if token else None,
            row["t"],
            bool(row["s"]),
            token,
            _read_networks(row["n"]),
        )
    except (ValueError, KeyError, TypeError, BadLink) as error:
        raise SubmissionBroken(type(error).__name__) from error


def _read_networks(marks: list[Any]) -> tuple[int, ...]:
    if len(marks) > 2 or not all(is_mark(one) for one in marks):
        raise SubmissionBroken("marks of networks")
    return tuple(marks)
