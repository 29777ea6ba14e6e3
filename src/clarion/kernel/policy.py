"""The policy file: all that intake must know, written by the publisher, read by intake each second."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from clarion.kernel.errors import ClarionError
from clarion.kernel.marks import NetworkKeys

CampaignState = Literal["open", "paused", "closed"]
Stage = Literal["ahead", "open", "paused", "closed"]
POLICY_NAME = "policy.json"
FORMAT = 1


class PolicyUnreadable(ClarionError):
    """The policy file is not what this version writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a campaign takes forms: as its organisers switched it, and its dates in Unix seconds."""

    state: CampaignState
    opens_at: float | None = None
    closes_at: float | None = None

    def stage_at(self, now: float) -> Stage:
        """How it stands at Unix time `now`; `ahead`: nothing but the hour of its opening keeps it shut."""
        if self.state == "closed" or (self.closes_at is not None and now >= self.closes_at):
            return "closed"
        if self.state == "open" and self.opens_at is not None and now < self.opens_at:
            return "ahead"
        return self.state

    def state_at(self, now: float) -> CampaignState:
        """Open, paused or closed at Unix time `now`; before it opens a campaign is paused."""
        stage = self.stage_at(now)
        return "paused" if stage == "ahead" else stage


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPolicy(Hours):
    """What intake knows of one published campaign."""

    number: int
    languages: tuple[str, ...]
    default_language: str
    takes_signatures: bool
    takes_events: bool
    version: int
    consents: tuple[str, ...]
    venues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Public keys by number (hexadecimal), the codes of countries that forms accept, the campaigns by slug.

    `network_keys` are the one secret in it: with them intake marks the networks of sign forms.
    """

    seal_key_number: int
    seal_key: str
    link_keys: Mapping[str, str]
    countries: tuple[str, ...]
    campaigns: Mapping[str, CampaignPolicy] = field(default_factory=dict)
    network_keys: NetworkKeys = field(default_factory=dict, repr=False)
    format: int = FORMAT

    def to_json(self) -> str:
        """The file's text; the same policy gives the same bytes."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, indent=1) + "\n"

    @property
    def verify_keys(self) -> dict[int, bytes]:
        """The link keys' public halves by number."""
        return {int(number): bytes.fromhex(public) for number, public in self.link_keys.items()}


def read_policy(text: str) -> Policy:
    """The policy in `text`; raises `PolicyUnreadable`."""
    try:
        raw: dict[str, Any] = json.loads(text)
        if raw["format"] != FORMAT:
            raise PolicyUnreadable(f"policy format {raw['format']} is not {FORMAT}")
        campaigns = {slug: _read_campaign(entry) for slug, entry in raw.pop("campaigns").items()}
        return Policy(**{**raw, "countries": tuple(raw["countries"])}, campaigns=campaigns)
    except (ValueError, KeyError, TypeError) as error:
        raise PolicyUnreadable(str(error)) from error


def _read_campaign(entry: dict[str, Any]) -> CampaignPolicy:
    lists = {name: tuple(entry[name]) for name in ("languages", "consents", "venues")}
    return CampaignPolicy(**{**entry, **lists})
