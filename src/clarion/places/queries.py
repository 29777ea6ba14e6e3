"""Shared reads of venue lists. A campaign is known here only as something that names lists."""

from django.db.models import Model, QuerySet

from clarion.places.models import Venue


def venues_of(campaign: Model) -> QuerySet[Venue]:
    """The venues of a campaign's lists by country, city and name; not those that only events name."""
    return Venue.objects.filter(venue_list__campaigns=campaign.pk, is_gone=False).order_by(
        "country", "city", "name", "ref"
    )
