"""Django's entry for this app."""

from django.apps import AppConfig


class SignaturesConfig(AppConfig):
    """Signatures, how they are confirmed, and the counts."""

    name = "clarion.signatures"
    label = "signatures"
