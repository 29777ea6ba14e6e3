"""How allauth behaves here: no sign-up, no mail, secrets closed with the field key, one host for passkeys."""

import time
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from clarion.env import Network
from clarion.kernel.keys import KeyRing, read_key_ring
from clarion.kernel.sealing import lock_fields, unlock_fields


@cache
def _field_keys() -> KeyRing:
    return read_key_ring(settings.ENV.data.keys, "field")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: the host or an admin makes the first link."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address, for rate limits: the last one that no trusted proxy wrote. Never stored."""
        return client_address(
            request.META.get("REMOTE_ADDR") or "127.0.0.1",
            request.META.get("HTTP_X_FORWARDED_FOR", ""),
            settings.ENV.trusted_proxies,
        )

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Not of someone who signed in with a second factor a moment ago: allauth counts only doing so once more."""
        return super().is_reauthentication_required(app=app) and not _has_shown_factor_lately(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """A second factor wherever there is one: a password alone does not open an export."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        return sorted(strong or methods, key=lambda method: not method["id"].endswith("webauthn"))


def _has_shown_factor_lately(request: HttpRequest) -> bool:
    moments = [one["at"] for one in get_authentication_records(request, request.user) if one["method"] == "mfa"]
    return bool(moments) and 0 <= time.time() - moments[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def client_address(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    """The rightmost address of the chain that is no trusted proxy; the peer where nothing else is believable."""
    chain = [*(part.strip() for part in forwarded.split(",") if part.strip()), peer]
    while len(chain) > 1 and _is_within(chain[-1], trusted):
        chain.pop()
    return chain[-1] if _is_address(chain[-1]) else peer


def _is_within(text: str, networks: tuple[Network, ...]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right. It changes every 30 seconds: type the one that stands there now.",
    }

    def encrypt(self, text: str) -> str:
        """A TOTP secret as a box of the field key."""
        return lock_fields(_field_keys(), {"secret": text}).hex()

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` closed."""
        return str(unlock_fields(_field_keys(), bytes.fromhex(encrypted_text))["secret"])

    def get_totp_issuer(self) -> str:
        """How an authenticator app names this office."""
        return f"Clarion {settings.ENV.office_host}"

    def build_totp_svg(self, url: str) -> str:
        """The QR code, as an element that needs no style and no image source."""
        return segno.make_qr(url, error="m").svg_inline(scale=4, svgclass="qr", lineclass=None, omitsize=True)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The relying party is the office's whole host, never a parent domain that others share."""
        host = urlsplit(settings.ENV.office_url).hostname or ""
        return {"id": host, "name": "Clarion office"}
