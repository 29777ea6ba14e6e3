"""Ways to give. A change is mailed to every other admin: this is where money can be led astray."""

from collections.abc import Mapping
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from clarion.calls.stored import call_of
from clarion.campaigns.queries import languages_of
from clarion.donations.actions import as_text, save_give_pages
from clarion.donations.queries import stored_give_pages
from clarion.donations.rules import GiveText, account_of, readable_iban, with_account_of
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_may, signed_in_again
from clarion.office.editing import problems_in
from clarion.office.forms.editing import is_overtaken
from clarion.office.forms.give import GiveForm, initial_of
from clarion.office.rendering import render_page


@require_safe
@organiser_may("edit-call")
def list_give(request: OrganiserRequest) -> HttpResponse:
    """The give page of each language."""
    pages = stored_give_pages(request.campaign)
    rows = [(language, pages.get(language)) for language in languages_of(request.campaign)]
    iban = next((readable_iban(page.iban) for page in pages.values() if page.iban), "")
    return render_page(request, "office/give/list.html", rows=rows, iban=iban)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_again
@organiser_may("edit-call")
def edit_give(request: OrganiserRequest, language: str) -> HttpResponse:
    """The give page of one language, and the account of all; after signing in again within ten minutes."""
    if language not in languages_of(request.campaign):
        raise Http404
    pages = {tag: as_text(page) for tag, page in stored_give_pages(request.campaign).items()}
    shown = pages.get(language) or _without_words(pages)
    form = GiveForm(request.POST or None, initial=initial_of(shown))
    is_sent = request.method == "POST"
    goes_on = is_sent and not is_overtaken(request, form)
    if goes_on and "remove" in request.POST:
        return _save(request, {tag: page for tag, page in pages.items() if tag != language})
    if goes_on and form.is_valid():
        page = form.text(language)
        new = {**pages, language: page}
        if shown and account_of(page) != account_of(shown):
            new = with_account_of(page, new)
        _check(form, request, new)
        if form.is_valid():
            return _save(request, new)
    return render_page(
        request, "office/give/edit.html", status=422 if is_sent else 200, form=form, language=language,
        is_there=language in pages,
    )  # fmt: skip


def _save(request: OrganiserRequest, pages: Mapping[str, GiveText]) -> HttpResponse:
    save_give_pages(request.campaign, tuple(pages.values()), by=request.actor, now=utc_now())
    messages.success(request, "Saved. Every other admin is told by mail.")
    return redirect("office:give", request.campaign.slug)


def _without_words(pages: Mapping[str, GiveText]) -> GiveText | None:
    return next((replace(page, title="", body="") for page in pages.values()), None)


def _check(form: GiveForm, request: OrganiserRequest, pages: Mapping[str, GiveText]) -> None:
    call = replace(call_of(request.campaign), gives=tuple(pages.values()))
    names = [f"give.{tag}.md" for tag in pages]
    found = problems_in(call, names, now=utc_now())
    for sentence in dict.fromkeys(f"{problem.wrong} {problem.right}" for problem in found):
        form.add_error(None, sentence)
