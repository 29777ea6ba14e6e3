"""How many forms one network may send (design, "Limits"). Nothing here is written down anywhere.

Each network has two leaky buckets. A bucket is kept as one number: the moment at which it will have run dry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from clarion.env import Network, NetworkLimit

Address = IPv4Address | IPv6Address
_MOST_CLIENTS = 100_000


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


SLOW_AFTER = Figures(600, 2)
REFUSE_AFTER = Figures(5_000, 20)
RETRY_SECONDS = 30


class Limits:
    """The buckets of all networks that sent a form lately."""

    def __init__(self, own_figures: Sequence[NetworkLimit] = (), trusted_proxies: Sequence[Network] = ()) -> None:
        self._own_figures = own_figures
        self._trusted = trusted_proxies
        self._buckets: dict[int, tuple[float, float]] = {}
        self._place = lru_cache(maxsize=65_536)(self._find_place)

    def judge(self, peer: str, forwarded_for: Sequence[str], now: float) -> Verdict:
        """Count one form that `peer` sent at monotonic time `now` and say what to do with it."""
        key, slow_after, refuse_after = self._place(self._client(peer, forwarded_for))
        slow_dry_at, dry_at = self._buckets.get(key, (0.0, 0.0))
        later = refuse_after.after(dry_at, now)
        if later is None:
            return Verdict.REFUSE
        slow_later = slow_after.after(slow_dry_at, now) if slow_after else 0.0
        if len(self._buckets) >= _MOST_CLIENTS and key not in self._buckets:
            self._forget(now)
        self._buckets[key] = (slow_dry_at if slow_later is None else slow_later, later)
        return Verdict.SLOW if slow_later is None else Verdict.TAKE

    def network_of(self, peer: str, forwarded_for: Sequence[str]) -> int:
        """The number that stands for the network of who sent a form; 0 where that is not known or says nothing.

        It says nothing of a network with figures of its own: behind an onion service stands everybody.
        """
        key, slow_after, _ = self._place(self._client(peer, forwarded_for))
        return key if slow_after else 0

    def is_proxy(self, peer: str) -> bool:
        """Whether what `peer` says of others is believed."""
        return bool(self._trusted) and self._is_trusted(_address(peer))

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)

    def _client(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The nearest hop that is no proxy of ours: what stands further left anyone can write."""
        client = peer
        for hop in reversed(forwarded_for):
            if not self.is_proxy(client) or _address(hop) is None:
                break
            client = hop
        return client

    def _find_place(self, client: str) -> tuple[int, Figures | None, Figures]:
        """The bucket's key (an IPv4 address or an IPv6 /64) and its figures; own ones know no slow lane."""
        address = _address(client)
        if address is None:
            return 0, SLOW_AFTER, REFUSE_AFTER
        key = int(address) if address.version == 4 else (int(address) >> 64) + (1 << 64)
        for limit in self._own_figures:
            if address in limit.network:
                return key, None, Figures(limit.burst, limit.per_second)
        return key, SLOW_AFTER, REFUSE_AFTER

    def _forget(self, now: float) -> None:
        """Drop the buckets that ran dry, and the older half where that is not enough."""
        self._buckets = {key: dry for key, dry in self._buckets.items() if max(dry) > now}
        if len(self._buckets) >= _MOST_CLIENTS:
            self._buckets = dict(list(self._buckets.items())[_MOST_CLIENTS // 2 :])


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
