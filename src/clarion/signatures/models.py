"""Signatures and the sums of those that count."""

from django.db import models

from clarion.campaigns.models import Campaign


class Signature(models.Model):
    """One form that one person sent. Name, address and postcode lie in `box`, closed with the field key."""

    class State(models.TextChoices):
        """Pending until its owner confirms; confirmed ones alone count.

        Held and voided ones are confirmed too, and belong to a wave. The last three hold no personal data once
        their mails have gone.
        """

        PENDING = "pending"
        CONFIRMED = "confirmed"
        HELD = "held"
        VOIDED = "voided"
        WITHDRAWN = "withdrawn"
        DENIED = "denied"
        EXPIRED = "expired"

    public_id = models.CharField(max_length=32, unique=True)
    # No index of its own: those below begin with it.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="signatures", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=12)
    consent = models.CharField(max_length=32)
    country = models.CharField(max_length=2, blank=True)  # ZZ: prefers not to say; empty once erased
    address_hash = models.BinaryField(max_length=16, null=True, blank=True)  # keyed hash of the canonical address
    box = models.BinaryField(null=True, blank=True)
    signed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_mailed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    wave = models.ForeignKey("Wave", on_delete=models.SET_NULL, null=True, blank=True, db_index=False)
    # What it is compared by for two days (kernel.marks): the network by the key of its day and of the day before,
    # the mail domain (0: a large provider), the name's pattern.
    network_mark = models.BigIntegerField(null=True, blank=True)
    network_mark_before = models.BigIntegerField(null=True, blank=True)
    domain_mark = models.BigIntegerField(null=True, blank=True)
    name_mark = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "address_hash"],
                condition=models.Q(state__in=("confirmed", "held")),
                name="one_confirmed_signature_for_an_address",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("confirmed", "held", "voided")) | models.Q(confirmed_at__isnull=False),
                name="a_confirmed_signature_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "address_hash"], name="signatures_of_an_address"),
            models.Index(fields=["address_hash"], name="signatures_by_address"),
            models.Index(fields=["state", "last_mailed_at"], name="signatures_to_expire"),
            # Small once data has gone: so that looking for what is kept too long each minute costs nothing.
            models.Index(
                fields=["campaign", "signed_at"], condition=models.Q(box__isnull=False), name="signatures_held"
            ),
            models.Index(fields=["wave", "state"], condition=models.Q(wave__isnull=False), name="signatures_of_a_wave"),
            # Two days' worth: what waves are looked for in, and what is unmarked in time.
            models.Index(
                fields=["campaign", "confirmed_at"],
                condition=models.Q(confirmed_at__isnull=False, domain_mark__isnull=False),
                name="signatures_lately",
            ),
            models.Index(fields=["signed_at"], condition=models.Q(domain_mark__isnull=False), name="signatures_marked"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.state}"


class Tally(models.Model):
    """How many of a campaign's confirmed signatures came from a country on a UTC day. Never published so finely."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tallies")
    day = models.DateField()
    country = models.CharField(max_length=2)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "day", "country"], name="one_tally_for_a_day_and_country")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.country} {self.count}"


class CountState(models.Model):
    """When a campaign's figures last changed, and the figures shown while they are frozen."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="count_state")
    changed_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen = models.JSONField(null=True, blank=True)  # as counts.json

    def __str__(self) -> str:
        return f"counts of {self.campaign_id}"


# An address's place is taken by one of these: it counts, or may once its wave is released.
STANDING = (Signature.State.CONFIRMED, Signature.State.HELD)
HOLDING_DATA = (Signature.State.PENDING, *STANDING, Signature.State.VOIDED)


class Wave(models.Model):
    """Signatures that look like the work of one machine; they are held, released or voided as a whole (ADR 0012)."""

    class State(models.TextChoices):
        """Where its signatures belong; until `is_settled` the worker is still bringing them there."""

        HELD = "held"
        RELEASED = "released"
        VOIDED = "voided"

    public_id = models.CharField(max_length=32, unique=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="waves")
    kind = models.CharField(max_length=10)  # wave_rules.WaveKind
    networks = models.JSONField(default=list, blank=True)  # marks
    domain_mark = models.BigIntegerField(null=True, blank=True)
    name_mark = models.BigIntegerField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True)
    found = models.JSONField(default=dict)  # the numbers that gave it away: Crowd, people
    since = models.DateTimeField()
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    is_settled = models.BooleanField(default=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)  # an organiser's random id
    reason = models.CharField(max_length=300, blank=True)  # in the words of who decided

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
