"""The part of `clarion doctor` that looks at mail: can it be sent, and would others believe it."""

from email.utils import parseaddr

import dns.exception
import dns.resolver

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
_WORDS = "This is the test mail of `clarion doctor`. If you can read it, confirmations can be sent."


def mail_findings(env: Env, address: str | None) -> list[Finding]:
    """What is known of mail; with `address`, a test mail is sent there and the sender's DNS looked at."""
    if env.mail.scheme == "none":
        mend = "Set CLARION_MAIL_URL=smtp://user:password@host:587."
        return [bad("No mail server is set: confirmations wait.", mend)]
    if not env.mail_from:
        mend = "Set it to an address of your own domain, such as call@example.org."
        return [doubtful("CLARION_MAIL_FROM is not set: each campaign's own address is the sender.", mend)]
    if address is None:
        return [good("A mail server is set. `clarion doctor --mail ADDRESS` sends a test.")]
    return [try_mail(env, address), *sender_findings(parseaddr(env.mail_from)[1].rpartition("@")[2])]


def try_mail(env: Env, address: str) -> Finding:
    """Does the mail server take a letter to `address`?"""
    letter = Letter(address, "Clarion can send mail", f"{_WORDS}\n", f"<p>{_WORDS}</p>", "en")
    try:
        mailer = make_mailer(env)
        mailer.open()
        try:
            mailer.send(letter, new_id(), env.mail_from)
        finally:
            mailer.close()
    except MailHostFailed as error:
        return bad(f"The mail server fails ({error.code}).", _MENDS.get(error.code, "Check CLARION_MAIL_URL."))
    except MailSenderRefused as error:
        return bad(f"{env.mail_from}: {error}.", SENDER_MEND)
    except MailFailed as error:
        return bad(f"The test mail was not taken: {error}.", "Try another address, or ask your provider.")
    return good("The test mail was taken. Look for dkim=pass in its headers: without a signature it may be spam.")


def sender_findings(domain: str) -> list[Finding]:
    """Does the sender's domain say who may send for it (SPF, RFC 7208) and what else to do (DMARC, RFC 7489)?"""
    spf = [text for text in _texts(domain) if text.startswith("v=spf1")]
    dmarc = [text for text in _texts(f"_dmarc.{domain}") if text.startswith("v=DMARC1")]
    return [
        good(f"{domain} has an SPF record.")
        if spf
        else bad(f"{domain} has no SPF record.", "Publish the one that your mail provider gives."),
        good(f"{domain} has a DMARC record.")
        if dmarc
        else bad(f"{domain} has no DMARC record.", f"Publish at _dmarc.{domain}: v=DMARC1; p=quarantine"),
    ]


def _texts(name: str) -> list[str]:
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=5)
    except dns.exception.DNSException:
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
