"""An event that the campaign itself announces, or changes."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields
from datetime import date
from itertools import groupby
from typing import Any

from django import forms

from clarion.events.rules import EventFields, EventRow, wall_times
from clarion.kernel.forms import EVENT_KINDS
from clarion.kernel.languages import native_name
from clarion.kernel.own_names import OWN_NAMES
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Line, Lines
from clarion.places.countries import Choice, country_name
from clarion.places.gazetteer import cities_of, find_cities, find_city
from clarion.places.models import Venue
from clarion.places.zones import is_zone

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_TIME = {"type": "time"}


class EventForm(EditForm):
    """Everything that an event says. With a venue, what is left empty comes from it."""

    title = Line(max_length=100)
    kind = forms.ChoiceField(choices=[(kind, kind.capitalize()) for kind in EVENT_KINDS])
    language = forms.ChoiceField(label="Language of the title")
    venue = forms.ChoiceField(required=False, help_text="It brings its country and city.")
    country = forms.ChoiceField(required=False, help_text="Needed where no venue is chosen.")
    city = Line(required=False, max_length=100, help_text="Needed where no venue is chosen.")
    address = Line(required=False, max_length=200, label="Where exactly", help_text="A public place.")
    day = forms.DateField(label="Date", widget=_DAY)
    starts = forms.TimeField(label="Starts at", widget=forms.TimeInput(attrs=_TIME, format="%H:%M"))
    ends = forms.TimeField(
        required=False, label="Ends at", widget=forms.TimeInput(attrs=_TIME, format="%H:%M"),
        help_text="As clocks show it there. Empty: two hours later.",
    )  # fmt: skip
    ends_day = forms.DateField(
        required=False, label="Ends on", widget=_DAY, help_text="Empty: before the same hour of the next day."
    )
    zone = Line(
        required=False, max_length=64, label="Time zone", help_text="Such as Africa/Nairobi. Empty: that of the place."
    )
    bring = Lines(required=False, max_length=500, label="What to bring", widget=forms.Textarea(attrs={"rows": 2}))
    accessibility = Lines(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    public_contact = Line(required=False, max_length=200, label="Contact (everyone sees this)")

    def offer(self, *, venues: Iterable[Venue], countries: Iterable[Choice], languages: Collection[str]) -> None:
        """Let these be chosen, and what is stored with them; `languages`: those of the call, named first."""
        self._venues = {venue.ref: venue for venue in venues}
        self._choose("venue", [("", "Another place"), *_by_country(self._venues.values())])
        self._choose("country", [("", "Choose …"), *((one.code, one.name) for one in countries)])
        others = [(tag, name) for tag, name in OWN_NAMES.items() if tag not in languages]
        self._choose("language", [*((tag, native_name(tag)) for tag in languages), ("Other languages", others)])

    def _choose(self, name: str, choices: list[Any]) -> None:
        field, stored = self.fields[name], self.initial.get(name)
        if isinstance(field, forms.ChoiceField):
            field.choices = choices
            if stored and not field.valid_value(stored):
                field.choices = [*choices, (stored, _name_of(name, stored))]

    def clean_zone(self) -> str:
        """A zone of the IANA list."""
        zone: str = self.cleaned_data["zone"]
        if zone and not is_zone(zone):
            raise forms.ValidationError("This is not a time zone such as Africa/Nairobi.")
        return zone

    def clean(self) -> dict[str, Any]:
        """Either a venue, or country and city; and an end after the start."""
        data = super().clean() or {}
        self._check_place(data)
        self._check_end(data)
        return data

    def _check_place(self, data: dict[str, Any]) -> None:
        """A venue lies in its own country, and any other place in a city that is known: it stands on a map."""
        country, city = data.get("country", ""), data.get("city", "")
        venue = self._venues.get(data.get("venue", ""))
        changed = set(self._changed_here()) & {"venue", "country", "city"}
        if venue and country not in ("", venue.country) and "country" in changed:
            self.add_error("country", f"The country of this venue: {country_name(venue.country, 'en')}.")
        if data.get("venue") or "venue" in self.errors:
            return
        for name in ("country", "city"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, "Needed where no venue is chosen.")
        if changed and country and city and cities_of(country) and not find_city(city, country):
            self.add_error("city", _unknown_city(city, country))

    def _check_end(self, data: dict[str, Any]) -> None:
        if not data.get("ends_day"):
            return
        if not data.get("ends") and "ends" not in self.errors:
            self.add_error("ends", "Say at what time it ends on that day.")
        if data.get("ends") and data.get("day") and data.get("starts"):
            starts, ends = self._wall_times()
            if ends <= starts:
                self.add_error("ends_day", "It would end before it starts.")

    def _wall_times(self) -> tuple[str, str]:
        data = self.cleaned_data
        ends = data["ends"].strftime("%H:%M") if data["ends"] else ""
        if data["ends_day"]:
            return f"{data['day']}T{data['starts']:%H:%M}", f"{data['ends_day']}T{ends}"
        return wall_times(data["day"].isoformat(), data["starts"].strftime("%H:%M"), ends)

    def row(self) -> EventRow:
        """What the form says."""
        starts_local, ends_local = self._wall_times()
        data = {name: value for name, value in self.cleaned_data.items() if name in _PLAIN}
        return EventRow(starts_local=starts_local, ends_local=ends_local, **data)

    def event_changes(self) -> dict[str, Any]:
        """What was changed, as names of `EventFields` and their values."""
        changes = self.changes()
        plain = {name: value for name, value in changes.items() if name in _PLAIN}
        if plain.keys() == changes.keys():
            return plain
        starts_local, ends_local = self._wall_times()
        return {**plain, "starts_local": starts_local, "ends_local": ends_local}


def _by_country(venues: Iterable[Venue]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Venues as groups of a list, by the country's name."""
    named = sorted((country_name(one.country, "en"), one.city, one.name, one.ref) for one in venues)
    for country, rows in groupby(named, key=lambda row: row[0]):
        yield country, [(ref, f"{city}: {name}" if city else name) for _, city, name, ref in rows]


def _name_of(field: str, stored: str) -> str:
    if field == "country":
        return country_name(stored, "en")
    return native_name(stored) if field == "language" else stored


def _unknown_city(city: str, country: str) -> str:
    near = ", ".join(dict.fromkeys(found.name for found in find_cities(city[:3], country, 3)))
    hint = f" Did you mean {near}?" if near else ""
    name = country_name(country, "en")
    return f"{city} is not on the list of cities ({name}).{hint} Otherwise name the nearest city, and the place below."


_PLAIN = {field.name for field in fields(EventFields)} & set(EventForm.base_fields)


def initial_of(said: EventFields) -> dict[str, Any]:
    """What the form shows of a stored event; on which day it ends only where the hours do not say it."""
    day, _, starts = said.starts_local.partition("T")
    ends_day, _, ends = said.ends_local.partition("T")
    is_plain = wall_times(day, starts, ends)[1] == said.ends_local
    return {
        **{name: getattr(said, name) for name in _PLAIN}, "day": date.fromisoformat(day), "starts": starts,
        "ends": ends, "ends_day": None if is_plain else date.fromisoformat(ends_day),
    }  # fmt: skip
