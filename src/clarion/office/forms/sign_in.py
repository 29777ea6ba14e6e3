"""Sign-in in the office's words: allauth's forms with other labels, and a password where an app is enrolled."""

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as AllauthAddWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import validate_password

from clarion.office.forms.fields import Line

_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "7"}


class LoginForm(AllauthLoginForm):  # type: ignore[misc]
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail"
        for name in ("login", "password"):
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""


class AuthenticateForm(AllauthAuthenticateForm):  # type: ignore[misc]
    """The code of an authenticator app, after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self.fields["code"])


class ReauthenticateForm(AllauthReauthenticateForm):  # type: ignore[misc]
    """The code of an authenticator app, once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self.fields["code"])


def _in_our_words(field: forms.Field) -> None:
    field.label = "The six digits that your app shows"
    field.widget.attrs = dict(_CODE)


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
        _in_our_words(self.fields["code"])
        if self.user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        """The password, long enough and not one that everybody tries first."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


class AddWebAuthnForm(AllauthAddWebAuthnForm):  # type: ignore[misc]
    """A passkey, by a name that is checked like every other."""

    name = Line(required=False, max_length=100)
