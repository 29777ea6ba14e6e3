"""The pages that only a good link opens: they lie where no web server looks, and post to their own address."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clarion.events.models import Event
from clarion.events.queries import UNLINKED, is_public
from clarion.events.rules import MOVES, REVISABLE_STATES
from clarion.kernel.files import TOKEN_PAGES, manage_page, token_page
from clarion.kernel.forms import FORMS
from clarion.kernel.links import CONFIRM_KINDS, LinkKind
from clarion.locale.voice import Voice
from clarion.pages.forms import VenueGroup, limits, venue_groups
from clarion.pages.labels import field_labels
from clarion.pages.site import Page, Scene

_EVENT_LINKS = frozenset({LinkKind.CONFIRM_EVENT, LinkKind.CONFIRM_EVENT_TYPED})


@dataclass(frozen=True, slots=True)
class ManageForm:
    """What the form by which an event is changed needs; `country`: the event's own, whose venues it names."""

    labels: Mapping[str, str]
    limits: Mapping[str, int]
    country: str
    venues: Sequence[VenueGroup]


def pages_of(scene: Scene) -> Iterator[Page]:
    """The static page behind each kind of link, and its quiet second one."""
    for kind, (first, second) in TOKEN_PAGES.items():
        context = {"is_event": kind in _EVENT_LINKS, "is_typed": kind.is_typed}
        template = "confirm" if kind in CONFIRM_KINDS else "withdraw"
        yield _token_page(scene, first, template, context)
        if second:
            yield _token_page(scene, second, "confirm_not_me", context)


def _token_page(scene: Scene, name: str, template: str, context: Mapping[str, bool]) -> Page:
    path = token_page(scene.slug, scene.language, name)
    return Page(path, f"pages/{template}.html", context, is_indexed=False, folder="manage")


def manage_pages_of(scenes: Sequence[Scene], events: Iterable[Event]) -> Iterator[tuple[Scene, Page]]:
    """The manage page of each event whose organiser holds a link, in that organiser's language."""
    by_language = {scene.language: scene for scene in scenes}
    for event in events:
        if event.host_box is not None and event.state not in UNLINKED:
            scene = by_language.get(event.host_language, scenes[0])
            yield scene, manage_page_of(event, scene)


def manage_page_of(event: Event, scene: Scene) -> Page:
    """The page on which an event's organiser changes or cancels it; `scene` is in that organiser's language.

    It holds what was approved and nothing else: a change that waits is mentioned, not shown.
    """
    context = {
        "event": event,
        "approved": _approved(event, scene.voice) if is_public(event) else {},
        "state": _state_sentence(event, scene.voice),
        "has_waiting_change": event.state in REVISABLE_STATES and event.public_id in scene.changing,
        "may_change": event.state in MOVES["resubmit"].sources | REVISABLE_STATES,
        "may_cancel": event.state in MOVES["cancel"].sources,
        "form": _manage_form(event, scene),
    }
    path = manage_page(scene.slug, event.public_id, event.generation)
    return Page(path, "pages/manage.html", context, is_indexed=False, folder="manage")


def _manage_form(event: Event, scene: Scene) -> ManageForm:
    venues = [venue for venue in scene.venues if venue.country == event.country]
    return ManageForm(
        field_labels("manage", scene.voice),
        limits(FORMS["manage"]),
        event.country,
        venue_groups(venues, scene),
    )


def _approved(event: Event, voice: Voice) -> dict[str, str]:
    """What the public sees, by field of the form; empty values are left out."""
    starts = datetime.fromisoformat(event.starts_local)
    values = {
        "title": event.title,
        "venue": event.venue.name if event.venue else "",
        "city": event.city,
        "address": event.address,
        "date": voice.weekday_and_day(starts),
        "time": voice.time_of_day(starts),
        "end": voice.time_of_day(datetime.fromisoformat(event.ends_local)) if event.ends_local else "",
        "bring": event.bring,
        "accessibility": event.accessibility,
        "public_contact": event.public_contact,
    }
    return {name: value for name, value in values.items() if value}


def _state_sentence(event: Event, voice: Voice) -> str:
    if event.state == Event.State.CANCELLED and not is_public(event):
        return voice.gettext("This event is cancelled.")
    sentences: dict[str, str] = {
        Event.State.WAITING: voice.gettext("It waits for a moderator and is not published yet."),
        Event.State.CHANGES_ASKED: voice.gettext(
            "A moderator asked you to change something: see our mail. Your event is not published yet."
        ),
        Event.State.KEPT: voice.gettext("It is published."),
        Event.State.REFUSED: voice.gettext("It was refused and is not published: see our mail."),
        Event.State.HIDDEN: voice.gettext("A moderator has taken it off the site: see our mail."),
        Event.State.CANCELLED: voice.gettext("It is cancelled, and its page says so."),
        Event.State.ENDED: voice.gettext("It is over. Thank you for hosting it."),
    }
    return sentences.get(event.state, "")
