"""Who is on a team, in what role, for which countries."""

from django import forms

from clarion.office.forms.fields import Line
from clarion.organisers.models import Membership
from clarion.organisers.rules import Role
from clarion.places.countries import CODES


class RoleForm(forms.Form):
    """A role, and the countries of a moderator."""

    role = forms.ChoiceField(choices=Membership.Role.choices, widget=forms.RadioSelect, initial="moderator")
    countries = Line(
        required=False, label="Countries of a moderator",
        help_text="Two-letter codes, such as KE UG. Empty: all of them.",
    )  # fmt: skip

    def clean_countries(self) -> tuple[str, ...]:
        """Known codes, each once."""
        codes = tuple(sorted(set(self.cleaned_data["countries"].upper().replace(",", " ").split())))
        unknown = [code for code in codes if code not in CODES]
        if unknown:
            raise forms.ValidationError(f"Not a country code: {', '.join(unknown)}.")
        return codes

    @property
    def chosen_role(self) -> Role:
        """The role as the rules name it."""
        return "admin" if self.cleaned_data["role"] == Membership.Role.ADMIN else "moderator"


class InviteForm(RoleForm):
    """A new member."""

    email = forms.EmailField(label="E-mail")
    name = Line(max_length=120, required=False)
    field_order = ("email", "name", "role", "countries")
