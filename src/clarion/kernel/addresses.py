"""E-mail addresses: their shape, and the canonical form in which one address is one person."""

import re
import unicodedata

MAX_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets

# Deliberately wide: the owner proves the rest by confirming.
_LOCAL = r"(?!\.)(?!\S*\.\.)[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f]{1,64}(?<!\.)"
_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_SHAPE = re.compile(rf"{_LOCAL}@(?=.{{1,185}}\Z)(?:{_LABEL}\.)+{_LABEL}")
_SYNTAX = re.compile(r"[\x00-\x20()<>,;\"@\\\x7f]")  # of addresses in mail: RFC 5322, section 3.2.3
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def is_address(text: str) -> bool:
    """Whether `text` has the shape of an e-mail address (cheap: for the door).

    A domain beyond ASCII is looked at as mail will carry it: some of its letters may be syntax there (⑴ becomes `(1)`,
    a comment, so that one mailbox would have any number of spellings), and some of its marks are none of Python's
    letters (.भारत).
    """
    if len(text) > MAX_LENGTH:
        return False
    if not text.isascii():
        local, _, domain = text.rpartition("@")
        text = f"{local}@{ascii_domain(domain)}"
    return len(text) <= MAX_LENGTH and _SHAPE.fullmatch(text) is not None


def is_host(domain: str) -> bool:
    """Whether a domain, as `ascii_domain` gives it, holds nothing that mail would read as syntax."""
    return _SYNTAX.search(domain) is None


def can_send(address: str) -> bool:
    """Whether every mail server takes it as a sender: a local part beyond ASCII needs SMTPUTF8 (RFC 6531)."""
    return is_address(address) and address.rpartition("@")[0].isascii()


def ascii_domain(domain: str) -> str:
    """The domain as DNS writes it (IDNA), lower case; as it was where IDNA cannot say it."""
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.lower()


def canonical(address: str) -> str:
    """The form by which one address is one person (published on the privacy page).

    NFC, lower case, the domain in IDNA, what follows a plus dropped, and for Gmail the dots too.
    """
    local, _, domain = unicodedata.normalize("NFC", address.strip()).lower().rpartition("@")
    local = local.split("+", 1)[0] or local
    domain = ascii_domain(domain)
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def same_spelling(one: str, other: str) -> bool:
    """Whether two addresses are spelled alike, letter case and surrounding blanks aside."""
    return _spelling(one) == _spelling(other)


def _spelling(address: str) -> str:
    return unicodedata.normalize("NFC", address.strip()).casefold()
