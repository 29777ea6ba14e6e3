"""A venue list as the table it is."""

from django import forms

from clarion.calls import limits
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Text


class VenuesForm(EditForm):
    """venues.csv, typed or pasted."""

    table = Text(
        required=False,
        max_length=limits.TABLE_BYTES,
        label="venues.csv",
        strip=False,
        widget=forms.Textarea(attrs={"class": "code-area", "spellcheck": "false", "wrap": "off"}),
        help_text="One venue a line. A venue that events name stays with them when its line goes.",
    )
