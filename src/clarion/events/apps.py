"""Django's entry for this app."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Events, their revisions, and who may change them."""

    name = "clarion.events"
    label = "events"
