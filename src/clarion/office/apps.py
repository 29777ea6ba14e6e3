"""Django's entry for this app."""

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """The organisers' back office: views, forms, templates."""

    name = "clarion.office"
    label = "office"
