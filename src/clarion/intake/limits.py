"""How many forms one network may send (design, "Limits"). Nothing here is written down anywhere.

Each network has two leaky buckets for each form, so that a flood of one form keeps nobody from another: whoever signed
can confirm. A bucket is kept as one number: the moment at which it will have run dry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, inet_pton
from typing import Literal, NamedTuple

from clarion.env import Network, NetworkLimit
from clarion.kernel.forms import FormName

_MAPPED = bytes(10) + b"\xff\xff"  # an IPv4 address in IPv6 clothes (RFC 4291, section 2.5.5.2)
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


class Sender(NamedTuple):
    """Where a form comes from: the number of its network, and that network's own figures, which know no slow lane."""

    network: int
    own: Allowance | None = None

    @property
    def crowd(self) -> int:
        """The network by which alike signatures are seen to be one crowd; 0 where it is not known or says nothing.

        It says nothing of a network with figures of its own: behind an onion service stands everybody.
        """
        return 0 if self.own else self.network


class Limits:
    """The buckets of all networks that sent a form lately."""

    def __init__(self, own_figures: Sequence[NetworkLimit] = (), trusted_proxies: Sequence[Network] = ()) -> None:
        self._own_figures = own_figures
        self._trusted = trusted_proxies
        self._buckets: dict[tuple[str, int], tuple[float, float]] = {}
        self._sender_at = lru_cache(maxsize=65_536)(self._find_sender)
        self._is_proxy = lru_cache(maxsize=4_096)(self._find_proxy)

    def sender(self, peer: str, forwarded_for: str) -> Sender:
        """Who sent a form that came from `peer`, with what its X-Forwarded-For lines say (joined by commas)."""
        return self._sender_at(self._client(peer, forwarded_for))

    def judge(self, form: FormName, sender: Sender, now: float) -> Verdict:
        """Count one form that `sender` sent at monotonic time `now` and say what to do with it."""
        allowance = sender.own or ALLOWANCES[form]
        bucket = (form, sender.network)
        slow_dry_at, dry_at = self._buckets.get(bucket, (0.0, 0.0))
        later = allowance.refused.after(dry_at, now)
        if later is None:
            return Verdict.REFUSE
        slow_later = allowance.slow.after(slow_dry_at, now) if allowance.slow else 0.0
        self._keep(bucket, (slow_dry_at if slow_later is None else slow_later, later), now)
        return Verdict.SLOW if slow_later is None else Verdict.TAKE

    def note_bad_link(self, sender: Sender, now: float) -> None:
        """Count one garbled link."""
        bucket = (_BAD_LINK, sender.network)
        _, dry_at = self._buckets.get(bucket, (0.0, 0.0))
        later = (sender.own or ALLOWANCES[_BAD_LINK]).refused.after(dry_at, now)
        if later is not None:
            self._keep(bucket, (0.0, later), now)

    def may_open_links(self, sender: Sender, now: float) -> bool:
        """Whether links are looked at: not for a network that guesses. Good links are counted nowhere."""
        found = self._buckets.get((_BAD_LINK, sender.network))
        return found is None or (sender.own or ALLOWANCES[_BAD_LINK]).refused.after(found[1], now) is not None

    def _find_proxy(self, peer: str) -> bool:
        """Whether what `peer` says of others is believed."""
        packed = _packed(peer)
        return packed is not None and any(ip_address(packed) in network for network in self._trusted)

    def _client(self, peer: str, forwarded_for: str) -> str:
        """The nearest hop that is no proxy of ours: what stands further left anyone can write."""
        client = peer
        while forwarded_for and self._is_proxy(client):
            forwarded_for, _, hop = forwarded_for.rpartition(",")
            if _packed(hop) is None:
                break
            client = hop.strip()
        return client

    def _find_sender(self, client: str) -> Sender:
        """The network of an IPv4 address or an IPv6 /64."""
        packed = _packed(client)
        if packed is None:
            return Sender(0)
        number = int.from_bytes(packed) if len(packed) == 4 else int.from_bytes(packed[:8]) + (1 << 64)
        for limit in self._own_figures:
            if ip_address(packed) in limit.network:
                return Sender(number, Allowance(None, Figures(limit.burst, limit.per_second)))
        return Sender(number)

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
def _packed(text: str) -> bytes | None:
    """The bytes of the address in `text`, which may carry brackets, a zone or a port; None where there is none.

    By the system's own reading: a sixth of the time of `ipaddress`, and most visitors come once.
    """
    plain = text.strip().removeprefix("[").partition("]")[0].partition("%")[0]
    if plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        if ":" not in plain:
            return inet_pton(AF_INET, plain)
        packed = inet_pton(AF_INET6, plain)
    except (OSError, ValueError):
        return None
    return packed.removeprefix(_MAPPED)
