"""Shared reads of what waits for moderators, what they decided, and what readers reported."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from clarion.campaigns.models import Campaign
from clarion.events.models import Event, Revision
from clarion.events.queries import PUBLIC, in_countries, waiting_events, waiting_since
from clarion.events.rules import flags_now
from clarion.moderation.models import Decision, Report


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One thing that waits: a new event, a change of one, or a published event that readers reported.

    `flags`: of the text that waits; a change has its own.
    """

    kind: Literal["event", "change", "report"]
    event: Event
    since: datetime
    flags: tuple[str, ...] = ()
    revision: Revision | None = None
    reports: tuple[Report, ...] = ()

    def age(self, now: datetime) -> timedelta:
        """How long it has waited."""
        return now - self.since


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits, and since when the oldest and the newest of it do."""

    events: int
    changes: int
    reports: int
    oldest_at: datetime | None = None
    newest_at: datetime | None = None

    @property
    def total(self) -> int:
        """All of it."""
        return self.events + self.changes + self.reports


def queue(campaign: Campaign, countries: Collection[str] = (), language: str = "", *, now: datetime) -> list[QueueItem]:
    """What waits in these countries (none named: in all) and in this language, the oldest first."""
    items = [*_waiting(campaign, countries, now), *_reported(campaign, countries, now)]
    wanted = [item for item in items if not language or item.event.language == language]
    return sorted(wanted, key=lambda item: (item.since, item.event.public_id))


def _waiting(campaign: Campaign, countries: Collection[str], now: datetime) -> list[QueueItem]:
    events = waiting_events(campaign, countries)
    reports = open_reports([event.public_id for event in events])
    return [_item(event, tuple(reports.get(event.public_id, ())), now) for event in events]


def _item(event: Event, reports: tuple[Report, ...], now: datetime) -> QueueItem:
    revisions: list[Revision] = getattr(event, "waiting_revisions", [])
    is_change = event.state != Event.State.WAITING
    revision = revisions[0] if is_change and revisions else None
    return QueueItem(
        "change" if is_change else "event",
        event,
        waiting_since(event),
        _flags(revision or event, now),
        revision,
        reports,
    )


def _flags(text: Event | Revision, now: datetime) -> tuple[str, ...]:
    return tuple(flags_now(text.flags, text.starts_at, now))


def _reported(campaign: Campaign, countries: Collection[str], now: datetime) -> list[QueueItem]:
    ids = Report.objects.filter(campaign=campaign.slug, seen_at=None).values_list("event", flat=True).distinct()
    events = Event.objects.filter(PUBLIC, in_countries(countries), campaign=campaign, public_id__in=list(ids))
    events = events.exclude(revisions__state=Revision.State.WAITING)  # these wait already, with their reports
    found = {event.public_id: event for event in events.select_related("venue", "campaign")}
    # Read anew: another moderator may have read some since.
    return [
        QueueItem("report", found[event_id], reports[0].at, _flags(found[event_id], now), reports=tuple(reports))
        for event_id, reports in open_reports(found).items()
    ]


def open_reports(event_ids: Collection[str]) -> dict[str, list[Report]]:
    """The reports that no moderator has seen yet, by event, the oldest first."""
    found: dict[str, list[Report]] = {}
    for report in Report.objects.filter(event__in=event_ids, seen_at=None).order_by("at", "pk"):
        found.setdefault(report.event, []).append(report)
    return found


def reports_on(event_id: str) -> list[Report]:
    """Every report on an event, the newest first."""
    return list(Report.objects.filter(event=event_id).order_by("-at", "-pk"))


def waiting_counts(campaign: Campaign, countries: Collection[str] = (), *, now: datetime) -> Waiting:
    """How much waits in these countries; none named: in all."""
    items = queue(campaign, countries, now=now)
    kinds = [item.kind for item in items]
    return Waiting(
        kinds.count("event"),
        kinds.count("change"),
        kinds.count("report"),
        min((item.since for item in items), default=None),
        max((_newest(item) for item in items), default=None),
    )


def _newest(item: QueueItem) -> datetime:
    return max((report.at for report in item.reports), default=item.since)


def decisions_on(event_id: str) -> list[Decision]:
    """What was decided on an event and its changes, the newest first."""
    return list(Decision.objects.filter(event=event_id).order_by("-at", "-pk"))


def decision_by_id(public_id: str) -> Decision | None:
    """One decision."""
    return Decision.objects.filter(public_id=public_id).first()


def standing_decision(object_id: str) -> Decision | None:
    """The decision on an object that can be undone."""
    return standing(Decision.objects.filter(object=object_id).order_by("-at", "-pk")).get(object_id)


def standing(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """By object the last decision on it that was not undone. `decisions`: the newest first."""
    found: dict[str, Decision] = {}
    for decision in decisions:
        if decision.verb != Decision.Verb.UNDO and decision.undone_at is None:
            found.setdefault(decision.object, decision)
    return found
