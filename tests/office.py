"""Clients of the office: a browser at its address, signed in or not."""

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.models import Authenticator
from django.forms import BaseForm, BoundField, CheckboxInput
from django.test import Client

from clarion.kernel.clock import utc_now
from clarion.office.access import FACTOR_KEY
from clarion.office.accounts import FactorAdapter
from clarion.office.sessions import KEPT_KEY
from clarion.organisers.models import Organiser

HOST = "localhost:8001"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery staple"


def visitor() -> Client:
    """Nobody yet."""
    return Client(headers={"host": HOST})


def signed_in(organiser: Organiser, *, factor: bool = True, again: bool = False) -> Client:
    """The organiser's browser; `again`: signed in once more just now."""
    if not organiser.password:
        organiser.set_unusable_password()
        organiser.save()
    client = visitor()
    client.force_login(organiser)
    session = client.session
    session[KEPT_KEY] = utc_now().timestamp()
    if factor:
        if not Authenticator.objects.filter(user_id=organiser.pk).exists():
            give_app(organiser)
        session[FACTOR_KEY] = str(organiser.pk)
    if again:
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time(), "reauthenticated": True}]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(organiser.pk)
    session.save()
    return client


def give_app(organiser: Organiser) -> None:
    """Let the organiser have enrolled an authenticator app."""
    secret = FactorAdapter().encrypt(SECRET)
    Authenticator.objects.create(user_id=organiser.pk, type=Authenticator.Type.TOTP, data={"secret": secret})


def shown(form: BaseForm) -> dict[str, str]:
    """What a browser would send of a form in which nothing was touched."""
    return {bound.html_name: text for bound in form if (text := _text_of(bound)) is not None}


def _text_of(bound: BoundField) -> str | None:
    value = bound.value()
    if isinstance(bound.field.widget, CheckboxInput):
        return "on" if value else None
    text = bound.field.widget.format_value(value)
    return str(text[0] if isinstance(text, list) else text or "")


def opened(client: Client, address: str, name: str = "form") -> dict[str, str]:
    """Open a page, and give what its form would send."""
    return shown(client.get(address).context[name])
