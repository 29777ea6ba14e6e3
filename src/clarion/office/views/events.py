"""Events of a campaign: the list, one of them, adding, changing, cancelling."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.campaigns.queries import languages_of
from clarion.events.actions import cancel_event, change_event, new_manage_link, store_event, uncancel_event
from clarion.events.models import Event
from clarion.events.queries import fields_of, in_countries
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import Refusal
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.forms.editing import is_overtaken
from clarion.office.forms.events import EventForm, initial_of
from clarion.office.rendering import render_page
from clarion.office.sentences import CHECKED, STATES
from clarion.office.views.moderation import event_for, host_of
from clarion.places.countries import choices, load_country_settings
from clarion.places.queries import venues_of

_ON_A_PAGE = 100
_UNSEEN = (Event.State.UNCONFIRMED, Event.State.DENIED)


@require_safe
@organiser_may("moderate")
def list_events(request: OrganiserRequest) -> HttpResponse:
    """The events in the organiser's countries, by start; found by words or state."""
    words, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    found = Event.objects.filter(in_countries(request.membership.countries), campaign=request.campaign)
    found = found.exclude(state__in=_UNSEEN).select_related("venue").order_by("starts_at", "pk")
    if words:
        found = found.filter(Q(title__icontains=words) | Q(city__icontains=words) | Q(country__iexact=words))
    if state:
        found = found.filter(state=state)
    page = Paginator(found, _ON_A_PAGE).get_page(request.GET.get("page"))
    states = [(code, text) for code, text in STATES.items() if code not in _UNSEEN]
    return render_page(request, "office/events/list.html", page=page, words=words, chosen=state, states=states)


@require_safe
@organiser_may("moderate")
def show_event(request: OrganiserRequest, event_id: str) -> HttpResponse:
    """One event with its organiser's contact, and what can be done with it."""
    event = event_for(request, event_id)
    return render_page(
        request, "office/events/show.html", event=event, host=host_of(event), checked=CHECKED.get(event.checked, "")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("edit-call")
def add_event(request: OrganiserRequest) -> HttpResponse:
    """Announce an event of the campaign's own; it is public at once."""
    form = _event_form(request, {"language": request.campaign.default_language})
    if request.method == "POST" and form.is_valid():
        try:
            event, _ = store_event(
                request.campaign, form.row(), origin=Event.Origin.OFFICE, by=request.actor, now=utc_now()
            )
        except Refusal as refusal:
            form.add_error("venue", str(refusal))
        else:
            messages.success(request, "The event is announced.")
            return redirect("office:event", request.campaign.slug, event.public_id)
    return render_page(request, "office/events/edit.html", status=422 if form.errors else 200, form=form, is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("edit-call")
def edit_event(request: OrganiserRequest, event_id: str) -> HttpResponse:
    """Change what an event says; a changed place or time is told on top of its page."""
    event = event_for(request, event_id)
    form = _event_form(request, initial_of(fields_of(event)), event)
    is_sent = request.method == "POST"
    if is_sent and not is_overtaken(request, form) and form.is_valid():
        try:
            if changes := form.event_changes():
                change_event(event_id, changes, by=request.actor, now=utc_now())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Changed." if changes else "Nothing had changed.")
            return redirect("office:event", request.campaign.slug, event_id)
    return render_page(
        request, "office/events/edit.html", status=422 if is_sent else 200, form=form, event=event, is_new=False
    )


def _event_form(request: OrganiserRequest, initial: dict[str, Any], event: Event | None = None) -> EventForm:
    """The form with what can be chosen: an event keeps a venue that has left the list."""
    form = EventForm(request.POST or None, initial=initial)
    kept = [event.venue] if event and event.venue else []
    campaign = request.campaign
    form.offer(
        venues=[*venues_of(campaign), *kept],
        countries=choices("en", load_country_settings(settings.ENV.data.root / "countries.toml")),
        languages=languages_of(campaign) or (campaign.default_language,),
    )
    return form


STEPS: Mapping[str, tuple[Callable[..., object], str]] = {
    "cancel": (cancel_event, "Cancelled. Its page stays and says so; its organiser is mailed."),
    "uncancel": (uncancel_event, "The event stands again; its organiser is mailed."),
    "new-link": (new_manage_link, "The old personal link has ended; a new one is on its way to the organiser."),
}


@require_POST
@organiser_may("moderate")
def step_event(request: OrganiserRequest, event_id: str, step: str) -> HttpResponse:
    """Cancel, take a cancel back, or end the organiser's personal link and mail a new one."""
    if step not in STEPS:
        raise Http404
    event_for(request, event_id)
    act, sentence = STEPS[step]
    try:
        act(event_id, by=request.actor, now=utc_now())
        messages.success(request, sentence)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("office:event", request.campaign.slug, event_id)
