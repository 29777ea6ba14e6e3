"""A call: all that its folder says, as values."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from clarion.campaigns.rules import CampaignSettings, StatementText, UpdateText
from clarion.donations.rules import GiveText
from clarion.events.rules import EventRow
from clarion.places.rules import VenueRow


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture encoded anew without metadata, and the hash of the file it came from."""

    jpeg: bytes
    source_sha256: str

    @classmethod
    def stored(cls, jpeg: bytes) -> "Picture":
        """A picture that was encoded anew before."""
        return cls(jpeg, hashlib.sha256(jpeg).hexdigest())


@dataclass(frozen=True, slots=True)
class Call:
    """One call, checked or not. Everything but settings and statements may be empty."""

    settings: CampaignSettings
    statements: tuple[StatementText, ...]
    venues: tuple[VenueRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    gives: tuple[GiveText, ...] = ()
    updates: tuple[UpdateText, ...] = ()
    picture: Picture | None = None

    @property
    def by_language(self) -> Mapping[str, StatementText]:
        """The statements by language."""
        return {statement.language: statement for statement in self.statements}

    @property
    def title(self) -> str:
        """The title in the default language; empty where that statement is missing."""
        original = self.by_language.get(self.settings.default_language)
        return original.title if original else ""
