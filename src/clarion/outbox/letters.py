"""What an app gives when its mail is due, and what the worker lends it for that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from clarion.kernel.keys import KeyRing
from clarion.kernel.links import Link
from clarion.outbox.models import Mail


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as rendered: text and HTML in one language, no text that a stranger chose."""

    to: str
    subject: str
    text: str
    html: str
    language: str
    sender_name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a renderer needs: addresses, keys to open boxes, the worker's signature for links, the moment."""

    public_url: str
    office_url: str
    field_keys: KeyRing
    sign: Callable[[Link], str]
    now: datetime
    strings: Path | None = None  # where the host lays catalogues of further languages


# A renderer gives the letter of a due mail, or None where there is nothing to say any more (the row then goes).
Renderer = Callable[[Mail, Desk], Letter | None]

# The same for several mails of one kind at once, in their order.
BatchRenderer = Callable[[Sequence[Mail], Desk], Sequence[Letter | None]]


def one_by_one(render: Renderer) -> BatchRenderer:
    """A renderer of single mails as one of batches."""
    return lambda mails, desk: [render(mail, desk) for mail in mails]
