"""Ways to give, in one language."""

from typing import Any

from django import forms

from clarion.calls import limits
from clarion.donations.rules import GiveLink, GiveText, compact
from clarion.office.forms.editing import EditForm
from clarion.office.forms.fields import Line, Lines, Text


class GiveForm(EditForm):
    """One give page. The account is the same in every language."""

    title = Line(max_length=limits.TITLE)
    beneficiary = Line(
        required=False, max_length=limits.BENEFICIARY, label="Account holder",
        help_text="Holder, IBAN and BIC are one account: changed here, they change in every language.",
    )  # fmt: skip
    iban = Line(required=False, max_length=60, label="IBAN")
    bic = Line(required=False, max_length=20, label="BIC")
    reference = Line(required=False, max_length=limits.REFERENCE, label="Reference")
    links = Lines(
        required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Other ways, one a line: Give by card | https://give.example.org",
    )  # fmt: skip
    body = Text(required=False, label="Text", widget=forms.Textarea(attrs={"rows": 10}))

    def text(self, language: str) -> GiveText:
        """What the form says."""
        data: dict[str, Any] = self.cleaned_data
        lines = [line.rpartition("|") for line in data["links"].splitlines() if line.strip()]
        return GiveText(
            language=language, title=data["title"], beneficiary=data["beneficiary"], iban=compact(data["iban"]),
            bic=compact(data["bic"]), reference=data["reference"],
            links=tuple(GiveLink(text.strip(), url.strip()) for text, _, url in lines),
            body=data["body"],
        )  # fmt: skip


def initial_of(give: GiveText | None) -> dict[str, Any]:
    """What the form shows first."""
    if give is None:
        return {}
    return {
        "title": give.title, "beneficiary": give.beneficiary, "iban": give.iban, "bic": give.bic,
        "reference": give.reference, "body": give.body,
        "links": "\n".join(f"{link.text} | {link.url}" for link in give.links),
    }  # fmt: skip
