"""Django's entry for this app."""

from django.apps import AppConfig


class MachinesConfig(AppConfig):
    """The machines that work on one set of records."""

    name = "clarion.machines"
    label = "machines"
