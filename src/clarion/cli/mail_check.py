"""The part of `clarion doctor` that looks at mail: can it be sent, and would others believe it."""

import re
from collections.abc import Iterator
from email.utils import parseaddr

import dns.exception
import dns.resolver
from django.db import DatabaseError

from clarion.campaigns.queries import senders_of_campaigns
from clarion.cli.checks import SENDER_MEND, Finding, bad, doubtful, good
from clarion.env import Env
from clarion.gateways.mail import MailFailed, MailHostFailed, MailSenderRefused, make_mailer
from clarion.kernel.ids import new_id
from clarion.outbox.letters import Letter

_MENDS = {
    "mail-unreachable": "Check host and port of CLARION_MAIL_URL, and whether this machine may reach them.",
    "mail-tls": "The server must offer STARTTLS with a valid certificate for the host named in CLARION_MAIL_URL.",
    "mail-password": "Check user and password in CLARION_MAIL_URL; reserved characters in them are %-encoded.",
}
_HAS_KEY = re.compile(r"\bp=\s*[\w+/]")  # an empty one was revoked
_WORDS = "This is the test mail of `clarion doctor`. If you can read it, confirmations can be sent."


def mail_findings(env: Env, address: str | None, selector: str | None = None) -> Iterator[Finding]:
    """What is known of mail; with `address`, each sender sends a test mail there, and its domain's DNS is looked at."""
    if env.mail.scheme == "none":
        yield bad("No mail server is set: confirmations wait.", "Set CLARION_MAIL_URL=smtp://user:password@host:587.")
        return
    if not env.mail_from:
        yield doubtful(
            "CLARION_MAIL_FROM is not set: each campaign's own address is the sender.",
            "Set it to an address of your own domain, such as call@example.org.",
        )
    if address is None:
        yield good("A mail server is set. `clarion doctor --mail ADDRESS` sends a test.")
        return
    senders = [env.mail_from] if env.mail_from else _own_senders()
    if not senders:
        yield doubtful("There is no campaign whose address could be the sender.", "Set CLARION_MAIL_FROM, or launch.")
    for sender in senders:
        yield try_mail(env, address, sender)
    for domain in sorted({parseaddr(sender)[1].rpartition("@")[2] for sender in senders}):
        yield from sender_findings(domain, selector)


def _own_senders() -> list[str]:
    try:
        return senders_of_campaigns()
    except DatabaseError:  # said elsewhere
        return []


def try_mail(env: Env, address: str, sender: str) -> Finding:
    """Does the mail server take a letter from `sender` to `address`?"""
    letter = Letter(address, "Clarion can send mail", f"{_WORDS}\n", f"<p>{_WORDS}</p>", "en")
    try:
        mailer = make_mailer(env)
        mailer.open()
        try:
            mailer.send(letter, new_id(), sender)
        finally:
            mailer.close()
    except MailHostFailed as error:
        mend = _MENDS.get(error.code, "Check CLARION_MAIL_URL.")
        return bad(f"The mail server fails ({error.code}), with {sender} as sender.", mend)
    except MailSenderRefused as error:
        return bad(f"{sender}: {error}.", SENDER_MEND)
    except MailFailed as error:
        return bad(f"The test mail was not taken: {error}.", "Try another address, or ask your provider.")
    return good(f"The test mail from {sender} was taken. Look for dkim=pass in its headers: they tell if it is signed.")


def sender_findings(domain: str, selector: str | None = None) -> list[Finding]:
    """Does the sender's domain say who may send for it (SPF, RFC 7208), with which keys mails are signed (DKIM, RFC
    6376), and what else to do (DMARC, RFC 7489)?
    """
    try:
        dkim = _dkim_key(f"{selector}._domainkey.{domain}") if selector else _dkim(domain)
        return [_spf(domain), dkim, _dmarc(domain)]
    except dns.exception.DNSException as error:
        said = f"The DNS does not answer for {domain} ({type(error).__name__})."
        return [doubtful(said, "Can this machine resolve names (/etc/resolv.conf)? Try again.")]


def _spf(domain: str) -> Finding:
    if any(text.startswith("v=spf1") for text in _texts(domain) or ()):
        return good(f"{domain} has an SPF record.")
    return bad(f"{domain} has no SPF record.", "Publish the one that your mail provider gives.")


def _dmarc(domain: str) -> Finding:
    if any(text.startswith("v=DMARC1") for text in _texts(f"_dmarc.{domain}") or ()):
        return good(f"{domain} has a DMARC record.")
    return bad(f"{domain} has no DMARC record.", f"Publish at _dmarc.{domain}: v=DMARC1; p=quarantine")


def _dkim(domain: str) -> Finding:
    """Names of keys are the provider's; but where there is no key at all, nothing is below `_domainkey` (RFC 8020)."""
    if _texts(f"_domainkey.{domain}") is not None:
        return good(f"{domain} has DKIM keys; `--dkim SELECTOR` looks at one.")
    return doubtful(
        f"{domain} seems to have no DKIM key: mails that are not signed are taken for spam.",
        "Publish the one that your mail provider gives. If it is there, name it: --dkim SELECTOR.",
    )


def _dkim_key(name: str) -> Finding:
    if any(_HAS_KEY.search(text) for text in _texts(name) or ()):
        return good(f"{name} holds a DKIM key.")
    return bad(f"{name} holds no DKIM key.", "Publish the one that your mail provider gives, under this name.")


def _texts(name: str) -> list[str] | None:
    """The TXT records of a name; None where neither it nor anything below it is there.

    Raises `DNSException` where nobody answers.
    """
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=5)
    except dns.resolver.NXDOMAIN:
        return None
    except dns.resolver.NoAnswer:
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
