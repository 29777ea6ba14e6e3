"""The moderation queue: one item after the other, each decision with its reason, every one undone where possible."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.events.models import Event
from clarion.events.queries import copies_of, event_by_public_id, fields_of, is_public, spot_asked_for, venue_of
from clarion.events.rules import Flag, NotNow, UnknownEvent
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import Refusal
from clarion.kernel.keys import read_key_ring
from clarion.kernel.sealing import BoxBroken, unlock_fields
from clarion.moderation.actions import correct_event, decide_event, decide_revision, undo_decision
from clarion.moderation.actions import see_reports as note_reports
from clarion.moderation.models import Decision
from clarion.moderation.queries import QueueItem, decisions_on, open_reports, queue, reports_on, standing
from clarion.moderation.rules import AlreadyDecided, ChangedMeanwhile, Verb
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.forms.editing import is_overtaken
from clarion.office.forms.moderation import CorrectionForm, DecisionForm, reasons_for
from clarion.office.rendering import render_page
from clarion.office.sentences import CHECKED, FIELDS, REPORTS, VERBS
from clarion.office.templatetags import office as words
from clarion.organisers.models import Organiser
from clarion.organisers.rules import may_moderate


@require_safe
@organiser_may("moderate")
def show_queue(request: OrganiserRequest) -> HttpResponse:
    """What waits, the oldest first; by language where one is chosen."""
    now = utc_now()
    everything = queue(request.campaign, request.membership.countries, now=now)
    return render_page(
        request, "office/moderation/queue.html", items=_of_language(request, everything), everything=everything,
        languages=sorted({item.event.language for item in everything}), language=_language(request),
        narrowed=_narrowed(request), now=now,
    )  # fmt: skip


def _language(request: OrganiserRequest) -> str:
    """The language to which the moderator has narrowed the queue: every address of it goes on carrying it."""
    return request.GET.get("language", "")


def _of_language(request: OrganiserRequest, items: list[QueueItem]) -> list[QueueItem]:
    language = _language(request)
    return [item for item in items if not language or item.event.language == language]


def _narrowed(request: OrganiserRequest) -> str:
    language = _language(request)
    return "?" + urlencode({"language": language}) if language else ""


@require_safe
@organiser_may("moderate")
def show_item(request: OrganiserRequest, event_id: str) -> HttpResponse:
    """One item with all that is known of it, beside the queue."""
    return _item_page(request, event_for(request, event_id))


def event_for(request: OrganiserRequest, event_id: str) -> Event:
    """An event of this campaign in a country that the organiser looks after; raises `Http404`."""
    event = event_by_public_id(event_id)
    role = request.membership
    if event is None or event.campaign_id != request.campaign.pk:
        raise Http404
    if not may_moderate(role.role, role.countries, event.country):
        raise Http404
    return event


@dataclass(frozen=True, slots=True)
class Fold:
    """A decision that needs a reason, as the page offers it; `revision`: the change it is on, else the event."""

    verb: Verb
    label: str
    key: str
    revision: str = ""

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The reasons that go with it, code and sentence."""
        return reasons_for(self.verb)


def _folds(event: Event, item: QueueItem | None) -> list[Fold]:
    """What can be decided now; what the public sees can be hidden, whatever else waits."""
    folds: list[Fold] = []
    revision = item.revision.public_id if item and item.revision else ""
    if revision or event.state == Event.State.WAITING:
        folds += [Fold("ask-for-changes", "Ask for changes", "c", revision), Fold("refuse", "Refuse", "r", revision)]
    if is_public(event):
        folds.append(Fold("hide", "Hide", "h"))
    return folds


def _item_page(
    request: OrganiserRequest, event: Event, *, status: int = 200, correction: CorrectionForm | None = None,
    decision: DecisionForm | None = None,
) -> HttpResponse:  # fmt: skip
    """`correction`, `decision`: forms that came to nothing, with what was typed."""
    now = utc_now()
    everything = queue(request.campaign, request.membership.countries, now=now)
    item = next((one for one in everything if one.event.public_id == event.public_id), None)
    folds = _folds(event, item)
    return render_page(
        request,
        "office/moderation/item.html",
        status=status,
        items=_of_language(request, everything),
        narrowed=_narrowed(request),
        item=item,
        event=event,
        can_keep=event.state == Event.State.WAITING or (item is not None and item.revision is not None),
        folds=folds,
        decision=decision,
        unsent=_unsent(decision, folds),
        host=host_of(event),
        changes=_changes(item, event),
        reports=[(REPORTS[report.reason], report) for report in reports_on(event.public_id)],
        decisions=_told(decisions_on(event.public_id)),
        copies=_copies(request, event, item),
        checked=CHECKED.get(event.checked, ""),
        correction=correction or CorrectionForm(initial=_correctable(event)),
        is_correcting=correction is not None,
        now=now,
    )


def _unsent(decision: DecisionForm | None, folds: list[Fold]) -> str:
    """The sentence of a decision that cannot be made any more: it is shown, for a moderator has thought about it."""
    if decision is None or decision["verb"].data in [fold.verb for fold in folds]:
        return ""
    return decision["sentence"].data or ""


def host_of(event: Event) -> dict[str, str] | None:
    """Name and address of the event's organiser, from their box; None where nothing is held."""
    if not event.host_box:
        return None
    try:
        return unlock_fields(read_key_ring(settings.ENV.data.keys, "field"), bytes(event.host_box))
    except BoxBroken:
        return None


def _copies(request: OrganiserRequest, event: Event, item: QueueItem | None) -> list[tuple[Event, bool]]:
    """The events of which this one may be a copy, each with whether this organiser may open it."""
    if item is None or Flag.COPY_NEARBY not in item.flags:
        return []
    role, spot = request.membership, spot_asked_for(event, item.revision.fields if item.revision else {})
    return [
        (other, may_moderate(role.role, role.countries, other.country))
        for other in copies_of(request.campaign, spot, event.public_id)
    ]


def _changes(item: QueueItem | None, event: Event) -> list[tuple[str, object, object]]:
    """What a waiting change would change: the field's name, before, after."""
    if item is None or item.revision is None:
        return []
    said = fields_of(event)
    return [
        (FIELDS[name], _in_words(event, name, getattr(said, name)), _in_words(event, name, new))
        for name, new in item.revision.fields.items()
        if name in FIELDS
    ]


def _in_words(event: Event, name: str, value: Any) -> object:
    """A field as a moderator reads it: no id, code or bare date."""
    if not value:
        return value
    if name == "venue":
        venue = venue_of(event.campaign, value)
        return f"{venue.name}, {venue.city}" if venue else value
    return _WORDS[name](value) if name in _WORDS else value


_WORDS: Mapping[str, Callable[[str], str]] = {
    "starts_local": words.wall, "ends_local": words.wall, "country": words.country, "language": words.language,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A decision with its verb in words, the name of who decided, and whether it can be undone."""

    decision: Decision
    verb: str
    by: str
    stands: bool


def _told(decisions: list[Decision]) -> list[Told]:
    names = {o.public_id: str(o) for o in Organiser.objects.filter(public_id__in={d.by for d in decisions})}
    stand = {one.public_id for one in standing(decisions).values()}
    return [
        Told(one, VERBS.get(one.verb, one.verb), names.get(one.by, "someone who left"), one.public_id in stand)
        for one in decisions
    ]


def _correctable(event: Event) -> dict[str, object]:
    said = fields_of(event)
    return {name: getattr(said, name) for name in CorrectionForm.base_fields if hasattr(said, name)}


@require_POST
@organiser_may("moderate")
def decide(request: OrganiserRequest, event_id: str) -> HttpResponse:
    """Keep, ask for changes, refuse or hide one item, then go on to the next in the queue."""
    event = event_for(request, event_id)
    following = _next_after(request, event_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This decision was not understood. Please decide again.")
        return _item_page(request, event, status=422, decision=form)
    try:
        _decide(request, event_id, form)
    except (AlreadyDecided, ChangedMeanwhile) as late:
        messages.info(request, str(late))
        return _item_page(request, event_for(request, event_id), status=422, decision=form)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return _item_page(request, event, status=422, decision=form)
    messages.success(request, _decided(request, event, VERBS[form.cleaned_data["verb"]]))
    return _to(request, following)


def _decided(request: OrganiserRequest, event: Event, verb: str) -> SafeString:
    """What was decided, with the way back: a thumb slips."""
    page = _item_address(request, event.public_id)
    return format_html('{}: {} <a href="{}">Look again, or undo</a>', verb, event.title, page)


def _decide(request: OrganiserRequest, event_id: str, form: DecisionForm) -> None:
    data = form.cleaned_data
    now = utc_now()
    if data["revision"]:
        decide_revision(
            data["revision"], data["verb"], by=request.organiser, now=now, reason=data["reason"],
            sentence=data["sentence"],
        )  # fmt: skip
    else:
        decide_event(
            event_id, data["verb"], by=request.organiser, now=now, reason=data["reason"], sentence=data["sentence"],
            checked=data["checked"], seen=data["seen"],
        )  # fmt: skip


def _next_after(request: OrganiserRequest, event_id: str) -> str:
    """The item after this one, else the first other one; empty where nothing else waits."""
    items = queue(request.campaign, request.membership.countries, _language(request), now=utc_now())
    ids = [item.event.public_id for item in items]
    at = ids.index(event_id) if event_id in ids else -1
    rest = [one for one in (*ids[at + 1 :], *ids) if one != event_id]
    return rest[0] if rest else ""


def _to(request: OrganiserRequest, event_id: str) -> HttpResponse:
    if event_id:
        return redirect(_item_address(request, event_id))
    return redirect(reverse("office:moderation-queue", args=[request.campaign.slug]) + _narrowed(request))


def _item_address(request: OrganiserRequest, event_id: str) -> str:
    return reverse("office:moderation-item", args=[request.campaign.slug, event_id]) + _narrowed(request)


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("moderate")
def correct(request: OrganiserRequest, event_id: str) -> HttpResponse:
    """Mend the pin or the text of an event."""
    event = event_for(request, event_id)
    form = CorrectionForm(request.POST or None, initial=_correctable(event))
    is_sent = request.method == "POST"
    if not is_sent or is_overtaken(request, form) or not form.is_valid():
        return _item_page(request, event, status=422 if is_sent else 200, correction=form)
    try:
        if corrections := form.corrections():
            correct_event(event_id, corrections, by=request.organiser, now=utc_now())
            messages.success(request, "Corrected.")
    except (Refusal, UnknownEvent) as refusal:
        messages.error(request, str(refusal))
    return _to(request, event_id)


@require_POST
@organiser_may("moderate")
def undo(request: OrganiserRequest, event_id: str, decision_id: str) -> HttpResponse:
    """Take a decision back."""
    event_for(request, event_id)
    try:
        undo_decision(decision_id, by=request.organiser, now=utc_now())
        messages.success(request, "Taken back.")
    except (Refusal, NotNow) as refusal:
        messages.info(request, str(refusal))
    return _to(request, event_id)


@require_POST
@organiser_may("moderate")
def see_reports(request: OrganiserRequest, event_id: str) -> HttpResponse:
    """Leave the event as it is: the reports that the page showed were read."""
    event_for(request, event_id)
    following = _next_after(request, event_id)
    note_reports(event_id, request.POST.get("seen", "").split(), by=request.organiser, now=utc_now())
    if open_reports([event_id]):
        messages.warning(request, "Another report came meanwhile: read it too.")
        return _to(request, event_id)
    messages.success(request, "The event stays as it is.")
    return _to(request, following)
