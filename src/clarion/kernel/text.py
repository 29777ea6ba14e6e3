"""Letters: which are safe to take, and which look alike."""

import unicodedata

_ALLOWED_FORMAT = frozenset("\u200c\u200d\u200e\u200f")  # joiners and marks that names in many scripts need


def has_control_characters(text: str, *, lines: bool = False) -> bool:
    """Whether `text` holds NUL, control, unassigned-surrogate or hidden direction-override characters.

    `lines`: newline, carriage return and tab are allowed (text areas).
    """
    if text.isascii() and text.isprintable():
        return False
    return any(_is_bad(c, lines) for c in text)


def _is_bad(c: str, lines: bool) -> bool:
    if lines and c in "\n\r\t":
        return False
    category = unicodedata.category(c)
    return category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and c not in _ALLOWED_FORMAT)


def tidy(text: str) -> str:
    """One line: NFC, blanks folded and trimmed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def tidy_lines(text: str) -> str:
    """Several lines: NFC, line ends as newline, trimmed."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip()


def folded(text: str) -> str:
    """For finding names: compatibility form, case folded, marks dropped, punctuation as blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())
