"""Enrolling an authenticator app, together with the password it goes with."""

from typing import Any

from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from django import forms
from django.contrib.auth.password_validation import validate_password


class ActivateTOTPForm(AllauthActivateTOTPForm):  # type: ignore[misc]
    """The app's code and, where there is none yet, a password: the two are one way to sign in."""

    password = forms.CharField(
        label="A password of 15 characters or more",
        help_text="Four or five words that you can remember do well.",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": "15"}),
    )
    field_order = ("password", "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "The six digits that the app shows"
        self.fields["code"].widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "7"}
        if self.user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        """The password, long enough and not one that everybody tries first."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password
