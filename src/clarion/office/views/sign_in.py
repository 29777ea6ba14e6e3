"""Coming in: the one-time link, and getting a second factor before anything else, and never being left without."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from clarion.audit.actions import Actor
from clarion.kernel.clock import utc_now
from clarion.office.access import has_second_factor, note_second_factor
from clarion.organisers.actions import (
    note_new_factor,
    note_removed_factor,
    reset_factors,
    set_password,
    use_sign_in_link,
)
from clarion.organisers.models import Organiser
from clarion.organisers.queries import usable_sign_in_link
from clarion.organisers.rules import LastFactor, SignInLinkEnded


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, since mail scanners open links; POST uses the link, once."""
    now = utc_now()
    if request.method != "POST":
        link = usable_sign_in_link(token, now)
        return render(request, "office/sign_in/link.html", {"link": link}, status=200 if link else 410)
    try:
        with transaction.atomic():
            used = use_sign_in_link(token, now)
            if used.resets_factors:
                reset_factors(used.organiser, by=Actor("organiser", used.organiser.public_id), now=now)
    except SignInLinkEnded:
        return render(request, "office/sign_in/link.html", {"link": None}, status=410)
    logout(request)
    return _let_in(request, used.organiser)


def _let_in(request: HttpRequest, organiser: Organiser) -> HttpResponse:
    """To the second factor that is there already, else to getting one."""
    record_authentication(request, organiser, method="sign-in-link", reauthenticated=True)
    return cast(HttpResponse, perform_login(request, Login(user=organiser)))


@require_safe
@login_required
def enrol(request: HttpRequest) -> HttpResponse:
    """The choice between a passkey and an authenticator app; nothing else is open until one is there."""
    if has_second_factor(request):
        return redirect("office:start")
    return render(request, "office/sign_in/enrol.html")


class ActivateTOTP(ActivateTOTPView):  # type: ignore[misc]
    """Set the password and the authenticator app in one step."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Both or neither, with the notice to the other admins."""
        organiser, now = self.request.user, utc_now()
        with transaction.atomic():
            if password := form.cleaned_data.get("password"):
                set_password(organiser, password, now=now)
                update_session_auth_hash(self.request, organiser)
            note_new_factor(organiser, "totp", now=now)
            response = super().form_valid(form)
        note_second_factor(self.request, organiser)
        return cast(HttpResponse, response)


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Make a passkey."""

    def form_valid(self, form: Any) -> HttpResponse:
        """The passkey with the notice to the other admins, or neither."""
        organiser = self.request.user
        with transaction.atomic():
            note_new_factor(organiser, "webauthn", now=utc_now())
            response = super().form_valid(form)
        note_second_factor(self.request, organiser)
        return cast(HttpResponse, response)


class RemoveTOTP(DeactivateTOTPView):  # type: ignore[misc]
    """Take the authenticator app away."""

    def form_valid(self, form: Any) -> HttpResponse:
        """The app with the notice to the other admins, or neither."""
        return _remove(self.request, "totp", lambda: super(RemoveTOTP, self).form_valid(form))


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]
    """Take a passkey away."""

    def form_valid(self, form: Any) -> HttpResponse:
        """The passkey with the notice to the other admins, or neither."""
        return _remove(self.request, "webauthn", lambda: super(RemovePasskey, self).form_valid(form))


def _remove(request: Any, kind: str, remove: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        with transaction.atomic():
            note_removed_factor(request.user, kind, now=utc_now())
            return remove()
    except LastFactor as refusal:
        messages.error(request, str(refusal))
        return redirect("mfa_index")
