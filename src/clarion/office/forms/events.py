"""An event that the campaign itself announces, or changes."""

from dataclasses import fields
from datetime import date
from typing import Any

from django import forms

from clarion.events.rules import EventFields, EventRow, wall_times
from clarion.kernel.forms import EVENT_KINDS
from clarion.kernel.languages import is_language
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Line, Lines
from clarion.places.countries import CODES
from clarion.places.zones import is_zone

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_TIME = {"type": "time"}


class EventForm(EditForm):
    """Everything that an event says. With a venue, what is left empty comes from it."""

    title = Line(max_length=100)
    kind = forms.ChoiceField(choices=[(kind, kind.capitalize()) for kind in EVENT_KINDS])
    language = Line(max_length=12, label="Language of the title", help_text="Its tag, such as en or pt-BR.")
    venue = Line(required=False, max_length=64, label="Venue", help_text="Its id on your list, if it is there.")
    country = Line(required=False, max_length=2, help_text="Two letters; empty with a venue.")
    city = Line(required=False, max_length=100, help_text="Empty with a venue.")
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

    def clean_country(self) -> str:
        """A known code."""
        code: str = self.cleaned_data["country"].upper()
        if code and code not in CODES:
            raise forms.ValidationError("This is not a country code, such as KE.")
        return code

    def clean_language(self) -> str:
        """A known tag."""
        tag: str = self.cleaned_data["language"]
        if not is_language(tag):
            raise forms.ValidationError("This is not a known language tag.")
        return tag

    def clean_zone(self) -> str:
        """A zone of the IANA list."""
        zone: str = self.cleaned_data["zone"]
        if zone and not is_zone(zone):
            raise forms.ValidationError("This is not a time zone such as Africa/Nairobi.")
        return zone

    def clean(self) -> dict[str, Any]:
        """Either a venue, or country and city; and an end after the start."""
        data = super().clean() or {}
        if not data.get("venue"):
            for name in ("country", "city"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, "Needed where no venue is named.")
        self._check_end(data)
        return data

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
