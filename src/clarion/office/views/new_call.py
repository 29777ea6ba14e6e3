"""A new call: paste a text, see it as the public will, publish."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clarion.calls.call import Call
from clarion.calls.check import check_call
from clarion.calls.paste import call_from_paste, read_paste, suggest_slug
from clarion.calls.store import store_call
from clarion.campaigns.actions import discard_campaign
from clarion.campaigns.rules import SlugTaken
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_may, organiser_only
from clarion.office.forms.new_call import NewCallForm
from clarion.organisers.models import Membership, Team


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_only
def new_call(request: OrganiserRequest) -> HttpResponse:
    """Store the text as a campaign that nobody sees yet, then show it as the public will."""
    teams = list(Team.objects.filter(memberships__organiser=request.organiser, memberships__role=Membership.Role.ADMIN))
    if not teams:
        raise PermissionDenied
    first = {"organiser_email": request.organiser.email, "organiser_name": teams[0].name}
    form = NewCallForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid() and (call := _call(form)):
        team = next((team for team in teams if team.owner_email == form.cleaned_data["organiser_email"]), teams[0])
        try:
            store_call(call, by=request.actor, now=utc_now(), draft=True, must_be_new=True, team=team)
            return redirect("office:preview", call.settings.slug, call.settings.default_language)
        except SlugTaken:
            form.add_error("slug", f"The address {call.settings.slug} is taken. Choose another one.")
    return render(request, "office/call/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@organiser_may("edit-call")
def discard(request: OrganiserRequest) -> HttpResponse:
    """Take away a call that was never published: its slug cannot be changed, only freed."""
    slug = request.campaign.slug
    if discard_campaign(request.campaign, by=request.actor, now=utc_now()):
        messages.success(request, f"Discarded: {slug}.")
        return redirect("office:home")
    messages.error(request, "It is public by now: it can be closed, not discarded.")
    return redirect("office:overview", slug)


def _call(form: NewCallForm) -> Call | None:
    """The call of what was pasted; None with its mistakes on the form."""
    said = form.fields_of_call()
    found = read_paste(said["text"], said["language"])
    slug = form.cleaned_data["slug"] or suggest_slug(said["title"] or found.title, said["organiser_name"])
    if not said["title"] and not found.title:
        form.add_error("title", "No title stands out in the text. Please write one.")
        return None
    if not slug:
        form.add_error("slug", "The title gives no address in Latin letters. Please write one.")
        return None
    call = call_from_paste(slug=slug, **said)
    mistakes = check_call(call, now=utc_now()).problems.mistakes
    for problem in sorted(set(mistakes)):
        form.add_error(None, f"{problem.wrong} {problem.right}")
    return None if mistakes else call
