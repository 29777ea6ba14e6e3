"""The part of `clarion doctor` that looks at mail: can it be sent, and would others believe it."""

from datetime import datetime
from email.utils import parseaddr

import dns.exception
import dns.resolver

from clarion.cli.checks import Finding, bad, doubtful, good
from clarion.env import Env
from clarion.gateways.mail import MailFailed, make_mailer
from clarion.kernel.ids import new_id
from clarion.outbox.letters import Letter


def mail_findings(env: Env, address: str | None, *, now: datetime) -> list[Finding]:
    """What is known of mail; with `address`, a test mail is sent there and the sender's DNS looked at."""
    if env.mail.scheme == "none":
        return [
            bad("No mail server is set: confirmations wait.", "Set CLARION_MAIL_URL=smtp://user:password@host:587.")
        ]
    if not env.mail_from:
        return [
            doubtful(
                "CLARION_MAIL_FROM is not set: each campaign's own address is the sender.",
                "Set it to an address of your domain.",
            )
        ]
    if address is None:
        return [good("A mail server is set. `clarion doctor --mail ADDRESS` sends a test.")]
    return [_test_mail(env, address), *_dns(parseaddr(env.mail_from)[1].rpartition("@")[2])]


def _test_mail(env: Env, address: str) -> Finding:
    text = "This is the test mail of `clarion doctor`. If you can read it, confirmations can be sent."
    letter = Letter(to=address, subject="Clarion can send mail", text=text, html=f"<p>{text}</p>", language="en")
    try:
        mailer = make_mailer(env)
        mailer.open()
        try:
            mailer.send(letter, new_id(), env.mail_from)
        finally:
            mailer.close()
    except (MailFailed, OSError) as error:
        return bad(
            f"The test mail was not taken ({type(error).__name__}).",
            "Check host, port, user, password and certificate of CLARION_MAIL_URL.",
        )
    return good(
        f"The mail server took a test mail. Look in its headers for dkim=pass: {env.mail_from} needs a DKIM signature."
    )


def _dns(domain: str) -> list[Finding]:
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
        return [
            b"".join(record.strings).decode("utf-8", "replace")
            for record in dns.resolver.resolve(name, "TXT", lifetime=5)
        ]
    except dns.exception.DNSException:
        return []
