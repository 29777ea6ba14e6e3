"""The smallest call: what is pasted at nine in the evening."""

from typing import Any

from django import forms

from clarion.calls import limits
from clarion.kernel.languages import is_language
from clarion.kernel.slugs import is_slug
from clarion.office.forms.fields import Line, Text


class NewCallForm(forms.Form):
    """Title, text, organiser, language; the address, if one is wished for."""

    title = Line(
        max_length=limits.TITLE, required=False, widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text="Empty: the first line of the text.",
    )  # fmt: skip
    text = Text(
        max_length=limits.TEXT_BYTES // 2, widget=forms.Textarea(attrs={"class": "tall", "dir": "auto"}),
        help_text="Plain text, Markdown or HTML. An empty line between paragraphs.",
    )  # fmt: skip
    language = Line(max_length=12, initial="en", help_text="The tag of its language, such as en, ar or pt-BR.")
    organiser_name = Line(max_length=limits.NAME, label="Organiser", help_text="Who calls.")
    organiser_email = forms.EmailField(label="Organiser’s e-mail", help_text="Answers to mails go there.")
    slug = Line(
        required=False, max_length=40, label="Address",
        help_text="2 to 40 of a-z, 0-9 and the hyphen. Empty: from the title. It cannot be changed later.",
    )  # fmt: skip

    def clean_language(self) -> str:
        """A known tag."""
        tag: str = self.cleaned_data["language"].strip()
        if not is_language(tag):
            raise forms.ValidationError("This is not a known language tag. Use one such as en, pt-BR or zh-Hant.")
        return tag

    def clean_slug(self) -> str:
        """A slug that is no reserved word, or nothing yet."""
        slug: str = self.cleaned_data["slug"].strip().lower()
        if slug and not is_slug(slug):
            raise forms.ValidationError("Use 2 to 40 of a-z, 0-9 and the hyphen, and no reserved word.")
        return slug

    def fields_of_call(self) -> dict[str, Any]:
        """What `calls.paste` asks for, but for the slug."""
        names = ("title", "language", "organiser_name", "organiser_email", "text")
        return {name: self.cleaned_data[name] for name in names}
