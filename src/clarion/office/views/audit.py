"""The log: who did what, when."""

from collections.abc import Iterable

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from clarion.audit.models import Entry
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.rendering import render_page
from clarion.organisers.models import Organiser

_ON_A_PAGE = 100


@require_safe
@organiser_may("run-team")
def show_log(request: OrganiserRequest) -> HttpResponse:
    """What organisers and the host did on this campaign and its team, the newest first."""
    of_team = Q(campaign="", team=str(request.campaign.team.pk))
    entries = Entry.objects.filter(Q(campaign=request.campaign.slug) | of_team).order_by("-at", "-pk")
    page = Paginator(entries, _ON_A_PAGE).get_page(request.GET.get("page"))
    names = _names(page.object_list)
    rows = [(entry, _who(entry.actor_kind, entry.actor, names), names.get(entry.object, "")) for entry in page]
    return render_page(request, "office/audit/log.html", page=page, rows=rows)


def _names(entries: Iterable[Entry]) -> dict[str, str]:
    """The organisers who did something or to whom it was done, by id; whoever left the team has a name yet."""
    ids = {one for entry in entries for one in (entry.actor, entry.object)}
    return {one.public_id: str(one) for one in Organiser.objects.filter(public_id__in=ids)}


def _who(kind: str, actor: str, names: dict[str, str]) -> str:
    if kind == "organiser":
        return names.get(actor, "someone whose account is gone")
    return {"host": "the host’s shell", "worker": "Clarion, by its rules"}.get(kind, kind)
