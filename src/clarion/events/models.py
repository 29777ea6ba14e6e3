"""Events and the changes their organisers ask for."""

from django.db import models

from clarion.campaigns.models import Campaign
from clarion.places.models import Venue


class Event(models.Model):
    """A gathering. Wall time and zone are what counts; the UTC moments are derived from them."""

    class State(models.TextChoices):
        """Where an event stands between its proposal and its end."""

        UNCONFIRMED = "unconfirmed"
        WAITING = "waiting"
        CHANGES_ASKED = "changes-asked"
        KEPT = "kept"
        REFUSED = "refused"
        HIDDEN = "hidden"
        CANCELLED = "cancelled"
        ENDED = "ended"
        DENIED = "denied"

    class Checked(models.TextChoices):
        """How a moderator knows that the event is real."""

        KNOWN = "known"
        SPOKEN = "spoken"
        NEITHER = "neither"

    class Origin(models.TextChoices):
        """Who brought it."""

        LAUNCH = "launch"
        PROPOSAL = "proposal"
        OFFICE = "office"

    public_id = models.CharField(max_length=32, unique=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="events")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    row = models.CharField(max_length=64, blank=True)  # the `id` of events.csv
    state = models.CharField(max_length=15, choices=State.choices)
    checked = models.CharField(max_length=10, choices=Checked.choices, blank=True)

    title = models.CharField(max_length=100)
    language = models.CharField(max_length=12)
    kind = models.CharField(max_length=20)
    venue = models.ForeignKey(Venue, on_delete=models.SET_NULL, null=True, blank=True, related_name="events")
    country = models.CharField(max_length=2)
    city = models.CharField(max_length=100)
    address = models.CharField(max_length=200, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    is_centre = models.BooleanField(default=False)  # the point is only that of the city: nobody gathers there
    read_as = models.JSONField(null=True, blank=True)  # what its row came to when last read: its key, its point
    starts_local = models.CharField(max_length=16)  # 2026-12-10T18:00, as clocks show it there
    ends_local = models.CharField(max_length=16, blank=True)  # empty: two hours after the start
    zone = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    bring = models.CharField(max_length=500, blank=True)
    accessibility = models.CharField(max_length=500, blank=True)
    public_contact = models.CharField(max_length=200, blank=True)

    host_box = models.BinaryField(null=True, blank=True)  # name and e-mail of its organiser
    host_hash = models.BinaryField(max_length=16, null=True, blank=True)
    host_language = models.CharField(max_length=12, blank=True)  # of their mails and manage page
    consent = models.CharField(max_length=32, blank=True)
    same_hash = models.BinaryField(max_length=16, null=True, blank=True)  # keyed hash of the whole proposal

    sequence = models.PositiveIntegerField(default=0)  # RFC 5545
    generation = models.PositiveIntegerField(default=0)  # of the manage link
    proposed_at = models.DateTimeField()
    last_mailed_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    kept_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)  # last time its public text changed
    moved_at = models.DateTimeField(null=True, blank=True)  # last kept change of place or time
    moved = models.JSONField(default=dict, blank=True)  # what place and time were before
    flags = models.JSONField(default=list, blank=True)  # rules.Flag codes for the moderator

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "row"],
                condition=~models.Q(row=""),
                name="one_event_for_a_row_of_events_csv",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="an_event_ends_after_it_starts"
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "state", "starts_at"], name="events_to_show"),
            models.Index(fields=["host_hash"], name="events_of_an_address"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def exact_point(self) -> tuple[float, float] | None:
        """Latitude and longitude where people gather; None where no point is known but the city's."""
        if self.is_centre or self.lat is None or self.lon is None:
            return None
        return self.lat, self.lon


class Revision(models.Model):
    """A later change of an event: asked for by its organiser, it stands beside the event until it is kept.

    A moderator's correction is one that was kept as it was made.
    """

    class State(models.TextChoices):
        """Where a change stands."""

        WAITING = "waiting"
        KEPT = "kept"
        CHANGES_ASKED = "changes-asked"
        REFUSED = "refused"
        REPLACED = "replaced"  # by a later one before anyone decided

    public_id = models.CharField(max_length=32, unique=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="revisions")
    state = models.CharField(max_length=15, choices=State.choices, default=State.WAITING)
    fields = models.JSONField(default=dict)  # the public fields that would change: name -> new value
    before = models.JSONField(default=dict, blank=True)  # once kept: what they were, for undo
    starts_at = models.DateTimeField()  # as asked for, at the place asked for
    flags = models.JSONField(default=list, blank=True)  # rules.Flag codes of the text asked for
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event"],
                condition=models.Q(state="waiting"),
                name="one_waiting_revision_for_an_event",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.state}"
