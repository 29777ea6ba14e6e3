"""Settings of a campaign, and its picture."""

from dataclasses import replace
from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.calls.pictures import read_picture
from clarion.calls.problems import Problems
from clarion.calls.stored import call_of, settings_of
from clarion.campaigns.actions import change_settings
from clarion.campaigns.actions import set_picture as store_picture
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import languages_of
from clarion.campaigns.rules import CampaignSettings, last_day_of_data, newly_ended
from clarion.events.queries import hosted_count
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.editing import problems_in
from clarion.office.forms.editing import is_overtaken
from clarion.office.forms.settings import PictureForm, SettingsForm, initial_of
from clarion.office.rendering import render_page
from clarion.signatures.queries import held_data_count


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("edit-call")
def edit_settings(request: OrganiserRequest) -> HttpResponse:
    """What `campaign.toml` says; a change is public within seconds."""
    old = settings_of(request.campaign)
    form = _settings_form(request.campaign, old, request.POST or None)
    is_sent = request.method == "POST"
    if is_sent and not is_overtaken(request, form) and form.is_valid():
        new, now = form.settings(old), utc_now()
        _look_over(form, request.campaign, old, new, now)
        if form.is_valid():
            changed = change_settings(request.campaign, new, by=request.actor, now=now)
            messages.success(request, "Saved." if changed else "Nothing had changed.")
            return redirect("office:settings", request.campaign.slug)
    return render_page(
        request, "office/call/settings.html", status=422 if is_sent else 200, form=form, picture_form=PictureForm()
    )


def _settings_form(campaign: Campaign, old: CampaignSettings, typed: QueryDict | None = None) -> SettingsForm:
    form = SettingsForm(typed, initial=initial_of(old))
    form.offer_languages(languages_of(campaign))
    return form


def _look_over(
    form: SettingsForm, campaign: Campaign, old: CampaignSettings, new: CampaignSettings, now: datetime
) -> None:
    """Note what is wrong with settings that are right one by one; ask where they erase."""
    form.check_times(new)
    if not form.is_valid():
        return
    for problem in problems_in(replace(call_of(campaign), settings=new), ["campaign.toml"], now=now):
        form.add_error(None, f"{problem.wrong} {problem.right}")
    if form.is_valid() and (sentence := _what_is_erased(campaign, old, new, now)):
        form.ask_to_erase(sentence)


def _what_is_erased(campaign: Campaign, old: CampaignSettings, new: CampaignSettings, now: datetime) -> str:
    """What new settings erase by midnight, as a promise of the organiser; empty where they erase nothing."""
    before, last = (last_day_of_data(one.keep_until, one.closes_at) for one in (old, new))
    until = newly_ended(before, last, now)
    if until is None:
        return ""
    signed, hosted = held_data_count(campaign, until), hosted_count(campaign, until)
    return _promise(signed, hosted, last, now.date()) if last or signed or hosted else ""


def _promise(signed: int, hosted: int, last: date | None, today: date) -> str:
    whose = f"{signed:,} signature{pluralize(signed)}"
    if last is None:
        why, when = ". Without a last day data is kept for twelve months", "by midnight UTC"
    else:
        whose = {0: "whoever signs", 1: "the one signature"}.get(signed, f"all {whose}")
        why, when = f" now. The last day of data, {date_format(last, 'j F Y')}, has passed", "within minutes"
    if last == today:
        why, when = " tonight. Today is the last day of data", "after midnight UTC"
    if hosted:
        whose += f" and of the organiser{pluralize(hosted)} of {hosted:,} event{pluralize(hosted)}"
    return f"Yes, erase{why}: names and addresses of {whose} are erased {when}, and nothing brings them back."


@require_POST
@organiser_may("edit-call")
def set_picture(request: OrganiserRequest) -> HttpResponse:
    """Take a picture, written anew without metadata, or take it away."""
    now = utc_now()
    if "remove" in request.POST:
        store_picture(request.campaign, None, by=request.actor, now=now)
        return redirect("office:settings", request.campaign.slug)
    form = PictureForm(request.POST, request.FILES)
    if form.is_valid():
        problems = Problems()
        picture = read_picture(form.cleaned_data["picture"].read(), problems)
        for problem in problems.mistakes:
            form.add_error("picture", f"{problem.wrong} {problem.right}")
        if picture:
            store_picture(request.campaign, picture.jpeg, by=request.actor, now=now)
            messages.success(request, "The picture is saved.")
            return redirect("office:settings", request.campaign.slug)
    settings_form = _settings_form(request.campaign, settings_of(request.campaign))
    return render_page(request, "office/call/settings.html", status=422, form=settings_form, picture_form=form)


@require_safe
@organiser_may("edit-call")
def show_picture(request: OrganiserRequest) -> HttpResponse:
    """The picture as it is published."""
    if not request.campaign.picture:
        raise Http404
    return HttpResponse(bytes(request.campaign.picture), content_type="image/jpeg")
