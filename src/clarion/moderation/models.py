"""Decisions and reports. The queue itself is a query over states and flags that the apps below keep."""

from django.db import models

from clarion.kernel.ids import new_id


class Decision(models.Model):
    """What a moderator decided on one event or revision, and why."""

    class Verb(models.TextChoices):
        """The buttons of the queue."""

        KEEP = "keep"
        ASK = "ask-for-changes"
        REFUSE = "refuse"
        HIDE = "hide"
        UNDO = "undo"
        CORRECT = "correct"

    public_id = models.CharField(max_length=32, unique=True, default=new_id)
    campaign = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=20)  # event, revision, correction (a revision as well)
    object = models.CharField(max_length=32)
    event = models.CharField(max_length=32, db_index=True)  # the event itself, or the one that would change
    verb = models.CharField(max_length=20, choices=Verb.choices)
    reason = models.CharField(max_length=30, blank=True)
    sentence = models.CharField(max_length=500, blank=True)
    before = models.CharField(max_length=15)  # the state it had, for undo
    checked = models.CharField(max_length=10, blank=True)
    by = models.CharField(max_length=32)  # an organiser's public id
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["object_kind", "object", "-at"], name="moderation_decisions_on")]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object}"


class Report(models.Model):
    """What a reader says of a published event. It carries no address, and goes with its event."""

    public_id = models.CharField(max_length=32, unique=True)
    event = models.CharField(max_length=32, db_index=True)
    campaign = models.CharField(max_length=40)
    reason = models.CharField(max_length=20)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.reason} on {self.event}"


class Digest(models.Model):
    """When a moderator was last mailed what waits in a campaign."""

    organiser = models.CharField(max_length=32)  # public id
    campaign = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organiser", "campaign"], name="one_digest_for_a_moderator_and_campaign")
        ]

    def __str__(self) -> str:
        return f"{self.organiser} {self.campaign}"
