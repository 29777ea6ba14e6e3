"""Venue lists: the places people are asked to gather at."""

from django.db import models


class VenueList(models.Model):
    """A list of venues; a campaign names the lists it uses, so that two campaigns may share one."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Venue(models.Model):
    """One public place: a mission, a parliament, a square."""

    class Type(models.TextChoices):
        """What stands there."""

        MISSION = "mission"
        PARLIAMENT = "parliament"
        MINISTRY = "ministry"
        SQUARE = "square"
        OFFICE = "office"
        OTHER = "other"

    venue_list = models.ForeignKey(VenueList, on_delete=models.CASCADE, related_name="venues")
    ref = models.CharField(max_length=64)  # the `id` of venues.csv
    type = models.CharField(max_length=20, choices=Type.choices, default=Type.OTHER)
    operator = models.CharField(max_length=2, blank=True)  # the country whose mission it is
    country = models.CharField(max_length=2)
    city = models.CharField(max_length=100, blank=True)
    address = models.CharField(max_length=200, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200)
    is_gone = models.BooleanField(default=False)  # no longer in the list, but events name it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["venue_list", "ref"], name="one_venue_for_an_id_of_a_list")]
        indexes = [models.Index(fields=["venue_list", "country"], name="places_venues_by_country")]

    def __str__(self) -> str:
        return self.name
