"""A letter as the bytes of a message: headers and two alternatives, built for the hot road.

`email.message` takes half a millisecond a message. What differs from one letter to the next is little: headers that
need encoding are made once, the bodies are encoded in C. A test parses what comes out.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Protocol

from clarion.kernel.addresses import ascii_domain, is_host

_LONGEST_LINE = 990  # RFC 5322, section 2.1.1: 998
_LONGEST_WORDS = 76  # a line with encoded words: RFC 2047, section 2
_AROUND_WORD = len("=?utf-8?b??=")


class Sendable(Protocol):
    """What is needed of a letter."""

    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def sender_name(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


def write_message(letter: Sendable, message_id: str, sender: str, *, at: datetime) -> bytes:
    """The whole message, lines ended by CRLF. `message_id` without brackets. Raises `ValueError` for a bad header."""
    boundary = f"={message_id.partition('@')[0]}="
    head = [
        _from(letter.sender_name, sender),
        f"To: {_one_line(mailbox(letter.to))}\r\n",
        _header("Subject", letter.subject),
        f"Date: {format_datetime(at)}\r\n",
        f"Message-ID: <{_one_line(message_id)}>\r\n",
        f"Content-Language: {letter.language}\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        *(_header(name, value) for name, value in letter.headers.items()),
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n',
    ]
    return b"".join(
        (
            "".join(head).encode(),
            _part(boundary, "plain", letter.text),
            _part(boundary, "html", letter.html),
            f"--{boundary}--\r\n".encode("ascii"),
        )
    )


def mailbox(address: str) -> str:
    """The address as mail carries it: its domain in IDNA, its local part as it is.

    Raises `ValueError` for a domain that mail would read as something else: what stands in parentheses is a comment
    (RFC 5322, section 3.2.2), and another mailbox would get the letter.
    """
    local, _, domain = address.rpartition("@")
    host = ascii_domain(domain)
    if not is_host(host):
        raise ValueError("no host has such a name")
    return f"{local}@{host}"


def needs_smtputf8(address: str) -> bool:
    """Whether the address can travel only with SMTPUTF8 (RFC 6531): its local part is not ASCII."""
    return not mailbox(address).isascii()


def _one_line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise ValueError("a header has one line")
    return text


@lru_cache(maxsize=512)
def _header(name: str, value: str) -> str:
    if _is_plain(_one_line(value)):
        folded: str = SMTP.header_factory(name, value).fold(policy=SMTP)
        return folded
    return f"{name}: {_words(value, after=len(name) + 2)}\r\n"


@lru_cache(maxsize=64)
def _from(name: str, sender: str) -> str:
    own_name, address = parseaddr(sender)
    mark = Address(display_name=_one_line(name or own_name), addr_spec=mailbox(address))
    # Where the library cuts a line in two it loses the quotes, and what they held is read as syntax (RFC 5322, 3.2.4).
    keeps_quotes = '"' not in str(mark) or len(f"From: {mark}") <= (SMTP.max_line_length or 0)
    if _is_plain(mark.display_name) and keeps_quotes:
        folded: str = SMTP.header_factory("From", str(mark)).fold(policy=SMTP)
        return folded
    return f"From: {_words(mark.display_name, after=6)}\r\n <{mark.addr_spec}>\r\n"


def _is_plain(value: str) -> bool:
    """Whether a header can say it without encoded words, and nobody takes a part of it for one."""
    return value.isascii() and value.isprintable() and value == value.strip() and "=?" not in value


def _words(value: str, *, after: int) -> str:
    """The whole of a value in encoded words, one a line, the first behind `after` characters.

    The library encodes only what needs it, and leaves blanks between two words, where nobody may show them (RFC 2047,
    section 6.2). No character is cut in two (section 5).
    """
    cuts, room = [""], (_LONGEST_WORDS - after - _AROUND_WORD) // 4 * 3
    for character in value:
        if len((cuts[-1] + character).encode()) > room:
            cuts, room = [*cuts, ""], (_LONGEST_WORDS - 1 - _AROUND_WORD) // 4 * 3
        cuts[-1] += character
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(cut.encode()).decode()}?=" for cut in cuts)


def _part(boundary: str, kind: str, body: str) -> bytes:
    encoding, encoded = _encode(body)
    head = (
        f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    )
    return b"".join((head.encode("ascii"), encoded, b"\r\n"))


def _encode(body: str) -> tuple[str, bytes]:
    """The plainest encoding that carries the body: as it is, quoted-printable for a few odd letters, base64."""
    raw = body.encode()
    if body.isascii() and all(len(line) <= _LONGEST_LINE for line in body.split("\n")):
        return "7bit", raw.replace(b"\n", b"\r\n")
    if len(raw) - len(body) < len(body) // 6:
        return "quoted-printable", binascii.b2a_qp(raw, istext=True).replace(b"\n", b"\r\n")
    return "base64", base64.encodebytes(raw).replace(b"\n", b"\r\n")
