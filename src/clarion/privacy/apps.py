"""Django's entry for this app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """What is held about an address, its links, erasing, keep-until."""

    name = "clarion.privacy"
    label = "privacy"
