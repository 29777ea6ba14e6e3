"""Writing the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from clarion.audit.models import Entry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an organiser (by public id), the host at the shell, or the worker by its rules."""

    kind: Literal["organiser", "host", "worker"]
    id: str = ""


HOST = Actor("host")
WORKER = Actor("worker")


def record(
    actor: Actor,
    verb: str,
    object_kind: str,
    object_id: str = "",
    *,
    now: datetime,
    campaign: str = "",
    team: str = "",
    **detail: Any,
) -> None:
    """Append one entry, to the log of a campaign or of a team.

    `detail` holds counts, codes and settings; never a supporter's name, address or title.
    """
    Entry.objects.create(
        at=now,
        actor_kind=actor.kind,
        actor=actor.id,
        verb=verb,
        object_kind=object_kind,
        object=object_id,
        campaign=campaign,
        team=team,
        detail=detail,
    )
