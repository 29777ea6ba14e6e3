"""E-mail addresses: their shape, and the canonical form in which one address is one person."""

import re
import unicodedata

MAX_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets

# Deliberately wide: the worker looks again, and the owner proves the rest by confirming.
_SHAPE = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"'\x00-\x20\x7f]{1,185}")
_LABEL = re.compile(r"(?!-)[^\W_](?:[^\W_]|-)*(?<!-)")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def is_address(text: str) -> bool:
    """Whether `text` has the shape of an e-mail address (cheap: for the door)."""
    if len(text) > MAX_LENGTH or not _SHAPE.fullmatch(text):
        return False
    local, _, domain = text.rpartition("@")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return False
    labels = domain.split(".")
    return len(labels) > 1 and all(len(label) <= 63 and _LABEL.fullmatch(label) for label in labels)


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
