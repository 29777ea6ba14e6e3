"""The marks of networks that sign forms carry (ADR 0012). Nothing here is written down anywhere."""

from datetime import date
from functools import lru_cache

from clarion.kernel.keys import Key
from clarion.kernel.marks import NetworkKeys, keys_in_force, mark

_MOST_NETWORKS = 65_536


class NetworkMarks:
    """Marks networks with the keys of the policy file; those of a network that comes again are known."""

    def __init__(self) -> None:
        self._keys: NetworkKeys = {}
        self._day = date.min
        self._in_force: tuple[Key, ...] = ()
        self._known = lru_cache(maxsize=_MOST_NETWORKS)(self._marks)

    def of(self, network: int, keys: NetworkKeys, today: date) -> tuple[int, ...]:
        """The marks of a network (see `Sender.crowd`), by the key of `today` and by the one before."""
        if keys is not self._keys or today != self._day:
            self._keys, self._day = keys, today
            self._in_force = keys_in_force(keys, today)
            self._known.cache_clear()
        return self._known(network)

    def _marks(self, network: int) -> tuple[int, ...]:
        return tuple(mark(key, str(network)) for key in self._in_force) if network else ()
