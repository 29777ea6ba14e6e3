"""Django's entry for this app."""

from django.apps import AppConfig


class DonationsConfig(AppConfig):
    """Ways to give."""

    name = "clarion.donations"
    label = "donations"
