"""The places that people are asked to gather at, as a table."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from clarion.calls.problems import Problems
from clarion.calls.store import store_venues
from clarion.calls.stored import call_of
from clarion.calls.venues import COLUMNS, FILE, read_venues
from clarion.calls.write import files_of
from clarion.campaigns.models import Campaign
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.forms.editing import is_overtaken
from clarion.office.forms.venues import VenuesForm
from clarion.office.rendering import render_page
from clarion.places.actions import VenueChanges
from clarion.places.queries import venues_of


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("edit-call")
def edit_venues(request: OrganiserRequest) -> HttpResponse:
    """The list as it is, and as a table to edit; every mistake is shown with its line."""
    form = VenuesForm(request.POST or None, initial={"table": _table(request.campaign)})
    problems = Problems()
    is_sent = request.method == "POST"
    if is_sent and not is_overtaken(request, form) and form.is_valid():
        rows = read_venues(form.cleaned_data["table"], problems)
        if not problems.mistakes:
            changes = store_venues(request.campaign, rows, by=request.actor, now=utc_now())
            messages.success(request, _sentence(changes))
            return redirect("office:venues", request.campaign.slug)
    venues = list(venues_of(request.campaign))
    return render_page(
        request,
        "office/venues/edit.html",
        status=422 if is_sent else 200,
        form=form,
        is_open=is_sent or not venues,
        mistakes=sorted(set(problems.mistakes))[:50],
        venues=venues,
    )


def _table(campaign: Campaign) -> str:
    call = replace(call_of(campaign), gives=(), updates=())
    return files_of(call).get(FILE, (",".join(COLUMNS) + "\n").encode()).decode()


def _sentence(changes: VenueChanges) -> str:
    if not changes:
        return "Nothing had changed."
    gone = len(changes.removed) + len(changes.gone)
    return f"Saved: {len(changes.added)} new, {len(changes.changed)} changed, {gone} gone."
