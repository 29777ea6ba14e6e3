"""Campaigns and their texts. A version is all languages' texts at one moment."""

from django.db import models

from clarion.organisers.models import Team
from clarion.places.models import VenueList


class Campaign(models.Model):
    """One cause: its settings, its switches, and who answers for it."""

    slug = models.CharField(max_length=40, unique=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="campaigns")
    venue_lists = models.ManyToManyField(VenueList, blank=True, related_name="campaigns")

    default_language = models.CharField(max_length=12)
    authoritative_language = models.CharField(max_length=12, blank=True)
    organiser_name = models.CharField(max_length=200)
    organiser_email = models.EmailField()
    organiser_url = models.URLField(blank=True)
    controller_name = models.CharField(max_length=200, blank=True)
    controller_address = models.CharField(max_length=500, blank=True)
    privacy_contact = models.CharField(max_length=200, blank=True)
    accent = models.CharField(max_length=7, blank=True)
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    keep_until = models.DateField(null=True, blank=True)
    minimum_age = models.PositiveSmallIntegerField(default=16)
    is_discreet = models.BooleanField(default=False)  # neutral subjects of mails
    takes_signatures = models.BooleanField(default=True)
    takes_events = models.BooleanField(default=True)
    takes_gifts = models.BooleanField(default=True)
    count_threshold = models.PositiveIntegerField(default=5)
    never_shown = models.JSONField(default=list, blank=True)

    is_published = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    notice = models.JSONField(default=dict, blank=True)  # language -> one sentence

    picture = models.BinaryField(null=True, blank=True)  # re-encoded JPEG without metadata
    created_at = models.DateTimeField()
    launched_at = models.DateTimeField(null=True, blank=True)
    launched_folder = models.JSONField(default=dict, blank=True)  # file name -> SHA-256 at the last launch

    def __str__(self) -> str:
        return self.slug


class Version(models.Model):
    """One moment of a campaign's texts, counted from 1."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="one_version_for_a_number")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.campaign_id} v{self.number}"


class Statement(models.Model):
    """The text people sign, in one language of one version, with the bytes as launched."""

    class Status(models.TextChoices):
        """Who stands behind a translation."""

        OFFICIAL = "official"
        COMMUNITY = "community"
        MACHINE = "machine"

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="statements")
    language = models.CharField(max_length=12)
    raw = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=500, blank=True)
    body = models.TextField()  # Markdown
    demands = models.JSONField(default=list, blank=True)  # [{"text": …, "to": …}]
    dated_on = models.DateField(null=True, blank=True)
    translator = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.OFFICIAL)
    translates = models.PositiveIntegerField()
    picture_alt = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "language"], name="one_statement_for_a_language_of_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.language})"


class Draft(models.Model):
    """A statement as someone in the office is writing it, until a version is saved. An empty text: take it away."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="drafts")
    language = models.CharField(max_length=12)
    text = models.TextField(blank=True)  # the whole file: front matter, then Markdown
    changed_at = models.DateTimeField()
    by = models.CharField(max_length=32)  # an organiser's public id

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "language"], name="one_draft_for_a_language")]
        ordering = ["language"]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.language}"


class ConsentWording(models.Model):
    """A sentence that people agreed to at the button, kept for as long as anyone is bound to it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="consent_wordings")
    wording_id = models.CharField(max_length=32)  # hash of form, language and text
    form = models.CharField(max_length=20)  # sign, host
    language = models.CharField(max_length=12)
    text = models.TextField()
    first_used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "wording_id"], name="one_wording_for_an_id")]

    def __str__(self) -> str:
        return self.wording_id


class Update(models.Model):
    """News on a campaign, in one language."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="updates")
    posted_on = models.DateField()
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "posted_on", "language"], name="one_update_for_a_day_and_language"
            )
        ]
        ordering = ["-posted_on"]

    def __str__(self) -> str:
        return self.title
