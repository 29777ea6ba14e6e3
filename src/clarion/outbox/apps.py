"""Django's entry for this app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Mails promised: kind, record id, language, due, lane, attempts."""

    name = "clarion.outbox"
    label = "outbox"
