"""Versions of the texts: what has changed, saving the next one, publishing."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from clarion.calls.stored import statement_text
from clarion.campaigns.actions import drop_drafts, publish_campaign, save_version
from clarion.campaigns.models import Statement
from clarion.campaigns.queries import all_versions, statements_in
from clarion.campaigns.rules import NoStatement, StatementText
from clarion.kernel.clock import utc_now
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.editing import Texts, statement_problems, texts_of
from clarion.office.forms.call import STATUS_CHOICES, initial_of
from clarion.office.rendering import render_page

_MEANWHILE = "Somebody changed the drafts meanwhile. Nothing is saved yet: below stands what saving would change now."
_AROUND = 2  # lines of the unchanged text that are shown beside a change


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: `added`, `gone`, `same` or `skipped`."""

    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What changed in one part of a text; `is_text`: written in its language, not in the office's."""

    label: str
    is_text: bool
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed in one language; no part where its file is written otherwise and says the same."""

    language: str
    parts: list[Part]


# Name in the form, label, whether it is written in the language of the text.
_PARTS = (
    ("title", "Title", True),
    ("summary", "Summary", True),
    ("demands", "What we ask for", True),
    ("body", "Text", True),
    ("picture_alt", "What the picture shows", True),
    ("dated_on", "Date", False),
    ("status", "Who stands behind this translation", False),
    ("translator", "Translator", True),
    ("translates", "What it translates", False),
)


def compare_texts(before: StatementText | None, after: StatementText | None) -> list[Part]:
    """What a reader would find changed, part by part; of demands each on a line."""
    old, new = _said(before), _said(after)
    parts = (Part(label, is_text, compare(old[name], new[name])) for name, label, is_text in _PARTS)
    return [part for part in parts if part.lines]


def _said(text: StatementText | None) -> dict[str, str]:
    if text is None:
        return dict.fromkeys((name for name, _, _ in _PARTS), "")
    said = initial_of(text, is_present=True)
    said["translates"] = f"Version {text.translates} of the original" if text.translates else ""
    said["status"] = dict(STATUS_CHOICES).get(text.status, text.status)
    return {name: str(said[name] or "") for name, _, _ in _PARTS}


def compare(before: str, after: str) -> list[Line]:
    """`before` and `after` line by line, long unchanged stretches left out."""
    old, new = before.splitlines(), after.splitlines()
    return list(_lines(old, new)) if old != new else []


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from _unchanged(old[a:b], is_first=a == 0, is_last=b == len(old))
            continue
        yield from (Line("gone", line) for line in old[a:b])
        yield from (Line("added", line) for line in new[c:d])


def _unchanged(lines: list[str], *, is_first: bool, is_last: bool) -> Iterator[Line]:
    head = [] if is_first else lines[:_AROUND]
    rest = lines[len(head) :]
    tail = [] if is_last else rest[-_AROUND:]
    yield from (Line("same", line) for line in head)
    if len(rest) > len(tail):
        yield Line("skipped")
    yield from (Line("same", line) for line in tail)


@require_safe
@organiser_may("edit-call")
def show_changes(request: OrganiserRequest) -> HttpResponse:
    """What saving a version would change."""
    return _changes_page(request, texts_of(request.campaign))


def _changes_page(request: OrganiserRequest, texts: Texts, *, status: int = 200) -> HttpResponse:
    comparisons = [
        Comparison(tag, compare_texts(texts.saved.get(tag), texts.drafted.get(tag))) for tag in texts.changed
    ]
    return render_page(
        request, "office/call/changes.html", status=status, comparisons=comparisons, number=texts.version + 1,
        texts=texts, is_draft=True,
    )  # fmt: skip


@require_POST
@organiser_may("edit-call")
def save_drafts(request: OrganiserRequest) -> HttpResponse:
    """Make the drafts that the page showed the next version; a public campaign shows it within seconds."""
    texts = texts_of(request.campaign)
    if not texts.changed:
        messages.info(request, "Nothing has changed: there is no new version.")
        return redirect("office:call", request.campaign.slug)
    if request.POST.get("seen") != texts.mark:
        messages.warning(request, _MEANWHILE)
        return _changes_page(request, texts, status=422)
    wrong = [tag for tag, text in texts.drafted.items() if tag in texts.changed and statement_problems(text)]
    if wrong:
        messages.error(request, f"There are mistakes in {', '.join(wrong)}. Open it to see them.")
        return redirect("office:call", request.campaign.slug)
    try:
        version, _ = save_version(request.campaign, tuple(texts.drafted.values()), by=request.actor, now=utc_now())
    except NoStatement as refusal:
        messages.error(request, str(refusal))
        return redirect("office:call", request.campaign.slug)
    drop_drafts(request.campaign, texts.drafts)
    messages.success(request, f"Version {version.number} is saved.")
    return _publish(request) if "publish" in request.POST else redirect("office:call", request.campaign.slug)


@require_safe
@organiser_may("edit-call")
def show_version(request: OrganiserRequest, number: int) -> HttpResponse:
    """What a version changed against the one before it."""
    versions = all_versions(request.campaign)
    numbered = {version.number: version for version in versions}
    if number not in numbered:
        raise Http404
    before = next((old for old, new in pairwise(versions) if new.number == number), None)
    old = statements_in(before, request.campaign) if before else {}
    new = statements_in(numbered[number], request.campaign)
    comparisons = [
        Comparison(tag, compare_texts(_text(old.get(tag)), _text(new.get(tag))))
        for tag in dict.fromkeys([*new, *old])
        if tag not in old or tag not in new or bytes(old[tag].raw) != bytes(new[tag].raw)
    ]
    return render_page(
        request, "office/call/changes.html", comparisons=comparisons, number=number, versions=versions,
        version=numbered[number], is_draft=False,
    )  # fmt: skip


def _text(statement: Statement | None) -> StatementText | None:
    return statement_text(statement) if statement else None


@require_POST
@organiser_may("edit-call")
def publish(request: OrganiserRequest) -> HttpResponse:
    """Show the campaign to the public, or bring every page of it up to date; not while drafts say something else."""
    texts = texts_of(request.campaign)
    if texts.changed:
        messages.warning(request, _unsaved(len(texts.changed), texts.version + 1))
        return redirect("office:changes", request.campaign.slug)
    return _publish(request)


def _publish(request: OrganiserRequest) -> HttpResponse:
    publish_campaign(request.campaign, by=request.actor, now=utc_now())
    messages.success(request, "Publishing. The first pages stand within seconds.")
    return redirect("office:overview", request.campaign.slug)


def _unsaved(drafts: int, number: int) -> str:
    what, them = ("1 draft is", "it") if drafts == 1 else (f"{drafts} drafts are", "them")
    return f"{what} not saved, so the public would not see {them}. Save {them} as version {number}, then publish."
