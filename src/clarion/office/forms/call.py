"""The texts of a call, typed field by field; what is wrong is said as it is of a call's folder."""

from typing import Any, Literal

from django import forms

from clarion.calls import limits
from clarion.campaigns.rules import Demand, StatementText
from clarion.kernel.languages import is_language
from clarion.kernel.text import tidy
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Line, Lines, Text

Status = Literal["official", "community", "machine"]
STATUS_CHOICES = (
    ("official", "Official: the campaign answers for it"),
    ("community", "By volunteers: nobody official has checked it"),
    ("machine", "By a machine: read by nobody yet"),
)


class StatementForm(EditForm):
    """One statement."""

    title = Line(max_length=limits.TITLE)
    summary = Line(
        required=False, max_length=limits.SUMMARY, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One or two sentences under the title.",
    )  # fmt: skip
    body = Text(
        label="Text", widget=forms.Textarea(attrs={"class": "tall"}), max_length=limits.TEXT_BYTES // 2,
        help_text="Markdown: an empty line between paragraphs, ## before a heading, **bold**, [words](https://…).",
    )  # fmt: skip
    demands = Lines(
        required=False, label="What we ask for", widget=forms.Textarea(attrs={"rows": 5}),
        help_text="One a line. Of whom, after a bar: Safe water in every school | ministries of education",
    )  # fmt: skip
    dated_on = forms.DateField(
        required=False, label="Date", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    picture_alt = Line(
        required=False, max_length=limits.PICTURE_ALT, label="What the picture shows",
        help_text="For those who do not see it.",
    )  # fmt: skip


class TranslationForm(StatementForm):
    """A statement in another language than the original."""

    status = forms.ChoiceField(choices=STATUS_CHOICES, label="Who stands behind this translation")
    translator = Line(required=False, max_length=limits.NAME, help_text="Published beneath the text.")
    is_present = forms.BooleanField(
        required=False, label="It says what the original says now",
        help_text="Leave it unticked while it follows an older text: readers are then told so.",
    )  # fmt: skip


def initial_of(text: StatementText | None, *, is_present: bool) -> dict[str, Any]:
    """What the form shows first."""
    if text is None:
        return {"status": "community", "is_present": True}
    return {
        "title": text.title, "summary": text.summary, "body": text.body.strip("\n"), "dated_on": text.dated_on,
        "picture_alt": text.picture_alt, "status": text.status, "translator": text.translator,
        "is_present": is_present, "demands": "\n".join(_demand_line(demand) for demand in text.demands),
    }  # fmt: skip


def _demand_line(demand: Demand) -> str:
    return f"{demand.text} | {demand.to}" if demand.to else demand.text


def statement_of(language: str, data: dict[str, Any], translates: int | None) -> StatementText:
    """What the form says, without bytes yet."""
    return StatementText(
        language=language, raw=b"", title=data["title"], summary=data["summary"],
        body=data["body"].strip("\n") + "\n", demands=tuple(_demands(data["demands"])), dated_on=data["dated_on"],
        picture_alt=data["picture_alt"], status=data.get("status", "official"),
        translator=data.get("translator", ""), translates=translates,
    )  # fmt: skip


def _demands(text: str) -> list[Demand]:
    lines = [line.partition("|") for line in text.splitlines() if line.strip()]
    return [Demand(tidy(what), tidy(whom)) for what, _, whom in lines]


class LanguageForm(forms.Form):
    """A language to add."""

    language = Line(
        max_length=12, label="Add a language", help_text="Its tag, such as fr, pt-BR or zh-Hant.",
        widget=forms.TextInput(attrs={"size": 8}),
    )  # fmt: skip

    def clean_language(self) -> str:
        """A tag that is a language."""
        tag: str = self.cleaned_data["language"].strip()
        if not is_language(tag):
            raise forms.ValidationError("This is not a known language tag. Use one such as en, pt-BR or zh-Hant.")
        return tag
