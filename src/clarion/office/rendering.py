"""The frame of a campaign's pages: who is here, where they are, and what waits."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clarion.campaigns.models import Campaign, Statement
from clarion.events.queries import events_in_queue
from clarion.office.access import OrganiserRequest
from clarion.organisers.models import Membership
from clarion.organisers.rules import Right, may
from clarion.signatures.wave_queries import held_waves


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the navigation."""

    label: str
    address: str
    is_here: bool
    badge: int = 0


# Label, name of its page, the right that opens it, and the first words of the templates that belong to it.
_TABS: tuple[tuple[str, str, Right, tuple[str, ...]], ...] = (
    ("Overview", "overview", "moderate", ("overview",)),
    ("Moderation", "moderation-queue", "moderate", ("moderation",)),
    ("Events", "events", "moderate", ("events",)),
    ("The call", "call", "edit-call", ("call", "give", "updates", "venues")),
    ("Switches", "switches", "switch", ("switches",)),
    ("Signatures", "signatures", "see-signatures", ("signatures", "waves")),
    ("Team", "team", "run-team", ("team",)),
    ("Log", "audit", "run-team", ("audit",)),
)

_CALL_PAGES = (
    ("Texts", "call", "call"),
    ("Venues", "venues", "venues"),
    ("Ways to give", "give", "give"),
    ("Updates", "updates", "updates"),
    ("Settings", "settings", "settings"),
)


def render_page(request: OrganiserRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page of one campaign, in its frame."""
    campaign, role = request.campaign, request.membership
    part = template.split("/")[1]
    frame = {
        "campaign": campaign,
        "title_of_campaign": title_of(campaign),
        "may_administer": role.role == Membership.Role.ADMIN,
        "tabs": _tabs(campaign, role, part, template),
        "subtabs": _subtabs(campaign, template) if part in ("call", "give", "updates", "venues") else (),
    }
    return render(request, template, {**frame, **context}, status=status)


def title_of(campaign: Campaign) -> str:
    """The call's title in its default language; the slug before there is one."""
    newest = Statement.objects.filter(version__campaign=campaign, language=campaign.default_language)
    title = newest.order_by("-version__number").values_list("title", flat=True).first()
    return title or campaign.slug


def _tabs(campaign: Campaign, role: Membership, part: str, template: str) -> list[Tab]:
    waiting = {"moderation-queue": events_in_queue(campaign, role.countries).count()}
    if may(role.role, "decide-waves"):
        waiting["signatures"] = held_waves(campaign)
    return [
        Tab(
            label,
            reverse(f"office:{name}", args=[campaign.slug]),
            part in parts,
            waiting.get(name, 0),
        )
        for label, name, right, parts in _TABS
        if may(role.role, right)
    ]


def _subtabs(campaign: Campaign, template: str) -> list[Tab]:
    def is_here(mark: str) -> bool:
        if template.startswith("office/call/"):
            return mark == ("settings" if "settings" in template else "call")
        return template.startswith(f"office/{mark}/")

    return [
        Tab(label, reverse(f"office:{name}", args=[campaign.slug]), is_here(mark)) for label, name, mark in _CALL_PAGES
    ]
