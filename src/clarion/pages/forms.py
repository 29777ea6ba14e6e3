"""The two forms that strangers fill in, as the templates draw them: `sign` and `host`.

`sign_form.html` and `host_form.html` hold a macro each; a page calls it with what is made here, wherever it stands:
on the call, on a country's page, on a page of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from babel.languages import get_official_languages
from markupsafe import Markup

from clarion.kernel.forms import FORMS, Form
from clarion.kernel.own_names import OWN_NAMES
from clarion.pages.consent import ConsentForm, consent_sentence, wording_id
from clarion.pages.labels import event_kind_names, field_labels
from clarion.pages.site import Page, Scene, once_for_scene
from clarion.places.gazetteer import largest_names
from clarion.places.models import Venue

SUGGESTED_CITIES = 200  # of a country, the largest first: what a page carries for those without JavaScript


@dataclass(frozen=True, slots=True)
class Drawn:
    """What every drawn form has.

    `limits`: lengths in characters by field; `countries`: the options of the list; `country`: the one preselected.
    """

    action: str
    labels: Mapping[str, str]
    limits: Mapping[str, int]
    countries: Markup
    country: str
    consent: str
    consent_id: str


@dataclass(frozen=True, slots=True)
class SignForm(Drawn):
    """The form by which a person signs; bound to the version that the page shows."""

    version: int


@dataclass(frozen=True, slots=True)
class VenueGroup:
    """The venues of one country, for one group of a list."""

    country: str
    venues: Sequence[Venue]


@dataclass(frozen=True, slots=True)
class HostForm(Drawn):
    """The form by which a person proposes an event."""

    venues: Sequence[VenueGroup]
    cities: Sequence[str]
    kinds: Mapping[str, str]
    own_languages: Mapping[str, str]
    other_languages: Mapping[str, str]


def sign_form(scene: Scene, country: str = "") -> SignForm:
    """The sign form of this language; `country`: the one preselected, on its own page."""
    return SignForm(**_drawn(scene, "sign", scene.at("sign"), country), version=scene.version.number)


def host_form(scene: Scene, country: str = "") -> HostForm:
    """The host form of this language; with `country` it names only that country's venues and cities."""
    here = [venue for venue in scene.venues if not venue.is_gone and country in ("", venue.country)]
    return HostForm(
        **_drawn(scene, "host", scene.at("host/"), country),
        venues=venue_groups(here, scene),
        cities=largest_names(country, SUGGESTED_CITIES) if country else (),
        kinds=event_kind_names(scene.voice),
        own_languages=scene.names,
        other_languages={tag: name for tag, name in _languages_of(country).items() if tag not in scene.names},
    )


def _drawn(scene: Scene, form: ConsentForm, action: str, country: str) -> dict[str, Any]:
    text = consent_sentence(scene.campaign, scene.voice, form)
    return {
        "action": action,
        "labels": field_labels(form, scene.voice),
        "limits": limits(FORMS[form]),
        "countries": country_options(scene, country),
        "country": country,
        "consent": text,
        "consent_id": wording_id(form, scene.language, text),
    }


def country_options(scene: Scene, chosen: str = "") -> Markup:
    """The options of a country field. The list is drawn once for each scene: it stands on every country's page."""
    options = _options(scene)
    mark = Markup('value="{}"').format(chosen)
    return options.replace(mark, mark + Markup(" selected"), 1) if chosen else options


@once_for_scene
def _options(scene: Scene) -> Markup:
    option = Markup('<option value="{}"{}>{}</option>')
    return Markup("\n").join(option.format(choice.code, scene.own, choice.name) for choice in scene.choices)


def limits(form: Form) -> dict[str, int]:
    """How many characters each field takes."""
    return {field.name: field.max_length for field in form.fields}


def venue_groups(venues: Sequence[Venue], scene: Scene) -> list[VenueGroup]:
    """Venues by country, as this language names and orders them."""
    named = sorted(venues, key=lambda venue: (scene.country(venue.country), venue.country, venue.city, venue.name))
    groups = groupby(named, key=lambda venue: venue.country)
    return [VenueGroup(scene.country(code), list(rows)) for code, rows in groups]


@cache
def _languages_of(country: str) -> dict[str, str]:
    """The languages that are official in a country, its regions included; all where no country is named."""
    if not country:
        return OWN_NAMES
    official = get_official_languages(country, regional=True, de_facto=True)
    return {tag: name for tag, name in OWN_NAMES.items() if tag in official}


def pages_of(scene: Scene) -> Iterator[Page]:
    """`host/`, where events are proposed."""
    if scene.ways.events:
        yield Page(scene.at("host/"), "pages/host_form_page.html", {"form": host_form(scene)})
