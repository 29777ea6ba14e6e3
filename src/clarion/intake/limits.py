"""How many forms one network may send (design, "Limits"). Nothing here is written down anywhere.

Each network has two leaky buckets for each form, so that a flood of one form keeps nobody from another: whoever signed
can confirm. A bucket is kept as one number: the moment at which it will have run dry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

from clarion.env import Network, NetworkLimit
from clarion.kernel.forms import FormName

Address = IPv4Address | IPv6Address
_MOST_BUCKETS = 100_000
_BAD_LINK: Literal["bad-link"] = "bad-link"


class Verdict(Enum):
    """What to do with a form."""

    TAKE = "take"
    SLOW = "slow"  # take it; its mail goes to the slow lane
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Figures:
    """So many at once, and so many a second after that."""

    burst: int
    per_second: float

    def after(self, dry_at: float, now: float) -> float | None:
        """When the bucket runs dry after one form more; None where that is too many."""
        later = max(dry_at, now) + 1 / self.per_second
        return later if later - now <= (self.burst + 0.5) / self.per_second else None


@dataclass(frozen=True, slots=True)
class Allowance:
    """Past which figures the mail of a form is slow (None: never), and past which the form is refused."""

    slow: Figures | None
    refused: Figures


_BY_LINK = Allowance(None, Figures(5_000, 20))
ALLOWANCES: dict[FormName | Literal["bad-link"], Allowance] = {
    "sign": Allowance(Figures(600, 2), Figures(5_000, 20)),
    "host": Allowance(Figures(60, 0.2), Figures(600, 2)),
    "my-data": Allowance(Figures(60, 0.2), Figures(600, 2)),
    "report": Allowance(None, Figures(120, 0.2)),
    "confirm": _BY_LINK,
    "withdraw": _BY_LINK,
    "manage": Allowance(None, Figures(600, 2)),
    "bad-link": Allowance(None, Figures(500, 2)),  # to look at a signature costs more than a page
}
RETRY_SECONDS = 30


class Limits:
    """The buckets of all networks that sent a form lately."""

    def __init__(self, own_figures: Sequence[NetworkLimit] = (), trusted_proxies: Sequence[Network] = ()) -> None:
        self._own_figures = own_figures
        self._trusted = trusted_proxies
        self._buckets: dict[tuple[str, int], tuple[float, float]] = {}
        self._place = lru_cache(maxsize=65_536)(self._find_place)
        self.is_proxy = lru_cache(maxsize=4_096)(self._find_proxy)  # asked four times a form

    def judge(self, form: FormName, peer: str, forwarded_for: Sequence[str], now: float) -> Verdict:
        """Count one form that `peer` sent at monotonic time `now` and say what to do with it."""
        network, own = self._place(self._client(peer, forwarded_for))
        allowance = own or ALLOWANCES[form]
        slow_dry_at, dry_at = self._buckets.get((form, network), (0.0, 0.0))
        later = allowance.refused.after(dry_at, now)
        if later is None:
            return Verdict.REFUSE
        slow_later = allowance.slow.after(slow_dry_at, now) if allowance.slow else 0.0
        self._keep((form, network), (slow_dry_at if slow_later is None else slow_later, later), now)
        return Verdict.SLOW if slow_later is None else Verdict.TAKE

    def note_bad_link(self, peer: str, forwarded_for: Sequence[str], now: float) -> None:
        """Count one garbled link."""
        network, own = self._place(self._client(peer, forwarded_for))
        _, dry_at = self._buckets.get((_BAD_LINK, network), (0.0, 0.0))
        later = (own or ALLOWANCES[_BAD_LINK]).refused.after(dry_at, now)
        if later is not None:
            self._keep((_BAD_LINK, network), (0.0, later), now)

    def may_open_links(self, peer: str, forwarded_for: Sequence[str], now: float) -> bool:
        """Whether links are looked at: not for a network that guesses. Good links are counted nowhere."""
        network, own = self._place(self._client(peer, forwarded_for))
        found = self._buckets.get((_BAD_LINK, network))
        return found is None or (own or ALLOWANCES[_BAD_LINK]).refused.after(found[1], now) is not None

    def network_of(self, peer: str, forwarded_for: Sequence[str]) -> int:
        """The number that stands for the network of who sent a form; 0 where that is not known or says nothing.

        It says nothing of a network with figures of its own: behind an onion service stands everybody.
        """
        network, own = self._place(self._client(peer, forwarded_for))
        return 0 if own else network

    def _find_proxy(self, peer: str) -> bool:
        """Whether what `peer` says of others is believed."""
        address = _address(peer) if self._trusted else None
        return address is not None and any(address in network for network in self._trusted)

    def _client(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The nearest hop that is no proxy of ours: what stands further left anyone can write."""
        client = peer
        for hop in reversed(forwarded_for):
            if not self.is_proxy(client) or _address(hop) is None:
                break
            client = hop
        return client

    def _find_place(self, client: str) -> tuple[int, Allowance | None]:
        """The network's number (of an IPv4 address or an IPv6 /64) and its own figures, which know no slow lane."""
        address = _address(client)
        if address is None:
            return 0, None
        key = int(address) if address.version == 4 else (int(address) >> 64) + (1 << 64)
        for limit in self._own_figures:
            if address in limit.network:
                return key, Allowance(None, Figures(limit.burst, limit.per_second))
        return key, None

    def _keep(self, bucket: tuple[str, int], dry_at: tuple[float, float], now: float) -> None:
        if len(self._buckets) >= _MOST_BUCKETS and bucket not in self._buckets:
            self._forget(now)
        self._buckets[bucket] = dry_at

    def _forget(self, now: float) -> None:
        """Drop the buckets that ran dry, and the older half where that is not enough."""
        self._buckets = {key: dry for key, dry in self._buckets.items() if max(dry) > now}
        if len(self._buckets) >= _MOST_BUCKETS:
            self._buckets = dict(list(self._buckets.items())[_MOST_BUCKETS // 2 :])


@lru_cache(maxsize=65_536)
def _address(text: str) -> Address | None:
    """The address in `text`, which may carry brackets, a zone or a port; None where there is none."""
    plain = text.strip().removeprefix("[").partition("]")[0].partition("%")[0]
    if plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ip_address(plain)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
