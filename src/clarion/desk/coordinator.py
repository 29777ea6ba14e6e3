"""The demo's coordinator: the organiser of the sample call, with an authenticator that the desk shows."""

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.db import connection

from clarion.audit.actions import HOST
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.organisers.actions import make_sign_in_link
from clarion.organisers.models import Organiser
from clarion.organisers.queries import organiser_by_address

_PERIOD = 30  # seconds for which a code holds (RFC 6238)


class NoCoordinator(ClarionError):
    """The call was launched, and its organiser is not there."""


class Coordinator:
    """A way into the office, and the codes of an authenticator that nobody else has."""

    def __init__(self, organiser: Organiser, secret: str, office_url: str) -> None:
        self._organiser = organiser
        self._secret = secret
        self._office_url = office_url

    def sign_in_address(self) -> str:
        """A fresh one-time link; the one before it ends."""
        try:
            token = make_sign_in_link(self._organiser, utc_now(), by=HOST)
        finally:
            connection.close()  # each request of the desk is a thread of its own
        return f"{self._office_url}/sign-in/{token}"

    def code(self, at: float) -> tuple[str, int]:
        """The six digits at Unix time `at`, and for how many seconds more they hold."""
        digits = format_hotp_value(hotp_value(self._secret, int(at) // _PERIOD))
        return digits, _PERIOD - int(at) % _PERIOD


def make_coordinator(email: str, office_url: str) -> Coordinator:
    """The organiser with this address, given an authenticator; raises `NoCoordinator`."""
    organiser = organiser_by_address(email)
    if organiser is None:
        raise NoCoordinator(f"{email} is no organiser here: was the sample call launched?")
    secret = generate_totp_secret()
    TOTP.activate(organiser, secret)
    connection.close()
    return Coordinator(organiser, secret, office_url)
