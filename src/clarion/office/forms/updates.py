"""One update."""

from django import forms

from clarion.calls import limits
from clarion.campaigns.rules import UpdateText


class UpdateForm(forms.Form):
    """News on a campaign in one language."""

    language = forms.ChoiceField()
    posted_on = forms.DateField(label="Date", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    title = forms.CharField(max_length=limits.TITLE)
    body = forms.CharField(
        label="Text", widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}), help_text="Markdown."
    )

    def text(self) -> UpdateText:
        """What the form says."""
        data = self.cleaned_data
        return UpdateText(data["posted_on"], data["language"], data["title"], data["body"].replace("\r\n", "\n"))
