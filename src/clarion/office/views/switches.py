"""What is needed in a hurry: pause, close, freeze the counts, a notice; and whether the worker has taken it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clarion.audit.actions import Actor
from clarion.calls.stored import settings_of
from clarion.campaigns import actions
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import languages_of
from clarion.jobs.queries import oldest_open_promise
from clarion.kernel.clock import utc_now
from clarion.machines.queries import last_beat
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.forms.editing import EditForm, is_overtaken
from clarion.office.forms.fields import Line
from clarion.office.heartbeat import is_alive
from clarion.office.rendering import render_page
from clarion.pages.policy import hours_of
from clarion.signatures.actions import freeze_counts, unfreeze_counts
from clarion.signatures.models import CountState

TAKEN_WITHIN = timedelta(seconds=5)
PAGES_WITHIN = timedelta(seconds=30)  # a way switched on or off changes every page of the call
_SWITCHES = ("publish-switches", "publish-counts")
_ALL_PAGES = ("publish-campaign",)


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether the worker has taken the switches, as a sentence; `is_late`: it should have, and shows no life."""

    sentence: str
    is_waiting: bool
    is_late: bool


def taken(campaign: Campaign, now: datetime) -> Taken:
    """How things stand between the office and the worker."""
    switched = oldest_open_promise(campaign.slug, _SWITCHES)
    pages = oldest_open_promise(campaign.slug, _ALL_PAGES)
    if switched is None and pages is None:
        return Taken("The public site shows what stands here.", is_waiting=False, is_late=False)
    waited = max(now - since for since in (switched, pages) if since is not None)
    if _is_late(switched, TAKEN_WITHIN, now) or _is_late(pages, PAGES_WITHIN, now):
        beat = last_beat(settings.ENV.data.heartbeat, now=now)
        if is_alive(beat, now) and "publish" not in beat.get("trouble", ()):
            sentence = f"The worker is busy publishing: this has waited for {int(waited.total_seconds())} seconds."
            return Taken(sentence, is_waiting=True, is_late=False)
        sentence = f"The worker has not taken this for {int(waited.total_seconds())} seconds."
        return Taken(sentence, is_waiting=True, is_late=True)
    return Taken("Being taken: a few seconds.", is_waiting=True, is_late=False)


def _is_late(since: datetime | None, within: timedelta, now: datetime) -> bool:
    return since is not None and now - since > within


class NoticeForm(EditForm):
    """One sentence in each language of the call."""

    stands_alone = True

    def __init__(self, campaign: Campaign, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data, prefix="notice", initial=campaign.notice)
        for language in languages_of(campaign):
            self.fields[language] = Line(
                required=False, max_length=300, label=language,
                widget=forms.TextInput(attrs={"lang": language, "dir": "auto"}),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways in which people take part, and the address that switches it."""

    label: str
    sentence: str
    is_on: bool
    address: str


def _ways(campaign: Campaign) -> list[Way]:
    rows = (
        ("Signing", "sign", campaign.takes_signatures, "Without it the call is a page to read, and to gather for."),
        ("Announcing events", "events", campaign.takes_events, "Without it no new event can be proposed."),
        ("Giving", "give", campaign.takes_gifts, "Without it no way to give is shown."),
    )
    return [
        Way(
            label,
            sentence,
            is_on,
            reverse("office:set-switch", args=[campaign.slug, f"{name}-{'off' if is_on else 'on'}"]),
        )
        for label, name, is_on, sentence in rows
    ]


def _address(campaign: Campaign, switch: str) -> str:
    return reverse("office:set-switch", args=[campaign.slug, switch])


@require_safe
@organiser_may("switch")
def show_switches(request: OrganiserRequest) -> HttpResponse:
    """Every switch with what it does."""
    return _switches_page(request, NoticeForm(request.campaign))


def _switches_page(request: OrganiserRequest, notice_form: NoticeForm, *, status: int = 200) -> HttpResponse:
    frozen = CountState.objects.filter(campaign=request.campaign).values_list("frozen_at", flat=True).first()
    now = utc_now()
    return render_page(
        request, "office/switches/show.html", status=status, taken=taken(request.campaign, now),
        stage=hours_of(request.campaign).stage_at(now.timestamp()),
        frozen_at=frozen, notice_form=notice_form, ways=_ways(request.campaign),
    )  # fmt: skip


@require_safe
@organiser_may("switch")
def show_state(request: OrganiserRequest) -> HttpResponse:
    """Whether the worker has taken the switches, for the page's script."""
    now = taken(request.campaign, utc_now())
    return JsonResponse({"sentence": now.sentence, "waiting": now.is_waiting, "late": now.is_late})


class Switch(Protocol):
    """An action that throws one switch."""

    def __call__(self, campaign: Campaign, /, *, by: Actor, now: datetime) -> object:
        """Throw it; safe to repeat."""


def _way(name: str, *, on: bool) -> Switch:
    def switch(campaign: Campaign, /, *, by: Actor, now: datetime) -> None:
        changed: dict[str, Any] = {name: on}
        actions.change_settings(campaign, replace(settings_of(campaign), **changed), by=by, now=now)

    return switch


SWITCHES: Mapping[str, Switch] = {
    "pause": actions.pause_campaign,
    "resume": actions.resume_campaign,
    "close": actions.close_campaign,
    "reopen": actions.reopen_campaign,
    "freeze": freeze_counts,
    "unfreeze": unfreeze_counts,
    "sign-on": _way("takes_signatures", on=True),
    "sign-off": _way("takes_signatures", on=False),
    "events-on": _way("takes_events", on=True),
    "events-off": _way("takes_events", on=False),
    "give-on": _way("takes_gifts", on=True),
    "give-off": _way("takes_gifts", on=False),
}


@require_POST
@organiser_may("switch")
def set_switch(request: OrganiserRequest, switch: str) -> HttpResponse:
    """Throw one switch."""
    if switch not in SWITCHES:
        raise Http404
    SWITCHES[switch](request.campaign, by=request.actor, now=utc_now())
    return redirect("office:switches", request.campaign.slug)


@require_POST
@organiser_may("switch")
def set_notice(request: OrganiserRequest) -> HttpResponse:
    """Show the notice, or take it away."""
    form = NoticeForm(request.campaign, request.POST)
    is_removed = "remove" in request.POST
    if is_overtaken(request, form) or not (is_removed or form.is_valid()):
        return _switches_page(request, form, status=422)
    given = {} if is_removed else {**request.campaign.notice, **form.changes()}
    actions.set_notice(request.campaign, given, by=request.actor, now=utc_now())
    return redirect("office:switches", request.campaign.slug)
