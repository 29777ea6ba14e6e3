"""The team: who is on it, who comes and goes, and a fresh link for someone who lost their second factor.

A link opens an account on every team its owner is on. So an admin makes one only for a person who is on no team that
this admin does not run; for anyone else it is made in the host's shell.
"""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from clarion.kernel.clock import utc_now
from clarion.kernel.errors import Refusal
from clarion.office.access import OrganiserRequest, organiser_may, signed_in_again, signed_in_again_to_change
from clarion.office.forms.team import InviteForm, RoleForm
from clarion.office.rendering import render_page, title_of
from clarion.organisers.actions import add_member, change_role, make_sign_in_link, remove_member
from clarion.organisers.models import Membership, Organiser
from clarion.organisers.queries import members_of, membership


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_again_to_change
@organiser_may("run-team")
def show_team(request: OrganiserRequest) -> HttpResponse:
    """Everyone on the team; POST invites someone and shows their link, once."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _invite(request, form)
        except Refusal as refusal:
            form.add_error("email", str(refusal))
    return _team_page(request, form, status=422 if form.errors else 200)


def _invite(request: OrganiserRequest, form: InviteForm) -> HttpResponse:
    data = form.cleaned_data
    member = add_member(
        request.campaign.team, data["email"], form.chosen_role, by=request.actor, now=utc_now(), name=data["name"],
        countries=data["countries"],
    )  # fmt: skip
    if _has_factor(member):
        messages.success(request, f"{member} has an account here, and finds this campaign in it.")
        return redirect("office:team", request.campaign.slug)
    return _link_page(request, member, resets=False)


def _team_page(request: OrganiserRequest, form: InviteForm, *, status: int = 200) -> HttpResponse:
    members = list(members_of(request.campaign.team))
    with_factor = set(
        Authenticator.objects.filter(user__in=[m.organiser_id for m in members]).values_list("user", flat=True)
    )
    rows = [(member, member.organiser_id in with_factor) for member in members]
    others = [(one, title_of(one)) for one in request.campaign.team.campaigns.exclude(pk=request.campaign.pk)]
    return render_page(request, "office/team/show.html", status=status, rows=rows, form=form, others=others)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_again_to_change
@organiser_may("run-team")
def change_member(request: OrganiserRequest, organiser_id: str) -> HttpResponse:
    """Another role, or other countries."""
    member = _member(request, organiser_id)
    form = RoleForm(request.POST or None, initial={"role": member.role, "countries": " ".join(member.countries)})
    if request.method == "POST" and form.is_valid():
        try:
            change_role(
                request.campaign.team, member.organiser, form.chosen_role, by=request.actor, now=utc_now(),
                countries=form.cleaned_data["countries"],
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved.")
            return redirect("office:team", request.campaign.slug)
    return render_page(
        request, "office/team/change.html", status=422 if form.errors else 200, member=member, form=form,
        may_link=_may_link(request, member.organiser), has_factor=_has_factor(member.organiser),
    )  # fmt: skip


@require_POST
@signed_in_again
@organiser_may("run-team")
def make_link(request: OrganiserRequest, organiser_id: str) -> HttpResponse:
    """A fresh sign-in link, shown once; it takes away the second factors its owner has lost."""
    member = _member(request, organiser_id)
    return _link_page(request, member.organiser, resets=_has_factor(member.organiser))


def _link_page(request: OrganiserRequest, organiser: Organiser, *, resets: bool) -> HttpResponse:
    link = ""
    if _may_link(request, organiser):
        token = make_sign_in_link(organiser, utc_now(), by=request.actor, resets_factors=resets)
        link = settings.ENV.office_url + reverse("office:sign-in-link", args=[token])
    return render_page(request, "office/team/link.html", organiser=organiser, link=link, resets=resets)


def _may_link(request: OrganiserRequest, organiser: Organiser) -> bool:
    teams = set(organiser.memberships.values_list("team", flat=True))
    ours = request.organiser.memberships.filter(role=Membership.Role.ADMIN).values_list("team", flat=True)
    return organiser.pk != request.organiser.pk and teams <= set(ours)


def _has_factor(organiser: Organiser) -> bool:
    return bool(Authenticator.objects.filter(user_id=organiser.pk).exists())


@require_POST
@signed_in_again
@organiser_may("run-team")
def remove(request: OrganiserRequest, organiser_id: str) -> HttpResponse:
    """Take someone off the team, at once."""
    member = _member(request, organiser_id)
    try:
        remove_member(request.campaign.team, member.organiser, by=request.actor, now=utc_now())
        messages.success(request, f"{member.organiser} is no longer on the team.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    if member.organiser_id == request.organiser.pk:
        return redirect("office:home")
    return redirect("office:team", request.campaign.slug)


def _member(request: OrganiserRequest, organiser_id: str) -> Membership:
    organiser = Organiser.objects.filter(public_id=organiser_id).first()
    found = organiser and membership(organiser, request.campaign.team)
    if not found:
        raise Http404
    return found
