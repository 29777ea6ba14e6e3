"""Which language to show to someone who comes to a campaign's bare address."""

from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=1024)
def wanted_languages(header: str) -> tuple[str, ...]:
    """The tags of an Accept-Language header (RFC 9110, section 12.5.4), the most wanted first, lower case."""
    weighed = []
    for place, part in enumerate(header.lower().split(",")[:20]):
        tag, _, weight = part.partition(";")
        quality = _quality(weight)
        if tag.strip() and quality > 0:
            weighed.append((-quality, place, tag.strip()))
    return tuple(tag for _, _, tag in sorted(weighed))


def _quality(text: str) -> float:
    try:
        return float(text.replace(" ", "").removeprefix("q=")) if text.strip() else 1.0
    except ValueError:
        return 0.0


def choose_language(header: str, languages: Sequence[str], default: str) -> str:
    """The one of `languages` that comes nearest to the header: the tag itself, else the same language."""
    for wanted in wanted_languages(header):
        exact = [tag for tag in languages if tag.lower() == wanted]
        alike = [tag for tag in languages if tag.lower().partition("-")[0] == wanted.partition("-")[0]]
        if exact or alike:
            return (exact or alike)[0]
    return default
