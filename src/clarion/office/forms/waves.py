"""Deciding on a wave."""

from typing import Any

from django import forms

from clarion.office.forms.fields import Line


class WaveForm(forms.Form):
    """The decision, the state in which it was seen, and why."""

    decision = forms.ChoiceField(choices=[(one, one) for one in ("release", "void", "undo")])
    seen = Line(max_length=10, widget=forms.HiddenInput)
    reason = Line(
        label="Why",
        max_length=300,
        required=False,
        help_text="For the other admins, and for you in a year. Name no supporter. Voiding needs it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """A void says why: what is never counted, somebody may ask about."""
        said = super().clean() or self.cleaned_data
        if said.get("decision") == "void" and not said.get("reason"):
            self.add_error("reason", "Say in a few words why these signatures shall not count.")
        return said
