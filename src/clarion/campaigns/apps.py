"""Django's entry for this app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaigns with their statements, demands, translations and updates."""

    name = "clarion.campaigns"
    label = "campaigns"
