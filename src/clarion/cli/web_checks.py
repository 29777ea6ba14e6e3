"""What `clarion doctor` sees of public site and office: asked by their names, through whatever stands before them."""

import http.client
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from clarion.cli.checks import Finding, bad, good
from clarion.env import Env

WANTED_HEADERS = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
_OVER_TLS = {"strict-transport-security": "max-age="}
OLD_CERTIFICATE = timedelta(days=14)
FAR_APART = timedelta(minutes=2)
_MEND = "Is it running, and does the web server pass requests on to it?"
_MENDS = {404: "Nothing is published yet, or the web server leads elsewhere."}
_FIRST_YEAR, _LAST_YEAR = 2026, 2100


@dataclass(frozen=True, slots=True)
class Site:
    """One of the two addresses."""

    name: str
    url: str
    may_set_cookies: bool = False

    @property
    def is_https(self) -> bool:
        """Whether it is reached over TLS."""
        return self.url.startswith("https://")


def web_findings(env: Env, *, now: datetime) -> Iterator[Finding]:
    """Do both addresses answer, and as they should?"""
    yield from site_findings(Site("public site", env.public_url), now)
    yield from site_findings(Site("office", env.office_url, may_set_cookies=True), now)


def site_findings(site: Site, now: datetime) -> Iterator[Finding]:
    """Does the address answer, with its headers, at the time that this machine knows, with a certificate that lasts?"""
    try:
        request = urllib.request.Request(site.url + "/")  # noqa: S310 (read_env lets only http and https through)
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            sent = {name.lower(): value for name, value in answer.headers.items()}
    except HTTPError as error:
        error.close()
        yield bad(f"The {site.name} answers with {error.code} at {site.url}.", _MENDS.get(error.code, _MEND))
        return
    except (OSError, http.client.HTTPException) as error:  # the latter where something else than HTTP is spoken there
        yield bad(f"The {site.name} does not answer at {site.url} ({_why(error)}).", _MEND)
        return
    yield from headers(site, sent)
    yield clock(sent, now)
    if site.is_https:
        yield certificate(site.url, now)


def _why(error: Exception) -> str:
    """What an error is, and for one of the way there the system's own words."""
    reason = error.reason if isinstance(error, URLError) else ""
    return str(reason) or type(reason or error).__name__


def headers(site: Site, sent: Mapping[str, str]) -> Iterator[Finding]:
    """Do the security headers arrive, and no cookie where none belongs?"""
    wanted = WANTED_HEADERS | (_OVER_TLS if site.is_https else {})
    missing = [name for name, value in wanted.items() if value not in sent.get(name, "")]
    for name in missing:
        yield bad(
            f"The {site.name} does not send {name}.",
            "Let the web server say X-Forwarded-Proto and pass Clarion's headers on, as in deploy/.",
        )
    if "set-cookie" in sent and not site.may_set_cookies:
        yield bad(f"The {site.name} sets a cookie.", "Something before Clarion does it; switch that off.")
    if not missing:
        yield good(f"The {site.name} sends its security headers.")


def clock(sent: Mapping[str, str], now: datetime) -> Finding:
    """A clock far off makes links expire early. Where a web server stands before us, the answer's Date is its clock."""
    if not _FIRST_YEAR <= now.year < _LAST_YEAR:
        return bad(f"This machine's clock says {now.year}.", "Let it keep time by NTP.")
    theirs = _moment(sent.get("date", ""))
    if theirs is not None and abs(theirs - now) > FAR_APART:
        return bad("This machine's clock and the web server's are minutes apart.", "Let both keep time by NTP.")
    return good("The clock is plausible.")


def _moment(date: str) -> datetime | None:
    """The moment that a header names; None where it is none, or of no known zone."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def certificate(url: str, now: datetime) -> Finding:
    """Is the certificate good, and for how long?"""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 443), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except OSError as error:
        return bad(
            f"TLS at {parts.netloc} fails ({type(error).__name__}).",
            "Renew the certificate, and check that its chain is whole.",
        )
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    said = f"The certificate of {parts.hostname} is good until {ends:%Y-%m-%d}."
    return (
        good(said) if ends - now > OLD_CERTIFICATE else bad(said, "Renew it now; let the web server do it by itself.")
    )
