"""Which submissions were drained: what makes draining exactly once."""

from django.db import models


class Receipt(models.Model):
    """The id of one drained submission, unique: a row that comes again is passed over."""

    submission = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="privacy_receipts_by_age")]

    def __str__(self) -> str:
        return self.submission


class MyDataMail(models.Model):
    """That an address was mailed the links of its own data: once a day at the most."""

    address_hash = models.BinaryField(max_length=16, unique=True)
    box = models.BinaryField()  # the address as typed, until the mail has gone
    at = models.DateTimeField()
    public_id = models.CharField(max_length=32, unique=True)

    def __str__(self) -> str:
        return self.public_id


class SetAside(models.Model):
    """A row of the inbox that could not be understood: kept as it came (sealed), and reported."""

    submission = models.CharField(max_length=32, unique=True)
    sealed = models.BinaryField()
    sealed_key = models.BinaryField()
    key_number = models.PositiveIntegerField()
    error = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.submission
