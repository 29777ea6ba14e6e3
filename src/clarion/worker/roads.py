"""How published files reach everybody: they lie here, or travel through the database to other machines (ADR 0010)."""

import importlib
from typing import Protocol

from clarion.env import Env


class Road(Protocol):
    """The right to publish, and the way of what is published. For one thread, which alone writes the data folder."""

    def take(self) -> bool:
        """Whether this process is the one publisher now; the data folder then holds what the last one published."""

    def follow(self) -> bool:
        """Lay here a part of what another machine published; gives whether more waits."""

    def send(self) -> None:
        """Send on what changed here; raises `ClarionError` where the right to publish is lost."""

    def close(self) -> None:
        """Let the right to publish go."""


class NoRoad:
    """One machine: whoever may write its data folder is the publisher."""

    def take(self) -> bool:
        """Always."""
        return True

    def follow(self) -> bool:
        """Nothing comes from elsewhere."""
        return False

    def send(self) -> None:
        """Everything is where it should be."""

    def close(self) -> None:
        """Nothing is held."""


# psycopg is loaded where a database is named, and nowhere else.
_SHARED = "clarion.mirrors.road"


def open_road(env: Env) -> Road:
    """The road of this installation; a database that is down is asked with the first step."""
    if env.database is None:
        return NoRoad()
    road: Road = importlib.import_module(_SHARED).SharedRoad(env.database, env.data)
    return road
