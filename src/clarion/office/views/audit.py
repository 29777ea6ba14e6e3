"""The log: who did what, when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from clarion.audit.models import Entry
from clarion.campaigns.models import Campaign
from clarion.events.models import Event, Revision
from clarion.moderation.rules import REASONS
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.rendering import render_page
from clarion.office.sentences import ACTS, CHECKED, ORIGINS
from clarion.organisers.models import Organiser

_ON_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in words: who did what, to which organiser or event, and what was noted with it."""

    entry: Entry
    who: str
    did: str
    whom: str
    event: Event | None
    notes: list[str]


@require_safe
@organiser_may("run-team")
def show_log(request: OrganiserRequest) -> HttpResponse:
    """What organisers and the host did on this campaign and its team, the newest first."""
    of_team = Q(campaign="", team=str(request.campaign.team.pk))
    entries = Entry.objects.filter(Q(campaign=request.campaign.slug) | of_team).order_by("-at", "-pk")
    page = Paginator(entries, _ON_A_PAGE).get_page(request.GET.get("page"))
    names, events = _names(page.object_list), _events(request.campaign, page.object_list)
    rows = [_row(entry, names, events) for entry in page]
    return render_page(request, "office/audit/log.html", page=page, rows=rows)


def _row(entry: Entry, names: Mapping[str, str], events: Mapping[str, Event]) -> Row:
    who = _who(entry.actor_kind, entry.actor, names)
    did = ACTS.get(entry.verb, entry.verb.replace("-", " "))
    return Row(entry, who, did, names.get(entry.object, ""), events.get(entry.object), list(_told(entry.detail)))


def _told(detail: Mapping[str, Any]) -> Iterator[str]:
    """What was noted with it, in words: codes as the sentences they stand for; nothing of what is empty."""
    for name, value in detail.items():
        if value in (None, "", False, []):
            continue
        said = _WORDS.get(name, {}).get(str(value))
        yield said or f"{name.replace('_', ' ')}: {_listed(value)}"


def _listed(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one).replace("_", " ") for one in value)
    return "yes" if value is True else str(value)


_WORDS: Mapping[str, Mapping[str, str]] = {"reason": REASONS, "checked": CHECKED, "origin": ORIGINS}


def _events(campaign: Campaign, entries: Iterable[Entry]) -> dict[str, Event]:
    """The events that still exist, by their id and by that of each change of them."""
    ids = {entry.object for entry in entries if entry.object_kind in ("event", "revision")}
    changes = Revision.objects.filter(event__campaign=campaign, public_id__in=ids).select_related("event")
    events = Event.objects.filter(campaign=campaign, public_id__in=ids)
    return {one.public_id: one for one in events} | {one.public_id: one.event for one in changes}


def _names(entries: Iterable[Entry]) -> dict[str, str]:
    """The organisers who did something or to whom it was done, by id; whoever left the team has a name yet."""
    ids = {one for entry in entries for one in (entry.actor, entry.object)}
    return {one.public_id: str(one) for one in Organiser.objects.filter(public_id__in=ids)}


def _who(kind: str, actor: str, names: Mapping[str, str]) -> str:
    if kind == "organiser":
        return names.get(actor, "someone whose account is gone")
    return {"host": "the host’s shell", "worker": "Clarion, by its rules"}.get(kind, kind)
