"""Shared reads of venue lists. A campaign is known here only as something that names lists."""

from django.db.models import Model, QuerySet

from clarion.places.models import Venue, VenueList


def venues_of(campaign: Model, *, with_gone: bool = False) -> QuerySet[Venue]:
    """The venues of a campaign's lists by country, city and name; `with_gone`: those that only events name, too."""
    venues = Venue.objects.filter(venue_list__campaigns=campaign.pk)
    if not with_gone:
        venues = venues.filter(is_gone=False)
    return venues.order_by("country", "city", "name", "ref")


def venue_of(campaign: Model, ref: str) -> Venue | None:
    """The venue that the campaign knows by this id."""
    return venues_of(campaign).filter(ref=ref).first()


def venue_list(name: str) -> VenueList | None:
    """The list with this name."""
    return VenueList.objects.filter(name=name).first()
