"""Shared reads of events."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Prefetch, Q, QuerySet

from clarion.campaigns.models import Campaign
from clarion.events.models import Event, Revision
from clarion.events.rules import EventFields, Spot, is_copy, with_changes
from clarion.places.models import Venue

PUBLIC = Q(state__in=(Event.State.KEPT, Event.State.ENDED)) | Q(state=Event.State.CANCELLED, kept_at__isnull=False)
HAS_HOST = Q(host_box__isnull=False) | Q(host_hash__isnull=False) | Q(same_hash__isnull=False)
_UNSHOWN = (
    "row",
    "read_as",
    "host_hash",
    "consent",
    "same_hash",
    "last_mailed_at",
    "confirmed_at",
    "flags",
)  # on no page
UNLINKED = (Event.State.UNCONFIRMED, Event.State.DENIED)
_DEAD = (Event.State.REFUSED, Event.State.DENIED, Event.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of one country: places where people are asked to gather, and events announced."""

    venues: int
    events: int

    @property
    def state(self) -> Literal["none", "venues", "announced"]:
        """How the map shows it."""
        return "announced" if self.events else "venues" if self.venues else "none"


def published_events(campaign: Campaign) -> list[Event]:
    """What the public sees, by start: kept, ended, and cancelled after having been kept.

    Without the campaign, which may carry a picture: they may be ten thousand.
    """
    found = Event.objects.filter(PUBLIC, campaign=campaign).select_related("venue").defer(*_UNSHOWN)
    return list(found.order_by("starts_at", "public_id"))


def unpublished_events_with_host(campaign: Campaign) -> list[Event]:
    """Events that the public does not see, and that an organiser holds a link to."""
    linked = campaign.events.exclude(PUBLIC).exclude(state__in=UNLINKED).exclude(host_box=None)
    return list(linked.select_related("venue").order_by("pk"))


def hosted_count(campaign: Campaign, until: datetime) -> int:
    """Of how many events proposed up to `until` it is held who organises them."""
    return Event.objects.filter(HAS_HOST, campaign=campaign, proposed_at__lte=until).count()


def ids_with_waiting_change(campaign: Campaign) -> frozenset[str]:
    """The events of which a change waits for a moderator."""
    waiting = Revision.objects.filter(event__campaign=campaign, state=Revision.State.WAITING)
    return frozenset(waiting.values_list("event__public_id", flat=True))


def _with_places(events: QuerySet[Event]) -> QuerySet[Event]:
    return events.select_related("venue", "campaign")


def event_by_public_id(public_id: str) -> Event | None:
    """One event in whatever state, with campaign and venue."""
    return _with_places(Event.objects.filter(public_id=public_id)).first()


def events_by_public_ids(public_ids: Collection[str]) -> list[Event]:
    """These events in whatever state, each with its venue."""
    return list(Event.objects.filter(public_id__in=public_ids).select_related("venue").order_by("pk"))


def revision_by_public_id(public_id: str) -> Revision | None:
    """One change, with its event."""
    found = Revision.objects.select_related("event__campaign", "event__venue").filter(public_id=public_id)
    return found.first()


def coverage(campaign: Campaign) -> dict[str, Coverage]:
    """By country code, the countries of which anything is known; a cancelled event announces nothing."""
    lists = campaign.venue_lists.all()
    venues = Counter(Venue.objects.filter(venue_list__in=lists, is_gone=False).values_list("country", flat=True))
    shown = (Event.State.KEPT, Event.State.ENDED)
    events = Counter(Event.objects.filter(campaign=campaign, state__in=shown).values_list("country", flat=True))
    return {country: Coverage(venues[country], events[country]) for country in sorted({*venues, *events} - {""})}


def in_countries(countries: Collection[str]) -> Q:
    """Events of these countries; of all where none is named."""
    return Q(country__in=list(countries)) if countries else Q()


def waiting_events(campaign: Campaign, countries: Collection[str] = ()) -> list[Event]:
    """What waits for a moderator, the oldest first, each with its waiting change in `waiting_revisions`.

    A new event waits itself; a kept or hidden one is here for the sake of its change.
    """
    return list(events_in_queue(campaign, countries).order_by("proposed_at", "public_id"))


def events_in_queue(campaign: Campaign, countries: Collection[str] = ()) -> QuerySet[Event]:
    """The events of `waiting_events`, in no order."""
    changed = Q(state__in=(Event.State.KEPT, Event.State.HIDDEN), revisions__state=Revision.State.WAITING)
    found = Event.objects.filter(Q(state=Event.State.WAITING) | changed, in_countries(countries), campaign=campaign)
    waiting = Revision.objects.filter(state=Revision.State.WAITING)
    return _with_places(found).distinct().prefetch_related(Prefetch("revisions", waiting, to_attr="waiting_revisions"))


def events_of_host(address_hash: bytes) -> list[Event]:
    """Every event of which this address is held, by start."""
    return list(_with_places(Event.objects.filter(host_hash=address_hash)).order_by("starts_at", "public_id"))


def has_confirmed_event(address_hash: bytes) -> bool:
    """Whether this address has proved itself by an event."""
    return Event.objects.filter(host_hash=address_hash, confirmed_at__isnull=False).exists()


def venue_of(campaign: Campaign, ref: str) -> Venue | None:
    """The venue with this id on one of the campaign's lists; one that is still listed wins."""
    if not ref:
        return None
    found = Venue.objects.filter(venue_list__in=campaign.venue_lists.all(), ref=ref)
    return found.order_by("is_gone", "pk").first()


def copies_of(campaign: Campaign, spot: Spot, except_id: str = "") -> list[Event]:
    """Living events that may be the same one."""
    same_day = Event.objects.filter(campaign=campaign, starts_local__startswith=spot.day)
    others = same_day.exclude(state__in=_DEAD).exclude(state=Event.State.UNCONFIRMED).exclude(public_id=except_id)
    return [event for event in others if is_copy(spot, spot_of(event))]


def spot_of(event: Event) -> Spot:
    """Where and when an event takes place."""
    return Spot(event.starts_local[:10], event.venue_id, event.lat, event.lon)


def spot_asked_for(event: Event, changes: Mapping[str, Any]) -> Spot:
    """Where and when it would take place after these changes; its venue must have been fetched."""
    asked = with_changes(fields_of(event), changes)
    venue = venue_of(event.campaign, asked.venue)
    return Spot(asked.starts_local[:10], venue.pk if venue else None, asked.lat, asked.lon)


def fields_of(event: Event) -> EventFields:
    """What an event says now; its venue must have been fetched."""
    return EventFields(
        title=event.title, starts_local=event.starts_local, ends_local=event.ends_local, language=event.language,
        kind=event.kind, venue=event.venue.ref if event.venue else "", country=event.country, city=event.city,
        address=event.address, lat=event.lat, lon=event.lon, is_centre=event.is_centre, zone=event.zone,
        bring=event.bring, accessibility=event.accessibility, public_contact=event.public_contact,
    )  # fmt: skip


def is_public(event: Event) -> bool:
    """Whether the public sees it."""
    was_kept = event.state != Event.State.CANCELLED or event.kept_at is not None
    return event.state in (Event.State.KEPT, Event.State.ENDED, Event.State.CANCELLED) and was_kept


def counts_by_state(campaign: Campaign) -> Mapping[str, int]:
    """How many events are in each state."""
    return Counter(Event.objects.filter(campaign=campaign).values_list("state", flat=True))


def waiting_since(event: Event) -> datetime:
    """Since when an event of the queue, or its change, waits."""
    revisions: list[Revision] = getattr(event, "waiting_revisions", [])
    if revisions:
        return revisions[0].proposed_at
    return event.confirmed_at or event.proposed_at
