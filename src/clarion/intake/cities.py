"""Which cities a proposal may name: those of the published list of its country."""

import json
from collections import OrderedDict

from clarion.intake.files import FileStore, Published
from clarion.kernel.files import cities_file
from clarion.kernel.text import folded

_MOST_COUNTRIES = 64


class CityLists:
    """The lists of the countries asked about lately."""

    def __init__(self, site: FileStore) -> None:
        self._site = site
        self._lists: OrderedDict[str, tuple[Published, frozenset[str]]] = OrderedDict()

    def has(self, country: str, city: str, now: float) -> bool:
        """Whether `city` is in the list of `country`; anything is where no list is published."""
        published = self._site.find(cities_file(country), now)
        return published is None or folded(city) in self._names(country, published)

    def _names(self, country: str, published: Published) -> frozenset[str]:
        kept = self._lists.get(country)
        if kept is None or kept[0].stamp != published.stamp:
            kept = published, _names_in(published.variants[""].body)
            self._lists[country] = kept
            if len(self._lists) > _MOST_COUNTRIES:
                self._lists.popitem(last=False)
        return kept[1]


def _names_in(text: bytes) -> frozenset[str]:
    """The folded names in rows of [id, name, other names …]."""
    return frozenset(folded(name) for _, *names in json.loads(text) for name in names if isinstance(name, str))
