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
from clarion.kernel.links import Link, LinkKind


class SubmissionBroken(ClarionError):
    """A row that does not say what a submission says; it is set aside and reported."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One accepted form: `form` a name in `kernel.forms.FORMS`, `fields` tidied, `target` an event's id (report)."""

    id: RecordId
    form: str
    campaign: str
    language: str
    at: float
    fields: Mapping[str, str] = field(default_factory=dict)
    link: Link | None = None
    target: str | None = None
    is_slow: bool = False

    @property
    def accepted_at(self) -> datetime:
        """The moment in which intake accepted it."""
        return from_epoch(self.at)

    def to_bytes(self) -> bytes:
        """The row's plain text."""
        link = self.link
        row = {
            "i": self.id, "f": self.form, "c": self.campaign, "l": self.language, "a": self.at, "v": dict(self.fields),
            "k": [int(link.kind), link.campaign, link.record, link.generation, link.expires_at] if link else None,
            "t": self.target, "s": self.is_slow,
        }  # fmt: skip
        return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def read_submission(plain: bytes) -> Submission:
    """What a row says; raises `SubmissionBroken`."""
    try:
        row: dict[str, Any] = json.loads(plain)
        kind = row["k"]
        link = Link(LinkKind(kind[0]), int(kind[1]), RecordId(kind[2]), int(kind[3]), int(kind[4])) if kind else None
        if row["f"] not in FORMS or not is_id(row["i"]):
            raise SubmissionBroken("unknown form or id")
        return Submission(
            RecordId(row["i"]),
            row["f"],
            row["c"],
            row["l"],
            float(row["a"]),
            row["v"],
            link,
            row["t"],
            bool(row["s"]),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise SubmissionBroken(type(error).__name__) from error
