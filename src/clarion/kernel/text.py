"""Letters: which are safe to take, and which look alike."""

import re
import unicodedata
from collections.abc import Iterator

_ALLOWED_FORMAT = frozenset("\u200c\u200d\u200e\u200f")  # joiners and marks that names in many scripts need
# Accents, Hebrew points, Arabic vowel signs, tatweel and joiners. Not the vowel signs of Indic scripts.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u0640\u064b-\u065f\u0670\u200c-\u200f]")
_APART = re.compile(r"[\s\-\u2010-\u2015,.()/_\u30fb\uff1d]+")
_IN_NO_FEED = re.compile("[^\t\n\r -~\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th", "ə": "e"}
    | {"ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ۀ": "ه"}
    | dict.fromkeys("'`\u2018\u2019\u02bb\u02bc\u02bf\u02be\u02b9\u05f3\u05f4\u00b4", "")
)


def has_control_characters(text: str, *, lines: bool = False) -> bool:
    """Whether `text` holds NUL, control, unassigned-surrogate or hidden direction-override characters.

    `lines`: newline, carriage return and tab are allowed (text areas).
    """
    return next(control_characters(text, lines=lines), None) is not None


def control_characters(text: str, *, lines: bool = False) -> Iterator[int]:
    """Where the characters stand that `has_control_characters` looks for."""
    if not (text.isascii() and text.isprintable()):
        yield from (at for at, c in enumerate(text) if _is_bad(c, lines))


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


def without_controls(text: str) -> str:
    """`text` without the characters that XML 1.0 or iCalendar cannot hold: a feed must be written all the same."""
    return _IN_NO_FEED.sub("", text)


def folded(text: str) -> str:
    """A name as it is compared: without case, accents, apostrophes; one space for hyphens and the like."""
    plain = text.lower() if text.isascii() else _MARKS.sub("", _caseless(text))
    return _APART.sub(" ", plain.translate(_LETTERS)).strip()


def _caseless(text: str) -> str:
    """Compatibility caseless form (The Unicode Standard, D146): what is made plain may have a case, and so on."""
    once = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKD", once.casefold())
