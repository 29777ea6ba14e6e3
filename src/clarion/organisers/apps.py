"""Django's entry for this app."""

from django.apps import AppConfig


class OrganisersConfig(AppConfig):
    """Organisers, their teams and roles, and how they sign in."""

    name = "clarion.organisers"
    label = "organisers"
