"""Workers' signs of life, where several machines share the records; and marks of the keys that all must hold."""

from django.db import models


class Heartbeat(models.Model):
    """What one worker last said of itself (`worker.pulse.Beat`)."""

    machine = models.CharField(max_length=200, primary_key=True)
    at = models.DateTimeField()
    said = models.JSONField()

    def __str__(self) -> str:
        return self.machine


class KeyMark(models.Model):
    """By what one of the installation's keys is told from any other; nothing of the key can be learnt from it."""

    purpose = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    mark = models.BinaryField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["purpose", "number"], name="machines_one_mark_of_a_key")]

    def __str__(self) -> str:
        return f"{self.purpose}-{self.number}"
