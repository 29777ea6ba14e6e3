"""The places that people are asked to gather at, as a table."""

from dataclasses import replace

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from clarion.audit.actions import record
from clarion.calls.problems import Problems
from clarion.calls.stored import call_of
from clarion.calls.venues import COLUMNS, FILE, read_venues
from clarion.calls.write import files_of
from clarion.campaigns.actions import promise_pages
from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.forms.venues import VenuesForm
from clarion.office.rendering import render_page
from clarion.places.actions import VenueChanges, ensure_venue_list, save_venues
from clarion.places.queries import venues_of
from clarion.places.rules import VenueRow


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("edit-call")
def edit_venues(request: OrganiserRequest) -> HttpResponse:
    """The list as it is, and as a table to edit; every mistake is shown with its line."""
    form = VenuesForm(request.POST or None, initial={"table": _table(request.campaign)})
    problems = Problems()
    if request.method == "POST" and form.is_valid():
        rows = read_venues(form.cleaned_data["table"].replace("\r\n", "\n"), problems)
        if not problems.mistakes:
            changes = _save(request, rows)
            messages.success(request, _sentence(changes))
            return redirect("office:venues", request.campaign.slug)
    return render_page(
        request,
        "office/venues/edit.html",
        status=422 if problems.mistakes else 200,
        form=form,
        mistakes=sorted(set(problems.mistakes))[:50],
        venues=list(venues_of(request.campaign)),
    )


def _table(campaign: Campaign) -> str:
    call = replace(call_of(campaign), gives=(), updates=())
    return files_of(call).get(FILE, (",".join(COLUMNS) + "\n").encode()).decode()


@transaction.atomic
def _save(request: OrganiserRequest, rows: tuple[VenueRow, ...]) -> VenueChanges:
    """The campaign's own list, made and named by it where there is none."""
    campaign, now = request.campaign, utc_now()
    own = campaign.venue_lists.first() or ensure_venue_list(campaign.slug)
    campaign.venue_lists.add(own)
    in_use = Event.objects.filter(venue__venue_list=own).values_list("venue", flat=True)
    changes = save_venues(own, rows, in_use=set(in_use))
    if changes:
        record(
            request.actor, "changed-venues", "campaign", campaign.slug, now=now, campaign=campaign.slug,
            added=len(changes.added), changed=len(changes.changed), removed=len(changes.removed + changes.gone),
        )  # fmt: skip
        promise_pages(campaign)
    return changes


def _sentence(changes: VenueChanges) -> str:
    if not changes:
        return "Nothing had changed."
    gone = len(changes.removed) + len(changes.gone)
    return f"Saved: {len(changes.added)} new, {len(changes.changed)} changed, {gone} gone."
