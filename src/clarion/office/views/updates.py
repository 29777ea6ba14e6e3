"""Updates: news and corrections, by date and language."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from clarion.calls.stored import call_of
from clarion.campaigns.actions import save_updates
from clarion.campaigns.queries import languages_of
from clarion.campaigns.rules import UpdateText
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.editing import problems_in
from clarion.office.forms.editing import is_overtaken
from clarion.office.forms.updates import UpdateForm
from clarion.office.rendering import render_page

Key = tuple[date, str]


@require_safe
@organiser_may("edit-call")
def list_updates(request: OrganiserRequest) -> HttpResponse:
    """Every update, newest first, with the languages in which it stands."""
    updates = list(request.campaign.updates.order_by("-posted_on", "language"))
    return render_page(request, "office/updates/list.html", updates=updates)


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("edit-call")
def edit_update(request: OrganiserRequest, day: str = "", language: str = "") -> HttpResponse:
    """Write, change or take away one update."""
    updates = {(u.posted_on, u.language): UpdateText(u.posted_on, u.language, u.title, u.body)
               for u in request.campaign.updates.all()}  # fmt: skip
    old = _found(updates, day, language)
    form = _form(request, old)
    is_sent = request.method == "POST"
    goes_on = is_sent and not (old and is_overtaken(request, form))
    if goes_on and old and "remove" in request.POST:
        del updates[old.posted_on, old.language]
        return _save(request, updates, "The update is gone.")
    if goes_on and form.is_valid():
        new = form.text()
        _check(form, request, updates, old, new)
        if form.is_valid():
            kept = {key: text for key, text in updates.items() if text != old}
            return _save(request, {**kept, (new.posted_on, new.language): new}, "Posted.")
    return render_page(
        request, "office/updates/edit.html", status=422 if is_sent else 200, form=form, is_new=old is None
    )


def _found(updates: Mapping[Key, UpdateText], day: str, language: str) -> UpdateText | None:
    if not day:
        return None
    try:
        return updates[date.fromisoformat(day), language]
    except (KeyError, ValueError):
        raise Http404 from None


def _form(request: OrganiserRequest, old: UpdateText | None) -> UpdateForm:
    first = {"posted_on": utc_now().date(), "language": request.campaign.default_language}
    known = {"posted_on": old.posted_on, "language": old.language, "title": old.title, "body": old.body} if old else {}
    form = UpdateForm(request.POST or None, initial={**first, **known})
    form.offer_languages(languages_of(request.campaign))
    return form


def _check(
    form: UpdateForm, request: OrganiserRequest, updates: Mapping[Key, UpdateText], old: UpdateText | None,
    new: UpdateText,
) -> None:  # fmt: skip
    key = (new.posted_on, new.language)
    if key in updates and updates[key] != old:
        form.add_error("posted_on", "There is an update of this day in this language: edit that one.")
    call = replace(call_of(request.campaign), updates=(new,))
    for problem in problems_in(call, [f"updates/{new.posted_on}.{new.language}.md"], now=utc_now()):
        form.add_error(None, f"{problem.wrong} {problem.right}")


def _save(request: OrganiserRequest, updates: Mapping[Key, UpdateText], sentence: str) -> HttpResponse:
    save_updates(request.campaign, tuple(updates.values()), by=request.actor, now=utc_now())
    messages.success(request, sentence)
    return redirect("office:updates", request.campaign.slug)
