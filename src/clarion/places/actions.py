"""Every write to venue lists."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction

from clarion.places.models import Venue, VenueList
from clarion.places.rules import VenueRow


@dataclass(frozen=True, slots=True)
class VenueChanges:
    """What saving a list did, by venue id; `gone`: no longer in the list but named by events."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.gone)


@transaction.atomic
def ensure_venue_list(name: str) -> VenueList:
    """The list with this name, made where there is none."""
    return VenueList.objects.get_or_create(name=name)[0]


@transaction.atomic
def drop_venue_lists(keys: Collection[int]) -> None:
    """Take these lists away with their venues."""
    VenueList.objects.filter(pk__in=keys).delete()


@transaction.atomic
def save_venues(venue_list: VenueList, rows: Sequence[VenueRow], *, in_use: Collection[int] = ()) -> VenueChanges:
    """Make these rows the list. Safe to repeat. `in_use`: keys of venues that events name; those stay, as gone."""
    known = {venue.ref: venue for venue in venue_list.venues.all()}
    fresh = {row.ref: _venue(venue_list, row) for row in rows}
    added = [venue for ref, venue in fresh.items() if ref not in known]
    changed = [_renewed(known[ref], venue) for ref, venue in fresh.items() if ref in known]
    changed = [venue for venue in changed if venue is not None]
    absent = [venue for ref, venue in known.items() if ref not in fresh]
    gone = [venue for venue in absent if venue.pk in in_use and not venue.is_gone]
    removed = [venue for venue in absent if venue.pk not in in_use]
    Venue.objects.bulk_create(added)
    Venue.objects.bulk_update([venue for venue in changed if venue], [*_COLUMNS, "is_gone"])
    Venue.objects.filter(pk__in=[venue.pk for venue in gone]).update(is_gone=True)
    Venue.objects.filter(pk__in=[venue.pk for venue in removed]).delete()
    return VenueChanges(_refs(added), _refs([v for v in changed if v]), _refs(removed), _refs(gone))


_COLUMNS = ("type", "operator", "country", "city", "address", "lat", "lon", "zone", "name")


def _venue(venue_list: VenueList, row: VenueRow) -> Venue:
    return Venue(venue_list=venue_list, zone=row.zone, **asdict(row))


def _renewed(old: Venue, new: Venue) -> Venue | None:
    """The old record with what the new row says, or None where it says the same."""
    if not old.is_gone and all(getattr(old, name) == getattr(new, name) for name in _COLUMNS):
        return None
    for name in _COLUMNS:
        setattr(old, name, getattr(new, name))
    old.is_gone = False
    return old


def _refs(venues: Sequence[Venue]) -> tuple[str, ...]:
    return tuple(sorted(venue.ref for venue in venues))
