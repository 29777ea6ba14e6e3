"""What is asked of waves, and of the crowds in which they are looked for."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import Count, F, Q, QuerySet

from clarion.campaigns.models import Campaign
from clarion.kernel.marks import MARKS_KEPT
from clarion.places.populations import people_of
from clarion.signatures.models import Signature, Wave
from clarion.signatures.wave_rules import (
    COUNTRY_FROM,
    WINDOW,
    Crowd,
    Marked,
    Traits,
    WaveKind,
    fitting,
    is_beyond_belief,
    is_wave,
)

State = Signature.State
Rows = QuerySet[Signature]
_NETWORKS = ("network_mark", "network_mark_before")


@dataclass(frozen=True, slots=True)
class Found:
    """A wave in the making: what its signatures share, and the numbers that give it away."""

    traits: Traits
    crowd: Crowd
    people: int | None = None


def traits_of(wave: Wave) -> Traits:
    """What the signatures of a wave share."""
    kind = cast(WaveKind, wave.kind)
    return Traits(kind, frozenset(wave.networks), wave.domain_mark, wave.name_mark, wave.country)


def held_by_waves(pks: Collection[int], campaigns: Collection[int]) -> dict[int, int]:
    """Which of these rows belong to a wave that is held, each with its number. Mostly there is none."""
    waves = [
        (wave.campaign_id, wave.pk, traits_of(wave))
        for wave in Wave.objects.filter(campaign__in=campaigns, state=Wave.State.HELD).order_by("pk")
    ]
    found = {}
    for pk, campaign, marked in _marked(pks) if waves else ():
        number = fitting([(number, traits) for owner, number, traits in waves if owner == campaign], marked)
        if number is not None:
            found[pk] = number
    return found


def _marked(pks: Collection[int]) -> Iterator[tuple[int, int, Marked]]:
    rows = Signature.objects.filter(pk__in=pks).values_list(
        "pk", "campaign", *_NETWORKS, "domain_mark", "name_mark", "country"
    )
    for pk, campaign, today, before, domain, name, country in rows:
        networks = tuple(one for one in (today, before) if one is not None)
        yield pk, campaign, Marked(networks, domain, name, country)


def sharing(traits: Traits) -> Q:
    """The condition of having these traits; as `Traits.fit`, asked of the database."""
    near = Q(network_mark__in=traits.networks) | Q(network_mark_before__in=traits.networks)
    domain, name = Q(domain_mark=traits.domain), Q(name_mark=traits.name)
    nobody = Q(pk__in=())
    match traits.kind:
        case "names":
            return name if traits.name is not None else nobody
        case "domain":
            return domain if traits.domain is not None else nobody
        case "network":
            return near
        case "mailboxes":
            return near & domain if traits.domain is not None else nobody
        case "country":
            return Q(country=traits.country)


def having(rows: Rows, traits: Traits) -> Rows:
    """Those of `rows` that share the traits."""
    return rows.filter(sharing(traits))


def counted_since(since: datetime) -> Rows:
    """What counts, belongs to no wave, was confirmed at `since` or later, and can still be compared."""
    marked = Signature.objects.filter(domain_mark__isnull=False, confirmed_at__isnull=False)
    return marked.filter(state=State.CONFIRMED, wave=None, confirmed_at__gte=since)


def busy_campaigns(since: datetime, at_least: int) -> dict[int, int]:
    """Campaigns of which so many were confirmed since then, and how many.

    Asked one by one: grouped by campaign, SQLite would walk through every signature there is.
    """
    campaigns = Campaign.objects.values_list("pk", flat=True)
    numbers = ((campaign, counted_since(since).filter(campaign=campaign).count()) for campaign in campaigns)
    return {campaign: n for campaign, n in numbers if n >= max(at_least, 1)}


def waves_among(rows: Rows, of: int, wave_from: int) -> Iterator[Found]:
    """The waves in the `of` rows of one window, the most exact kind first.

    Each is to be taken out of `rows` (a query, asked again) before the next is asked for.
    """
    candidates = (_by_name, _by_mailboxes, _by_domain, _by_network)
    for found in (found for look in candidates for found in look(rows, of, wave_from)):
        if is_wave(found.traits.kind, found.crowd, wave_from):
            yield found
    yield from _by_country(rows, of, wave_from)


def _by_name(rows: Rows, of: int, at_least: int) -> Iterator[Found]:
    """Only what has a network's mark: without, nobody knows from how many networks it came."""
    groups = rows.filter(network_mark__isnull=False).values("name_mark")
    numbers = groups.annotate(n=Count("pk"), networks=Count("network_mark", distinct=True)).filter(n__gte=at_least)
    for name, size, networks in list(numbers.values_list("name_mark", "n", "networks")):
        yield Found(Traits("names", name=name), Crowd(size, 1, of, networks))


def _by_domain(rows: Rows, of: int, at_least: int) -> Iterator[Found]:
    groups = rows.exclude(domain_mark=0).values("domain_mark").annotate(n=Count("pk"))
    for domain in list(groups.filter(n__gte=at_least).values_list("domain_mark", flat=True)):
        traits = Traits("domain", domain=domain)
        yield Found(traits, _crowd(having(rows, traits), of))


def _by_network(rows: Rows, of: int, at_least: int) -> Iterator[Found]:
    """Counted by either mark, so that midnight hides nobody: the larger half shows what the whole is like."""
    candidates: set[int] = set()
    for field in _NETWORKS:
        groups = rows.filter(**{f"{field}__isnull": False}).values(field)
        numbers = groups.annotate(n=Count("pk"), names=Count("name_mark", distinct=True))
        alike = numbers.filter(n__gte=at_least / 2).filter(n__gte=F("names") * 2)
        candidates.update(alike.values_list(field, flat=True))
    for networks in {networks_of(having(rows, Traits("network", frozenset({one})))) for one in candidates}:
        traits = Traits("network", networks)
        yield Found(traits, _crowd(having(rows, traits), of))


def _by_mailboxes(rows: Rows, of: int, at_least: int) -> Iterator[Found]:
    candidates: set[tuple[int, int]] = set()
    for field in _NETWORKS:
        groups = rows.exclude(domain_mark=0).filter(**{f"{field}__isnull": False}).values(field, "domain_mark")
        large = groups.annotate(n=Count("pk")).filter(n__gte=at_least / 2)
        candidates.update(large.values_list(field, "domain_mark"))
    pairs = {
        (networks_of(having(rows, Traits("network", frozenset({network})))), domain) for network, domain in candidates
    }
    for networks, domain in pairs:
        traits = Traits("mailboxes", networks, domain)
        yield Found(traits, _crowd(having(rows, traits), of))


def networks_of(rows: Rows) -> frozenset[int]:
    """All marks that the network of these rows has: those of one day lead to those of the day before and after."""
    found: set[int] = set()
    for field in _NETWORKS:
        found.update(rows.filter(**{f"{field}__isnull": False}).values_list(field, flat=True).distinct())
    return frozenset(found)


def _by_country(rows: Rows, of: int, wave_from: int) -> Iterator[Found]:
    for country, size in _groups(rows, "country", int(wave_from * COUNTRY_FROM)):
        people = people_of(country)
        if is_beyond_belief(size, people, wave_from):
            traits = Traits("country", country=country)
            yield Found(traits, _crowd(having(rows, traits), of), people)


def _groups(rows: Rows, field: str, at_least: int) -> list[tuple[Any, int]]:
    groups = rows.values(field).annotate(n=Count("pk")).filter(n__gte=at_least)
    return list(groups.values_list(field, "n"))


def _crowd(rows: Rows, of: int) -> Crowd:
    numbers = rows.aggregate(size=Count("pk"), names=Count("name_mark", distinct=True))
    return Crowd(numbers["size"], numbers["names"], of)


def not_released(rows: Rows, campaign: int, *, now: datetime) -> Rows:
    """Without those that share the traits of a wave which a person released while its marks still stand."""
    released = Wave.objects.filter(campaign=campaign, state=Wave.State.RELEASED, decided_at__gt=now - MARKS_KEPT)
    for wave in released:
        rows = rows.exclude(sharing(traits_of(wave)))
    return rows


def is_held(campaign: int, traits: Traits) -> bool:
    """Whether such a wave is held already."""
    held = Wave.objects.filter(campaign=campaign, kind=traits.kind, state=Wave.State.HELD)
    return any(_is_alike(traits_of(wave), traits) for wave in held)


def _is_alike(one: Traits, other: Traits) -> bool:
    shares_network = not one.networks.isdisjoint(other.networks) or not other.networks
    return shares_network and (one.domain, one.name, one.country) == (other.domain, other.name, other.country)


def unsettled_waves() -> list[int]:
    """Waves whose signatures are not all where they belong."""
    return list(Wave.objects.filter(is_settled=False).order_by("pk").values_list("pk", flat=True))


def watched_waves(*, now: datetime) -> list[int]:
    """Waves that may have got or lost a signature unseen: those that are held, or were decided within the hour.

    A confirmation that was under way on another worker may come to rest on the wrong side of a decision.
    """
    late = Q(state=Wave.State.HELD) | Q(decided_at__gt=now - WINDOW)
    return list(Wave.objects.filter(late).order_by("pk").values_list("pk", flat=True))


def waves_of(campaign: Campaign) -> QuerySet[Wave]:
    """All waves of a campaign, those that wait for a decision first, then the newest."""
    waits = Q(state=Wave.State.HELD)
    return Wave.objects.filter(campaign=campaign).annotate(waits=waits).order_by("-waits", "-opened_at")


def held_waves(campaign: Campaign) -> int:
    """How many waves wait for a decision."""
    return Wave.objects.filter(campaign=campaign, state=Wave.State.HELD).count()


def held_count(campaign: Campaign) -> int:
    """How many signatures are held."""
    waves = Wave.objects.filter(campaign=campaign)
    return Signature.objects.filter(wave__in=waves, state=State.HELD).count()


def wave_sizes(waves: Collection[Wave]) -> dict[int, int]:
    """How many signatures belong to each wave; who withdrew belongs to none."""
    members = Signature.objects.filter(wave__in=[wave.pk for wave in waves])
    return dict(members.values("wave").annotate(n=Count("pk")).values_list("wave", "n"))
