"""One update."""

from collections.abc import Iterable

from django import forms

from clarion.calls import limits
from clarion.campaigns.rules import UpdateText
from clarion.kernel.languages import native_name
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Line, Text


class UpdateForm(EditForm):
    """News on a campaign in one language."""

    language = forms.ChoiceField()
    posted_on = forms.DateField(label="Date", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    title = Line(max_length=limits.TITLE)
    body = Text(label="Text", widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}), help_text="Markdown.")

    def offer_languages(self, tags: Iterable[str]) -> None:
        """Let these be chosen."""
        language = self.fields["language"]
        if isinstance(language, forms.ChoiceField):
            language.choices = choices = [(tag, native_name(tag)) for tag in tags]
            language.help_text = "Only readers of this language see it: post it in each." if len(choices) > 1 else ""

    def text(self) -> UpdateText:
        """What the form says."""
        data = self.cleaned_data
        return UpdateText(data["posted_on"], data["language"], data["title"], data["body"])
