"""The campaigns of an organiser."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from clarion.campaigns.models import Campaign, Statement
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_only
from clarion.organisers.models import Membership
from clarion.pages.policy import hours_of


@require_safe
@organiser_only
def start(request: OrganiserRequest) -> HttpResponse:
    """Where signing in leads: with a single campaign straight to it, else to the list."""
    campaigns = _campaigns(request)
    return redirect("office:overview", campaigns[0].slug) if len(campaigns) == 1 else redirect("office:home")


@require_safe
@organiser_only
def show_home(request: OrganiserRequest) -> HttpResponse:
    """The list of campaigns, and the way to a new one."""
    campaigns, now = _campaigns(request), utc_now().timestamp()
    stages = [hours_of(campaign).stage_at(now) for campaign in campaigns]
    rows = list(zip(campaigns, _titles(campaigns), stages, strict=True))
    may_open = request.organiser.memberships.filter(role=Membership.Role.ADMIN).exists()
    return render(request, "office/overview/home.html", {"rows": rows, "may_open": may_open})


def _campaigns(request: OrganiserRequest) -> list[Campaign]:
    return list(Campaign.objects.filter(team__memberships__organiser=request.organiser).order_by("slug"))


def _titles(campaigns: list[Campaign]) -> list[str]:
    statements = Statement.objects.filter(version__campaign__in=campaigns).order_by("version__number")
    newest = {
        (row["version__campaign_id"], row["language"]): row["title"]
        for row in statements.values("version__campaign_id", "language", "title")
    }
    return [newest.get((campaign.pk, campaign.default_language), campaign.slug) for campaign in campaigns]
