"""Django's entry for this app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only record of what organisers and the host did."""

    name = "clarion.audit"
    label = "audit"
