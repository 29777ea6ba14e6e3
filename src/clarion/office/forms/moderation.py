"""A decision on an event or a change, and the correction of one."""

from typing import Any

from django import forms

from clarion.kernel.forms import EVENT_KINDS
from clarion.moderation.rules import CHECKED, REASONS, REASONS_FOR, VERBS, Verb
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Line, Lines


class DecisionForm(forms.Form):
    """What a moderator decides: verb, reason, sentence, how it was checked, and which text they read."""

    verb = forms.ChoiceField(choices=[(verb, verb) for verb in VERBS])
    reason = forms.ChoiceField(required=False, choices=[("", ""), *((code, text) for code, text in REASONS.items())])
    sentence = Lines(required=False, max_length=500)
    checked = forms.ChoiceField(required=False, choices=[("", ""), *((code, code) for code in CHECKED)])
    revision = Line(required=False, max_length=32)
    seen = forms.IntegerField(required=False, min_value=0)


def reasons_for(verb: Verb) -> list[tuple[str, str]]:
    """The reasons that go with a verb, code and sentence."""
    return [(code, REASONS[code]) for code in REASONS_FOR[verb]]


class CorrectionForm(EditForm):
    """The pin and the text of an event, as a moderator mends them."""

    title = Line(max_length=100)
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in EVENT_KINDS])
    city = Line(max_length=100)
    address = Line(required=False, max_length=200, label="Where exactly")
    lat = forms.FloatField(required=False, min_value=-90, max_value=90, label="Latitude of the pin")
    lon = forms.FloatField(required=False, min_value=-180, max_value=180, label="Longitude of the pin")
    bring = Lines(required=False, max_length=500, label="What to bring", widget=forms.Textarea(attrs={"rows": 2}))
    accessibility = Lines(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    public_contact = Line(required=False, max_length=200, label="Contact for everyone")

    def clean(self) -> dict[str, Any]:
        """A pin is both or neither."""
        data = super().clean() or {}
        if (data.get("lat") is None) != (data.get("lon") is None):
            raise forms.ValidationError("A pin needs both latitude and longitude.")
        return data

    def corrections(self) -> dict[str, Any]:
        """What was mended; a pin is mended as a whole, and one that was taken out stays where it is."""
        changes = self.changes()
        is_moved = "lat" in changes or "lon" in changes
        rest = {name: value for name, value in changes.items() if name not in ("lat", "lon")}
        pin = {name: self.cleaned_data[name] for name in ("lat", "lon")}
        return {**rest, **pin} if is_moved and pin["lat"] is not None else rest
