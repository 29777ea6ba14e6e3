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
