"""Django's entry for this app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Coarse work promised in the transaction that needs it."""

    name = "clarion.jobs"
    label = "jobs"
