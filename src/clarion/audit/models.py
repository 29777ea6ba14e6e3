"""Who did what, when: kinds and random ids, never a supporter's name, address or title."""

from django.db import models


class Entry(models.Model):
    """One act of an organiser or the host. Actor and object are kept as text, so that nothing points upward."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)  # organiser, host, worker
    actor = models.CharField(max_length=64, blank=True)
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=30)
    object = models.CharField(max_length=64, blank=True)
    campaign = models.CharField(max_length=40, blank=True)
    # In whose log it stands where no campaign is named. The default of the database is for the release before.
    team = models.CharField(max_length=20, blank=True, default="", db_default="")
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["campaign", "-at"], name="audit_by_campaign"),
            models.Index(fields=["team", "-at"], name="audit_by_team"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_kind} {self.verb} {self.object_kind}"
