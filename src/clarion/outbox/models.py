"""Mails promised, and what is remembered of an address so that nobody's mailbox is bombed."""

from django.db import models


class Mail(models.Model):
    """One mail to be sent: no text, no address, no token. The app that owns `kind` renders it when it is due."""

    class Lane(models.IntegerChoices):
        """Confirmations never wait behind other mail."""

        CONFIRMATIONS = 1
        SLOW = 2
        REST = 3

    kind = models.CharField(max_length=40)
    record = models.CharField(max_length=40)
    campaign = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=12)
    lane = models.SmallIntegerField(choices=Lane.choices, default=Lane.REST)
    promised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0)  # of them, those whose reason is doubted
    message_id = models.CharField(max_length=80, unique=True)
    is_held = models.BooleanField(default=False)  # promised before a backup that was restored
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["lane", "due_at"], name="outbox_next"),
            models.Index(fields=["record"], name="outbox_of_record"),  # who withdraws takes back what waits
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record}"


class AddressMark(models.Model):
    """A keyed hash of an address, kept seven days: a mail that a stranger's form caused, or a "not me"."""

    address_hash = models.BinaryField(max_length=16)
    campaign = models.CharField(max_length=40)
    at = models.DateTimeField()
    is_denial = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["address_hash", "at"], name="outbox_marks_of_address"),
            models.Index(fields=["at"], name="outbox_marks_by_age"),
        ]

    def __str__(self) -> str:
        return "denial" if self.is_denial else "mail"
