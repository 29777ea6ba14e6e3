"""A campaign's settings: what `campaign.toml` says."""

import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from clarion.calls import limits
from clarion.campaigns.rules import CampaignSettings
from clarion.kernel.languages import native_name
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Line
from clarion.places.countries import CODES

_DAY = {"type": "date"}
_COLOUR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", "Write # and six digits, such as #0b6e99.")


class _MomentInput(forms.DateTimeInput):
    """To the minute, as people say it; seconds are shown where a file gave some, and kept."""

    def __init__(self) -> None:
        super().__init__(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M:%S")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """What its template gets. Without `step` a browser takes no other seconds than those that are there."""
        context = super().get_context(name, value, attrs)
        shown = re.sub(r"(T\d\d:\d\d):00$", r"\1", context["widget"]["value"] or "")
        context["widget"]["value"] = shown or None
        if shown.count(":") > 1:
            context["widget"]["attrs"]["step"] = "1"
        return context


class SettingsForm(EditForm):
    """Everything but slug and languages, in the order of importance."""

    stands_alone = True

    organiser_name = Line(max_length=limits.NAME, label="Organiser")
    organiser_email = forms.EmailField(label="Organiser’s e-mail", help_text="Answers to mails go there.")
    organiser_url = forms.URLField(
        required=False, max_length=limits.URL, label="Organiser’s web address", assume_scheme="https"
    )
    controller_name = Line(
        required=False, max_length=limits.NAME, label="Legal name", help_text="Who answers for the data, by law."
    )
    controller_address = Line(required=False, max_length=limits.POSTAL_ADDRESS, label="Postal address")
    privacy_contact = Line(
        required=False, max_length=limits.NAME, label="Privacy contact", help_text="An address for questions on data."
    )
    accent = Line(
        required=False, label="Accent colour", validators=[_COLOUR],
        widget=forms.TextInput(attrs={"placeholder": "#0b6e99", "size": 9}),
        help_text="Six digits, such as #0b6e99. It is shifted until text on it can be read.",
    )  # fmt: skip
    opens_at = forms.DateTimeField(required=False, label="Opens at (UTC)", widget=_MomentInput)
    closes_at = forms.DateTimeField(required=False, label="Closes at (UTC)", widget=_MomentInput)
    keep_until = forms.DateField(
        required=False, label="Keep personal data until", widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        help_text="Empty: twelve months after closing, else after signing. The count stays. "
        "A day that has passed erases at once.",
    )  # fmt: skip
    minimum_age = forms.IntegerField(min_value=0, max_value=limits.AGE, label="Youngest who may sign")
    authoritative_language = forms.ChoiceField(
        required=False, label="Language that decides", help_text="Where translations differ."
    )
    count_threshold = forms.IntegerField(
        min_value=1, max_value=limits.THRESHOLD, label="Steps of a country’s number",
        help_text="5: a country shows 5, 10, 15 … and the rest stands under “elsewhere”. 1: exact.",
    )  # fmt: skip
    never_shown = Line(
        required=False,
        label="Countries never shown",
        help_text="Two-letter codes, such as XX YY: always under “elsewhere”.",
    )
    is_discreet = forms.BooleanField(required=False, label="Neutral subjects in mails")
    takes_signatures = forms.BooleanField(required=False, label="People can sign")
    takes_events = forms.BooleanField(required=False, label="People can announce events")
    takes_gifts = forms.BooleanField(required=False, label="People can give")

    def offer_languages(self, tags: Iterable[str]) -> None:
        """Let one of these decide, or none."""
        language = self.fields["authoritative_language"]
        if isinstance(language, forms.ChoiceField):
            language.choices = [("", "None"), *((tag, native_name(tag)) for tag in tags)]

    def clean_never_shown(self) -> str:
        """Codes of countries."""
        typed: str = self.cleaned_data["never_shown"]
        if wrong := [code for code in _codes(typed) if code not in CODES]:
            raise forms.ValidationError(f"{wrong[0]} is no code of a country. Write two letters, such as KE.")
        return typed

    def check_times(self, new: CampaignSettings) -> None:
        """Note at its field a time that is wrong beside another one."""
        if new.opens_at and new.closes_at and new.closes_at <= new.opens_at:
            self.add_error("closes_at", "Let the campaign close after it opens.")
        if new.closes_at and new.keep_until and new.keep_until < new.closes_at.date():
            self.add_error("keep_until", "Keep signatures until it closes at least.")

    def ask_to_erase(self, sentence: str) -> None:
        """Show a box of this sentence, which must be ticked before anything is saved."""
        names = list(self.fields)
        names.insert(names.index("keep_until") + 1, "erases")
        self.fields["erases"] = forms.BooleanField(required=False, label=sentence)
        self.order_fields(names)
        if "erases" not in self.data:
            self.add_error("erases", "Tick this if you mean it, else change the day.")

    def settings(self, old: CampaignSettings) -> CampaignSettings:
        """`old` with what was changed: someone may have thrown a switch while this page lay open."""
        changes = self.changes()
        if "never_shown" in changes:
            changes["never_shown"] = tuple(_codes(changes["never_shown"]))
        for name in {"opens_at", "closes_at"} & changes.keys():
            changes[name] = changes[name] and changes[name].astimezone(UTC)
        return replace(old, **changes)


def _codes(typed: str) -> list[str]:
    return sorted(set(typed.upper().replace(",", " ").split()))


def initial_of(settings: CampaignSettings) -> dict[str, Any]:
    """What the form shows first."""
    return {**asdict(settings), "never_shown": " ".join(settings.never_shown)}


class PictureForm(forms.Form):
    """The picture of the call."""

    picture = forms.FileField(
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text="JPEG, PNG or WebP, at most 20 MB. It is written anew without metadata; the original is not kept.",
    )
