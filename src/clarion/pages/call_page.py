"""The call: statement, demands, sign form, count, events and coverage."""

from collections.abc import Iterator
from itertools import islice

from clarion.campaigns.models import Statement
from clarion.campaigns.queries import languages_behind
from clarion.events.models import Event
from clarion.pages.coverage_map import coverage_map, reach
from clarion.pages.forms import sign_form
from clarion.pages.labels import signature_words
from clarion.pages.showing import showings
from clarion.pages.site import Page, Scene
from clarion.pages.structured import call_data

EVENTS_SHOWN = 9
UPDATES_SHOWN = 2


def pages_of(scene: Scene) -> Iterator[Page]:
    """The call's own page."""
    kept = (event for event in scene.events if event.state == Event.State.KEPT)
    coming = list(islice(kept, EVENTS_SHOWN))
    yield Page(
        scene.base,
        "pages/call.html",
        {
            "form": sign_form(scene) if scene.ways.sign else None,
            "signature_words": signature_words(scene.voice),
            "coming": sorted(showings(coming, scene), key=lambda one: (one.local, one.id)),
            "reach": reach(scene),
            "map": coverage_map(scene) if scene.ways.events else "",
            "news": scene.updates[:UPDATES_SHOWN],
            "standing": standing(scene),
            "data": call_data(scene),
        },
        has_counts=True,
    )


def standing(scene: Scene) -> str:
    """Who stands behind the text in this language; empty for the original."""
    if scene.language == scene.campaign.default_language:
        return ""
    sentences = [_status(scene)]
    if scene.statement.translator:
        name = f"\u2068{scene.statement.translator}\u2069"
        sentences.append(scene.voice.gettext("Translated by %(name)s.") % {"name": name})
    if scene.language in languages_behind(scene.campaign):
        sentences.append(
            scene.voice.gettext("It follows version %(number)s; the original has changed since.")
            % {"number": scene.voice.number(scene.statement.translates)}
        )
    return " ".join(sentences)


def _status(scene: Scene) -> str:
    match scene.statement.status:
        case Statement.Status.COMMUNITY:
            return scene.voice.gettext("A translation by volunteers.")
        case Statement.Status.MACHINE:
            return scene.voice.gettext("A machine’s translation that nobody has checked.")
    return scene.voice.gettext("The organisers’ own translation.")
