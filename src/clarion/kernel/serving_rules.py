"""Which addresses may be served: what is unsafe does not serve (design, "What is pinned")."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

Part = Literal["public", "office"]


@dataclass(frozen=True, slots=True)
class Listening:
    """A process that listens: the host it binds, and the address under which people reach it."""

    part: Part
    bind_host: str
    url: str

    @property
    def is_trial(self) -> bool:
        """Whether nobody else's machine can reach it: it binds loopback, and its address says so too."""
        return is_loopback(self.bind_host) and is_local(_host(self.url), may_be_onion=self.part == "public")


@dataclass(frozen=True, slots=True)
class Findings:
    """Why it does not serve, and what is only good for a trial."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, text: str, *, is_trial: bool) -> None:
        """Note one thing: a warning in a trial, else a problem."""
        (self.warnings if is_trial else self.problems).append(text)


def is_loopback(host: str) -> bool:
    """Whether what binds `host` is reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_local(host: str, *, may_be_onion: bool = False) -> bool:
    """Whether a URL's host leads nowhere but to this machine (RFC 6761), or through Tor, which encrypts."""
    name = host.lower().rstrip(".")
    return is_loopback(name) or name.endswith((".localhost", ".test", *((".onion",) if may_be_onion else ())))


def check_serving(listening: list[Listening], public_url: str, office_url: str, mail_scheme: str) -> Findings:
    """What speaks against serving these processes with these addresses and this way of mailing."""
    findings = Findings()
    for process in listening:
        if urlsplit(process.url).scheme != "https":
            is_here_alone = process.is_trial and is_local(_host(process.url))  # an onion service is not
            advice = "Use https, or for a trial a loopback address on both sides."
            findings.add(
                f"The {process.part} address {process.url} is plain http: anyone on the way can read and change it. "
                + ("Good for a trial on this machine only." if is_here_alone else advice),
                is_trial=process.is_trial,
            )
    is_trial = all(process.is_trial for process in listening) and is_local(_host(office_url))
    if _host(public_url) == _host(office_url):
        findings.add(
            f"The public site and the office share the host name {_host(public_url)}, so they share cookies. "
            "Give the office a host name of its own (CLARION_OFFICE_URL).",
            is_trial=is_trial,
        )
    if mail_scheme == "file":
        findings.add(
            "Mails go to a folder (CLARION_MAIL_URL is file://): nobody will get one.",
            is_trial=is_trial or all(process.is_trial for process in listening),
        )
    if mail_scheme == "none":
        findings.warnings.append("CLARION_MAIL_URL is not set: confirmation mails wait until it is.")
    return findings


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
