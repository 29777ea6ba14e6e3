"""Forms on what is stored, where others write too: what was changed here is told from what was changed elsewhere."""

import hashlib
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html

_MARK_LENGTH = 12  # hexadecimal digits: enough to tell one value from another


class EditForm(forms.Form):
    """A form whose `initial` is what is stored now.

    A page may lie open for an hour. So it carries a mark of what each field showed: a field is changed here if it says
    something else than it showed, and was changed elsewhere if something else is stored than it showed.
    """

    stands_alone = False  # whether each field is a matter of its own: then only the same field can be overtaken

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, "seen": self._marks}  # called as it is drawn: a form may have more fields yet

    def changes(self) -> dict[str, Any]:
        """What was changed here, cleaned."""
        return {name: self.cleaned_data[name] for name in self._changed_here()}

    def overtaken(self, *, is_removed: bool = False) -> list[str]:
        """The labels of the fields in which a save would undo what somebody else wrote meanwhile.

        `is_removed`: all of them are to be taken away, whatever was typed.
        """
        stored, shown, typed = self._stored(), self._shown(), self._typed()
        others = (name for name in stored if shown[name] != stored[name])
        lost = (
            name for name in others
            if is_removed or (stored[name] != typed[name] and (typed[name] != shown[name] or not self.stands_alone))
        )  # fmt: skip
        return [str(self[name].label) for name in lost]

    def renew(self) -> None:
        """Show what is stored now, but for what was changed here, as if the page were opened this moment."""
        typed = {name: self[name].data for name in self._changed_here()}
        self.initial = {**self.initial, **typed, "seen": self._marks()}
        self.is_bound, self._errors = False, None

    def _marks(self) -> str:
        return " ".join(f"{name}:{mark}" for name, mark in self._stored().items())

    def _changed_here(self) -> list[str]:
        shown, typed = self._shown(), self._typed()
        return [name for name in typed if typed[name] != shown[name]]

    def _stored(self) -> dict[str, str]:
        names = [name for name in self.fields if name != "seen"]
        return {name: _mark(self.fields[name], self.get_initial_for_field(self.fields[name], name)) for name in names}

    def _shown(self) -> dict[str, str]:
        said = (self["seen"].data or "").split()
        return self._stored() | dict(pair.split(":") for pair in said if pair.count(":") == 1)

    def _typed(self) -> dict[str, str]:
        return {name: _mark(self.fields[name], self[name].data) for name in self._stored()}


def is_overtaken(request: HttpRequest, form: EditForm) -> bool:
    """Whether someone else changed meanwhile what this form would save, or take away.

    Then that is said, and the form renewed.
    """
    is_removed = "remove" in request.POST
    labels = form.overtaken(is_removed=is_removed)
    if labels:
        form.renew()
        messages.warning(request, _sentence(labels, request.path, is_removed=is_removed))
    return bool(labels)


def _sentence(labels: list[str], address: str, *, is_removed: bool) -> str:
    done, again = ("taken away", "take it away") if is_removed else ("saved", "save")
    return format_html(
        "Somebody else changed this meanwhile: {}. Nothing is {} yet. What you changed stands below, with theirs "
        'everywhere else. <a href="{}" target="_blank">Look at what is stored</a>, then {} again.',
        ", ".join(labels),
        done,
        address,
        again,
    )


def _mark(field: forms.Field, value: object) -> str:
    """A value as the field reads it, whether it comes from the records or was typed."""
    try:
        plain = field.to_python(value)
    except forms.ValidationError:
        plain = value
    said = "" if plain is None else str(plain)
    return hashlib.sha256(said.encode()).hexdigest()[:_MARK_LENGTH]
