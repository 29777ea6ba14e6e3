"""Where mails leave: an SMTP server, or a folder of `.eml` files for a trial."""

import ipaddress
import smtplib
import ssl
from contextlib import suppress
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from clarion.env import Env, MailTarget
from clarion.gateways.mime import Sendable, mailbox, needs_smtputf8, write_message
from clarion.gateways.pipelining import send_message
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError

_TIMEOUT_SECONDS = 20
_IMPLICIT_TLS_PORT = 465


class MailFailed(ClarionError):
    """A letter has not gone. The text never quotes the server: replies carry addresses."""


class MailRefused(MailFailed):
    """This letter will never be taken: the address does not exist, or cannot be written to from here."""


class MailDoubted(MailFailed):
    """This letter was refused, but not for its address: perhaps for a trouble of the server's own, which may pass."""


class MailDeferred(MailFailed):
    """This letter may be taken later."""


class MailSenderRefused(MailFailed):
    """The server does not take this sender. That is the fault of no letter, nor need the server refuse others."""


class MailHostFailed(MailFailed):
    """The server itself fails: it cannot be reached, its certificate or our password is wrong. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MailHungUp(MailHostFailed):
    """The server left, or fell silent, in the middle of a letter; it may have taken it."""

    def __init__(self) -> None:
        super().__init__("mail-hung-up")


class Mailer(Protocol):
    """A way out for mails. For one thread at a time."""

    def open(self) -> None:
        """Make ready to send. Raises `MailHostFailed`."""

    def send(self, letter: Sendable, message_id: str, sender: str) -> None:
        """Hand one letter over. Raises one of `MailFailed`'s kinds."""

    def close(self) -> None:
        """Let go of what `open` took. Safe to repeat."""


def make_mailer(env: Env) -> Mailer:
    """The way out that the settings name; raises `MailHostFailed` where they name none."""
    host = env.public_host.rpartition(":")[0] or env.public_host
    match env.mail.scheme:
        case "smtp":
            return SmtpMailer(env.mail, host)
        case "file" if env.mail.folder is not None:
            return FolderMailer(env.mail.folder, host)
    raise MailHostFailed("mail-not-set")


class FolderMailer:
    """Writes each message as a file of its own, beside and then renamed: a reader never sees half a mail."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._host = host

    def open(self) -> None:
        """Make the folder."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise MailHostFailed("mail-unreachable") from error

    def send(self, letter: Sendable, message_id: str, sender: str) -> None:
        """Write `<message_id>.eml`; the same again for the same message."""
        message = _message(letter, f"{message_id}@{self._host}", sender)
        beside = self._folder / f".{message_id}.tmp"
        try:
            beside.write_bytes(message)
            beside.rename(self._folder / f"{message_id}.eml")
        except OSError as error:
            raise MailHostFailed("mail-unreachable") from error

    def close(self) -> None:
        """Nothing is held."""


class SmtpMailer:
    """Sends by SMTP on one kept connection. Beyond loopback only with TLS and a valid certificate, without fallback."""

    def __init__(self, target: MailTarget, host: str) -> None:
        self._target = target
        self._host = host
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, start TLS and sign in."""
        if self._smtp is not None:
            return
        try:
            self._smtp = self._connect()
        except ssl.SSLError as error:
            raise MailHostFailed("mail-tls") from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailHostFailed("mail-tls") from error
        except smtplib.SMTPAuthenticationError as error:
            raise MailHostFailed("mail-password") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailHostFailed("mail-unreachable") from error

    def _connect(self) -> smtplib.SMTP:
        target = self._target
        context = ssl.create_default_context()
        if target.port == _IMPLICIT_TLS_PORT:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(target.host, target.port, timeout=_TIMEOUT_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(target.host, target.port, timeout=_TIMEOUT_SECONDS)
        try:
            if target.port != _IMPLICIT_TLS_PORT and not is_loopback(target.host):
                smtp.starttls(context=context)
            if target.user:
                smtp.login(target.user, target.password)
            smtp.ehlo_or_helo_if_needed()  # what the host says against us is not said against a letter
        except BaseException:
            smtp.close()
            raise
        return smtp

    def send(self, letter: Sendable, message_id: str, sender: str) -> None:
        """Hand one letter over; a connection that went stale is made anew once."""
        message = _message(letter, f"{message_id}@{self._host}", sender)
        try:
            self._hand_over(letter.to, sender, message)
        except smtplib.SMTPServerDisconnected:
            self.close()
            self._hand_over_again(letter.to, sender, message)

    def _hand_over_again(self, to: str, sender: str, message: bytes) -> None:
        try:
            self._hand_over(to, sender, message)
        except smtplib.SMTPServerDisconnected as error:
            self.close()
            raise MailHungUp from error

    def _hand_over(self, to: str, sender: str, message: bytes) -> None:
        self.open()
        assert self._smtp is not None  # noqa: S101 - `open` raises otherwise
        options = ["SMTPUTF8", "BODY=8BITMIME"] if needs_smtputf8(to) else []
        try:
            send_message(self._smtp, _bare(sender), mailbox(to), message, options)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPSenderRefused as error:
            raise MailSenderRefused(f"sender refused with {error.smtp_code}") from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused("needs SMTPUTF8") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise MailHungUp from error

    def close(self) -> None:
        """Say goodbye; a server that does not answer any more is left."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()


def is_loopback(host: str) -> bool:
    """Whether a mail host is this machine, where mail may travel in clear."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@lru_cache(maxsize=64)
def _bare(sender: str) -> str:
    return mailbox(parseaddr(sender)[1])


def _refused(code: int, said: bytes | str) -> MailFailed:
    """What a refusal means. Only an enhanced status of 5.1 (RFC 3463: bad address) says that it is for good."""
    if code < 500:
        return MailDeferred(f"deferred with {code}")
    words = said.encode() if isinstance(said, str) else said
    return MailRefused(f"refused with {code}") if words.startswith(b"5.1.") else MailDoubted(f"refused with {code}")


def _message(letter: Sendable, message_id: str, sender: str) -> bytes:
    try:
        return write_message(letter, message_id, sender, at=utc_now())
    except (ValueError, UnicodeError) as error:
        raise MailRefused("cannot be written as a message") from error
