"""What `clarion doctor` sees of public site and office from outside."""

import http.client
import urllib.request
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from io import BytesIO
from socket import gaierror
from urllib.error import HTTPError, URLError

import pytest

from clarion.cli import web_checks
from clarion.cli.checks import Finding, Level
from clarion.cli.web_checks import Site
from clarion.env import read_env

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
GOOD_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
PUBLIC = Site("public site", "https://call.example.org")
OFFICE = Site("office", "https://office.example.org", may_set_cookies=True)


class Answer:
    """What a server sends, as `urlopen` gives it."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = Message()
        for name, value in headers.items():
            self.headers[name] = value

    def __enter__(self) -> "Answer":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


def levels(findings: list[Finding]) -> list[Level]:
    assert all(finding.mend for finding in findings if finding.level is not Level.GOOD)
    return [finding.level for finding in findings]


def test_headers_are_looked_for_by_name() -> None:
    with_hsts = GOOD_HEADERS | {"strict-transport-security": "max-age=31536000"}
    assert levels(list(web_checks.headers(PUBLIC, with_hsts))) == [Level.GOOD]

    findings = list(web_checks.headers(PUBLIC, GOOD_HEADERS | {"set-cookie": "a=b"}))
    assert levels(findings) == [Level.BAD, Level.BAD]
    assert "strict-transport-security" in findings[0].what


def test_the_office_may_set_cookies_and_needs_its_headers() -> None:
    with_hsts = GOOD_HEADERS | {"strict-transport-security": "max-age=31536000"}

    assert levels(list(web_checks.headers(OFFICE, with_hsts | {"set-cookie": "a=b"}))) == [Level.GOOD]
    assert levels(list(web_checks.headers(OFFICE, GOOD_HEADERS))) == [Level.BAD]


def test_a_header_with_another_value_counts_as_missing() -> None:
    site = Site("public site", "http://localhost:8000")

    assert levels(list(web_checks.headers(site, GOOD_HEADERS))) == [Level.GOOD]
    assert levels(list(web_checks.headers(site, GOOD_HEADERS | {"referrer-policy": "unsafe-url"}))) == [Level.BAD]


def test_a_clock_apart_from_the_web_servers_is_bad() -> None:
    near, far = ({"date": format_datetime(NOW - apart)} for apart in (timedelta(seconds=3), timedelta(hours=1)))

    assert web_checks.clock(near, NOW).level is Level.GOOD
    assert web_checks.clock(far, NOW).level is Level.BAD
    assert web_checks.clock({}, NOW.replace(year=1970)).level is Level.BAD


@pytest.mark.parametrize(
    "date", ["", "soon", "Tue, 99 Dec 2026 99:00:00 GMT", "Tue, 1 Dec 2026 12:00:00 +" + "9" * 30,
             "Tue, 01 Dec 2026 12:00:00 -0000"],
)  # fmt: skip
def test_a_date_that_names_no_moment_says_nothing(date: str) -> None:
    assert web_checks.clock({"date": date}, NOW).level is Level.GOOD


@pytest.mark.parametrize("error", [ConnectionRefusedError, http.client.BadStatusLine("SSH-2.0-OpenSSH")])
def test_an_address_that_does_not_answer_is_bad(
    error: Exception | type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", refuse)

    assert levels(list(web_checks.site_findings(PUBLIC, NOW))) == [Level.BAD]


@pytest.mark.parametrize(
    ("error", "said", "mend"),
    [
        (HTTPError(PUBLIC.url, 404, "Not Found", Message(), BytesIO()), "answers with 404", "Nothing is published yet"),
        (HTTPError(PUBLIC.url, 502, "Bad Gateway", Message(), BytesIO()), "answers with 502", "Is it running"),
        (URLError(gaierror(-2, "Name or service not known")), "Name or service not known", "Is it running"),
        (URLError(TimeoutError()), "(TimeoutError)", "Is it running"),
    ],
)
def test_why_an_address_does_not_answer_as_it_should_is_said(
    error: URLError, said: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", refuse)

    (finding,) = web_checks.site_findings(PUBLIC, NOW)
    assert (finding.level, said in finding.what, mend in finding.mend) == (Level.BAD, True, True)


def test_both_addresses_are_asked_and_so_are_their_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """An office whose certificate ran out locks organisers out, in the middle of a campaign."""
    certificates: list[str] = []

    def certificate(url: str, now: datetime) -> Finding:
        certificates.append(url)
        return Finding(Level.GOOD, "good")

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer(GOOD_HEADERS))
    monkeypatch.setattr(web_checks, "certificate", certificate)
    env = read_env({"CLARION_PUBLIC_URL": PUBLIC.url, "CLARION_OFFICE_URL": OFFICE.url})

    findings = list(web_checks.web_findings(env, now=NOW))

    assert certificates == [PUBLIC.url, OFFICE.url]
    assert [finding.what for finding in findings if finding.level is Level.BAD] == [
        "The public site does not send strict-transport-security.",
        "The office does not send strict-transport-security.",
    ]
