"""What the host and organisers of the office do with events: store, change, cancel, and take that back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.campaigns.actions import promise_pages as promise_campaign_pages
from clarion.campaigns.models import Campaign
from clarion.events.actions.changes import cancel, renew_link, rewrite, tell_host_of_move, uncancel
from clarion.events.actions.promises import promise_event_pages, promise_pages
from clarion.events.actions.settling import settle
from clarion.events.models import Event
from clarion.events.queries import fields_of
from clarion.events.rules import (
    MOVES,
    EventFields,
    EventRow,
    NotNow,
    Step,
    UnknownEvent,
    differing,
    edited,
    is_same_place,
    same_event_key,
)
from clarion.kernel.ids import new_id

_PAGES_AT_ONCE = 50  # of more events that changed together, all pages of the campaign are written once


def store_event(
    campaign: Campaign, row: EventRow, *, origin: Event.Origin, by: Actor, now: datetime
) -> tuple[Event, bool]:
    """`store_events` for one row."""
    return store_events(campaign, [row], origin=origin, by=by, now=now)[0]


@transaction.atomic
def store_events(
    campaign: Campaign, rows: Sequence[EventRow], *, origin: Event.Origin, by: Actor, now: datetime
) -> list[tuple[Event, bool]]:
    """Store events that the campaign itself announces, kept at once; gives each and whether anything changed.

    A row is known again by its id, one without id by venue (or city and address) and title, as they stand now or as
    they were when last read; then what the row says replaces what was stored, and the state stays. So does a pin that
    a moderator set, which no row can say, while the row comes to the place and point that it came to before. Safe to
    repeat. Raises `UnknownVenue`.
    """
    known = _OwnEvents(campaign, rows)
    stored = [_store(campaign, row, known, origin, by, now) for row in rows]
    changed = [event for event, is_changed in stored if is_changed]
    if len(changed) > _PAGES_AT_ONCE:
        promise_campaign_pages(campaign)
    else:
        for event in changed:
            promise_event_pages(event)
    return stored


class _OwnEvents:
    """A campaign's own events, found again by what a row says: one look for a whole table."""

    def __init__(self, campaign: Campaign, rows: Sequence[EventRow]) -> None:
        ours = (
            Event.objects.select_for_update(of=("self",))
            .select_related("campaign__team", "venue")
            .filter(campaign=campaign)
        )
        self._by_id: dict[str, Event] = {}
        self._by_place: dict[tuple[str, ...], list[Event]] = defaultdict(list)
        self._by_place_read: dict[tuple[str, ...], Event] = {}
        said = {_key(row) for row in rows}
        for event in ours.exclude(origin=Event.Origin.PROPOSAL).order_by("pk"):
            self.add(event)
            if event.read_as and _key(fields_of(event)) not in said:  # else it is the one that another row means
                self._by_place_read[tuple(event.read_as["key"])] = event

    def add(self, event: Event) -> None:
        """Know this one from now on."""
        if event.row:
            self._by_id[event.row] = event
        self._by_place[_key(fields_of(event))].append(event)

    def remove(self, event: Event) -> None:
        """Know it no longer by what it says now."""
        self._by_place[_key(fields_of(event))].remove(event)

    def find(self, row: EventRow) -> Event | None:
        """The event that the row means; one without id may have been given its id since, or a new title or place."""
        if row.row in self._by_id:
            return self._by_id[row.row]
        key = _key(row)
        there = [*self._by_place.get(key, []), *filter(None, [self._by_place_read.get(key)])]
        return next((event for event in there if not row.row or not event.row), None)


def _store(
    campaign: Campaign, row: EventRow, known: _OwnEvents, origin: Event.Origin, by: Actor, now: datetime
) -> tuple[Event, bool]:
    event = known.find(row)
    if event is None:
        verb, event = "stored-event", _add_event(campaign, row, origin, now)
    else:
        known.remove(event)
        verb = "changed-event" if _bring_up_to_date(event, row, now) else ""
    known.add(event)
    if verb:
        _record(event, verb, by, now, origin=str(origin))
    return event, bool(verb)


def _add_event(campaign: Campaign, row: EventRow, origin: Event.Origin, now: datetime) -> Event:
    written = replace(row, language=row.language or campaign.default_language)
    settled = settle(campaign, written, now=now, is_ours=True)
    return Event.objects.create(
        public_id=new_id(), campaign=campaign, origin=origin, row=row.row, state=Event.State.KEPT,
        checked=Event.Checked.KNOWN, proposed_at=now, kept_at=now, read_as=_read_as(row, settled.fields),
        **settled.columns,
    )  # fmt: skip


def _key(fields: EventFields) -> tuple[str, ...]:
    return same_event_key(venue=fields.venue, city=fields.city, address=fields.address, title=fields.title)


def _bring_up_to_date(event: Event, row: EventRow, now: datetime) -> bool:
    """Let the event say what the row says; gives whether it said anything else."""
    written: EventFields = replace(row, language=row.language or event.language)
    said, new = fields_of(event), settle(event.campaign, written, now=now, event=event).fields
    read_as, read_before = _read_as(row, new), event.read_as
    if read_before != read_as:
        Event.objects.filter(pk=event.pk).update(read_as=read_as)
        event.read_as = read_as
    if read_before and read_before["point"] == read_as["point"] and is_same_place(said, new):
        written = replace(written, lat=said.lat, lon=said.lon, is_centre=said.is_centre)
        new = replace(new, lat=said.lat, lon=said.lon, is_centre=said.is_centre)
    if not differing(said, new) and (not row.row or row.row == event.row):
        return False
    rewrite(event, written, now=now)
    if row.row and row.row != event.row:
        Event.objects.filter(pk=event.pk).update(row=row.row)
    event.refresh_from_db()
    return True


def _read_as(row: EventRow, settled: EventFields) -> dict[str, Any]:
    return {"key": list(_key(row)), "point": [settled.lat, settled.lon, settled.is_centre]}


@transaction.atomic
def change_event(public_id: str, changes: Mapping[str, Any], *, by: Actor, now: datetime) -> Event:
    """Change what an event says, by the campaign's own hand; its organiser is mailed another place or time.

    `changes`: names of `EventFields` and their values, those alone that were written anew. Raises `UnknownEvent`,
    `UnknownVenue`.
    """
    event = locked_event(public_id)
    tell_host_of_move(event, rewrite(event, edited(fields_of(event), changes), now=now), now=now)
    _record(event, "changed-event", by, now)
    promise_pages(event)
    return event


@transaction.atomic
def cancel_event(public_id: str, *, by: Actor, now: datetime) -> bool:
    """Cancel an event; gives whether that is new. Raises `UnknownEvent`, and `NotNow` where its state forbids it."""
    event = locked_event(public_id)
    if event.state == Event.State.CANCELLED:
        return False
    if not cancel(event, now=now, by_id=by.id):
        raise NotNow(f"The event is {event.state}: it cannot be cancelled.")
    _record(event, "cancelled-event", by, now)
    return True


@transaction.atomic
def uncancel_event(public_id: str, *, by: Actor, now: datetime) -> bool:
    """Take a cancel back; gives whether that is new. Raises `UnknownEvent`, and `NotNow` once the event is over."""
    event = locked_event(public_id)
    if event.state != Event.State.CANCELLED:
        return False
    if not uncancel(event, now=now):
        raise NotNow("The event is over: it stays cancelled.")
    _record(event, "uncancelled-event", by, now)
    return True


@transaction.atomic
def new_manage_link(public_id: str, *, by: Actor, now: datetime) -> None:
    """End the personal link of an event's organiser and mail a new one. Raises `UnknownEvent`."""
    event = locked_event(public_id)
    renew_link(event, now=now)
    _record(event, "renewed-manage-link", by, now)


def locked_event(public_id: str) -> Event:
    """The event, locked until the transaction ends; raises `UnknownEvent`."""
    found = Event.objects.select_for_update(of=("self",)).select_related("campaign__team", "venue")
    event = found.filter(public_id=public_id).first()
    if event is None:
        raise UnknownEvent("There is no such event.")
    return event


def take_step(event: Event, step: Step, *, seen: int | None = None, **columns: Any) -> bool:
    """Move the event on, if its state still allows this step; gives whether it did. Must run in a transaction.

    `seen`: the sequence of the text on which the decision was made; another one by now forbids the step.
    """
    move = MOVES[step]
    rows = Event.objects.filter(pk=event.pk, state__in=move.sources)
    if seen is not None:
        rows = rows.filter(sequence=seen)
    taken = rows.update(state=move.target, **columns)
    event.refresh_from_db()
    return taken == 1


def restore_state(event: Event, state: str, before: str) -> bool:
    """Put an event that still stands in `state` back to `before`; gives whether it did. Must run in a transaction."""
    columns = {"kept_at": None, "checked": ""} if before == Event.State.WAITING else {}
    restored = Event.objects.filter(pk=event.pk, state=state).update(state=before, **columns) == 1
    if restored:
        promise_pages(event)  # by what was public until now
    event.refresh_from_db()
    return restored


def _record(event: Event, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
    record(by, verb, "event", event.public_id, now=now, campaign=event.campaign.slug, **detail)
