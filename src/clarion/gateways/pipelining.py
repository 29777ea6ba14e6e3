"""SMTP with fewer waits: sender, recipient and DATA leave together where the server offers it (RFC 2920)."""

import smtplib
from collections.abc import Sequence

_OK = (250, 251)
_GO_ON = 354
_CLOSING = 421

Reply = tuple[int, bytes]


def send_message(smtp: smtplib.SMTP, sender: str, to: str, message: bytes, options: Sequence[str] = ()) -> None:
    """As `smtp.sendmail` to one recipient, its errors too, in two round trips instead of four.

    Each wait lets the worker's other loops have Python, which then has to be got back. `message` ends its lines
    with CRLF.
    """
    smtp.ehlo_or_helo_if_needed()
    if options or not smtp.has_extn("pipelining"):
        smtp.sendmail(sender, [to], message, mail_options=options)
        return
    commands = f"MAIL FROM:{smtplib.quoteaddr(sender)}\r\nRCPT TO:{smtplib.quoteaddr(to)}\r\nDATA\r\n"
    smtp.send(commands.encode("ascii"))
    from_reply, to_reply, data_reply = smtp.getreply(), smtp.getreply(), smtp.getreply()
    is_addressed = from_reply[0] in _OK and to_reply[0] in _OK
    if is_addressed and data_reply[0] == _GO_ON:
        _send_body(smtp, message)
        return
    _take_back(smtp, data_reply)
    if from_reply[0] not in _OK:
        raise smtplib.SMTPSenderRefused(*from_reply, sender)
    if to_reply[0] not in _OK:
        raise smtplib.SMTPRecipientsRefused({to: to_reply})
    raise smtplib.SMTPDataError(*data_reply)


def _send_body(smtp: smtplib.SMTP, message: bytes) -> None:
    smtp.send(dotted(message) + b".\r\n")
    reply = smtp.getreply()
    if reply[0] not in _OK:
        _take_back(smtp, reply)
        raise smtplib.SMTPDataError(*reply)


def dotted(message: bytes) -> bytes:
    """The message with a dot more before each line that begins with one (RFC 5321, section 4.5.2)."""
    doubled = message.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _take_back(smtp: smtplib.SMTP, reply: Reply) -> None:
    """Leave the connection ready for the next letter. A server that waits for a body gets an empty one (RFC 2920, 3.1):
    it has nobody to send it to.
    """
    if reply[0] == _CLOSING:
        smtp.close()
        return
    if reply[0] == _GO_ON:
        smtp.send(b".\r\n")
        smtp.getreply()
    smtp.rset()
