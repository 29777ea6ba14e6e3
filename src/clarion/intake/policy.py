"""What intake must know, read again each second from the policy file."""

import logging
from dataclasses import dataclass
from pathlib import Path

from clarion.kernel.files import DataFolder
from clarion.kernel.forms import Known
from clarion.kernel.policy import POLICY_NAME, CampaignPolicy, Policy, PolicyUnreadable, read_policy

_READ_EVERY = 1.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """One campaign's policy, and what its forms are checked against."""

    slug: str
    policy: CampaignPolicy
    known: Known


class Rules:
    """A policy, made ready for asking."""

    def __init__(self, policy: Policy) -> None:
        self.verify_keys = policy.verify_keys
        self.seal_key_number = policy.seal_key_number
        self.seal_key = bytes.fromhex(policy.seal_key)
        self.network_keys = policy.network_keys
        countries = frozenset(code.upper() for code in policy.countries)
        self.campaigns = {
            slug: CampaignRules(
                slug,
                campaign,
                Known(countries, campaign.version, frozenset(campaign.consents), frozenset(campaign.venues)),
            )
            for slug, campaign in policy.campaigns.items()
        }


class PolicyFile:
    """The policy file of a data folder; a file that cannot be read leaves the last good one in force."""

    def __init__(self, data: DataFolder) -> None:
        self._path: Path = data.policy / POLICY_NAME
        self._stamp: tuple[int, int, int] | None = None
        self._checked_at = float("-inf")
        self._rules: Rules | None = None

    def rules(self, now: float) -> Rules | None:
        """The rules in force at monotonic time `now`; None before the first policy was written."""
        if now - self._checked_at >= _READ_EVERY:
            self._checked_at = now
            self._read_again()
        return self._rules

    def afresh(self, now: float) -> Rules | None:
        """The rules after a look at the file, for what they do not know yet: one `stat` while nothing changed."""
        self._checked_at = now
        self._read_again()
        return self._rules

    @property
    def latest(self) -> Rules | None:
        """The rules last read, without a look at the file: for another thread."""
        return self._rules

    def _read_again(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp:
                self._rules = Rules(read_policy(self._path.read_text(encoding="utf-8")))
                self._stamp = stamp
        except FileNotFoundError:
            return
        except (OSError, ValueError, PolicyUnreadable):
            log.exception("The policy file cannot be read; the last one stays in force.")
