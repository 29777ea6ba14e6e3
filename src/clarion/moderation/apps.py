"""Django's entry for this app."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """Decisions on what strangers propose, with reasons and undo; reports."""

    name = "clarion.moderation"
    label = "moderation"
