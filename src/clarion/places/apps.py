"""Django's entry for this app."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Countries, cities, venue lists; what is nearest."""

    name = "clarion.places"
    label = "places"
