"""The texts of a call: each language beside the original, with its status, and as the public will see it."""

from dataclasses import dataclass

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.campaigns.actions import drop_drafts, keep_draft
from clarion.campaigns.queries import hashes_by_version
from clarion.campaigns.rules import StatementText, is_behind, last_other_version
from clarion.kernel.clock import utc_now
from clarion.kernel.languages import is_language
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.editing import Texts, statement_problems, texts_of, written_anew
from clarion.office.forms.call import LanguageForm, StatementForm, TranslationForm, initial_of, statement_of
from clarion.office.forms.editing import is_overtaken
from clarion.office.preview import preview_of
from clarion.office.rendering import render_page
from clarion.pages.assets import style_sheet

_MEANWHILE = "Somebody changed this draft meanwhile. Nothing is thrown away yet: look at it, then do it again."


@dataclass(frozen=True, slots=True)
class Row:
    """One language in the list."""

    language: str
    text: StatementText | None
    is_original: bool
    is_behind: bool
    follows: int | None  # a version
    state: str  # saved, changed, new, dropped
    mark: str  # of its draft


@require_safe
@organiser_may("edit-call")
def show_call(request: OrganiserRequest) -> HttpResponse:
    """The languages of the call, what state each is in, and what can be done next."""
    return _call_page(request, texts_of(request.campaign), LanguageForm())


def _call_page(request: OrganiserRequest, texts: Texts, form: LanguageForm, *, status: int = 200) -> HttpResponse:
    rows = _rows(request, texts)
    return render_page(request, "office/call/show.html", status=status, rows=rows, texts=texts, language_form=form)


def _rows(request: OrganiserRequest, texts: Texts) -> list[Row]:
    original, hashes = request.campaign.default_language, _originals(request, texts)
    tags = [*texts.saved, *(tag for tag in texts.drafted if tag not in texts.saved)]
    return [_row(tag, texts, original, hashes) for tag in tags]


def _originals(request: OrganiserRequest, texts: Texts) -> dict[int, str]:
    """SHA-256 of the original by version, its draft as the next one."""
    original = request.campaign.default_language
    hashes = dict(hashes_by_version(request.campaign).get(original, {}))
    if original in texts.changed and original in texts.drafted:
        hashes[texts.version + 1] = texts.drafted[original].sha256
    return hashes


def _row(tag: str, texts: Texts, original: str, hashes: dict[int, str]) -> Row:
    text = texts.drafted.get(tag)
    if text is None:
        state = "dropped"
    elif tag not in texts.saved:
        state = "new"
    else:
        state = "changed" if tag in texts.changed else "saved"
    follows = texts.follows(tag)
    behind = tag != original and follows is not None and is_behind(follows, hashes)
    mark = texts.draft_mark(tag)
    return Row(tag, text or texts.saved.get(tag), tag == original, behind, follows, state, mark)


@require_POST
@organiser_may("edit-call")
def add_language(request: OrganiserRequest) -> HttpResponse:
    """To the empty form of a new language."""
    form = LanguageForm(request.POST)
    if form.is_valid():
        return redirect("office:edit-statement", request.campaign.slug, form.cleaned_data["language"])
    return _call_page(request, texts_of(request.campaign), form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("edit-call")
def edit_statement(request: OrganiserRequest, language: str) -> HttpResponse:
    """One statement beside the original; kept as a draft until a version is saved."""
    if not is_language(language):
        raise Http404
    texts = texts_of(request.campaign)
    original = texts.drafted.get(request.campaign.default_language)
    old = texts.drafted.get(language) or texts.saved.get(language)
    form = _statement_form(request, language, texts, old)
    problems: list[str] = []
    is_sent = request.method == "POST"
    if is_sent and not is_overtaken(request, form) and form.is_valid():
        translates = _translates(form, texts, old, request)
        if form.is_valid():
            new = written_anew(old, statement_of(language, form.cleaned_data, translates))
            problems = [f"{one.wrong} {one.right}" for one in statement_problems(new)]
            if not problems:
                return _keep(request, new)
    return render_page(
        request,
        "office/call/edit.html",
        status=422 if is_sent else 200,
        form=form,
        language=language,
        original=original if original and original.language != language else None,
        problems=problems,
        is_new=old is None,
        is_drafted=bool(texts.drafts.get(language)),
        draft_mark=texts.draft_mark(language),
        is_default=language == request.campaign.default_language,
    )


def _statement_form(request: OrganiserRequest, language: str, texts: Texts, old: StatementText | None) -> StatementForm:
    kind = StatementForm if language == request.campaign.default_language else TranslationForm
    present = not any(row.language == language and row.is_behind for row in _rows(request, texts))
    form = kind(request.POST or None, initial=initial_of(old, is_present=present))
    for name in ("title", "summary", "body", "demands", "picture_alt"):
        form.fields[name].widget.attrs.update({"lang": language, "dir": "auto"})
    return form


def _translates(form: StatementForm, texts: Texts, old: StatementText | None, request: OrganiserRequest) -> int | None:
    """The version that a translation follows: the one to be saved where the original changes with it.

    One that follows an older text goes on following the one it did, else the last that read differently.
    """
    if not isinstance(form, TranslationForm):
        return None if old is None else old.translates
    originals = _originals(request, texts)
    if form.cleaned_data["is_present"]:
        return max(originals, default=1)
    followed = texts.follows(old.language) if old else None
    older = followed if followed and is_behind(followed, originals) else last_other_version(originals)
    if older is None:
        form.add_error("is_present", "The original has had one text so far: there is no older one to follow.")
    return older


def _keep(request: OrganiserRequest, text: StatementText) -> HttpResponse:
    slug = request.campaign.slug
    keep_draft(request.campaign, text.language, text.raw.decode(), by=request.actor, now=utc_now())
    if "preview" in request.POST:
        return redirect("office:preview", slug, text.language)
    messages.success(request, "Kept as a draft. The public sees it once you save a version.")
    return redirect("office:call", slug)


@require_POST
@organiser_may("edit-call")
def drop_draft(request: OrganiserRequest, language: str) -> HttpResponse:
    """Forget the draft that the page showed, or draft that a translation goes."""
    texts = texts_of(request.campaign)
    if request.POST.get("seen") != texts.draft_mark(language):
        messages.warning(request, _MEANWHILE)
        return _call_page(request, texts, LanguageForm(), status=422)
    if request.POST.get("what") == "language" and language != request.campaign.default_language:
        keep_draft(request.campaign, language, "", by=request.actor, now=utc_now())
    elif language in texts.drafts:
        drop_drafts(request.campaign, {language: texts.drafts[language]})
    return redirect("office:call", request.campaign.slug)


@require_safe
@organiser_may("edit-call")
def preview(request: OrganiserRequest, language: str) -> HttpResponse:
    """The call as the public will see it, on a phone and on a wide screen, drafts included."""
    texts = texts_of(request.campaign)
    if language not in texts.drafted:
        raise Http404
    languages = list(texts.drafted)
    return render_page(request, "office/call/preview.html", language=language, languages=languages, texts=texts)


# The page's own policy stands in it as `meta`; this one lets it be framed here, and neither run nor send anything.
PREVIEW_POLICY = {
    "default-src": [NONE],
    "style-src": [SELF],
    "img-src": [SELF],
    "sandbox": ["allow-same-origin"],
    "frame-ancestors": [SELF],
    "form-action": [NONE],
    "script-src": None,
    "connect-src": None,
    "frame-src": None,
}


@require_safe
@csp_replace(PREVIEW_POLICY)
@organiser_may("edit-call")
def preview_page(request: OrganiserRequest, language: str) -> HttpResponse:
    """The public page itself, in a frame that can neither run a script nor send a form."""
    texts = texts_of(request.campaign)
    if language not in texts.drafted:
        raise Http404
    return HttpResponse(preview_of(request.campaign, texts, language, now=utc_now()))


@require_safe
@organiser_may("edit-call")
def preview_style(request: OrganiserRequest) -> HttpResponse:
    """The public site's style sheet with the campaign's accent."""
    return HttpResponse(style_sheet(request.campaign.accent), content_type="text/css; charset=utf-8")
