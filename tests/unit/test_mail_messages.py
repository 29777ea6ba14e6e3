"""What leaves is a message that any reader parses: checked with the library's own parser."""

import base64
import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.gateways.mime import needs_smtputf8, write_message
from clarion.outbox.letters import Letter
from tests.make import NOON

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.just("\n"), max_size=3000)
_SCRIPTS = (
    "وقفة من أجل الماء",
    "Чистая вода для всех",
    "Grève à l’été",
    "Water now",
    "💧👩‍👩‍👧‍👦🏳️‍🌈",
    "https://call.example.org/w",
)
VALUES = st.lists(
    st.sampled_from(_SCRIPTS) | st.text('وقفةماءЧистаяéàœ💧\u200d=?_<>"\\,.:@abc ', min_size=1, max_size=60), min_size=1
).map(lambda parts: " ".join(" ".join(parts).split())[:600].strip() or "Water")


def parsed(letter: Letter, sender: str = "office@example.org") -> EmailMessage:
    """The message as the library reads it."""
    raw = write_message(letter, "0123456789abcdef@call.example.org", sender, at=NOON)
    return cast(EmailMessage, message_from_bytes(raw, policy=SMTP))


def body(message: EmailMessage, kind: str) -> str:
    """One alternative, as text."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@given(TEXTS, TEXTS)
def test_both_bodies_come_back_as_they_were(text: str, html: str) -> None:
    message = parsed(Letter("amina@example.com", "Hello", text, html, "en"))

    assert body(message, "plain").rstrip("\n") == text.rstrip("\n")
    assert body(message, "html").rstrip("\n") == html.rstrip("\n")


@pytest.mark.parametrize("text", ["Plain words.\n", "Ein paar schöne Wörter in einem Satz.\n", "أكد توقيعك\n" * 40])
def test_no_line_is_too_long_for_mail(text: str) -> None:
    raw = write_message(
        Letter("a@example.com", text.split("\n")[0], text * 60, text, "en"), "m@h.example", "o@e.org", at=NOON
    )

    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_headers_name_sender_and_subject_in_any_script() -> None:
    letter = Letter("amina@example.com", "أكد توقيعك: ماء نظيف", "x\n", "<p>x</p>", "ar", "لجنة الماء")
    message = parsed(letter, "Other name <office@example.org>")

    assert message["Subject"] == letter.subject
    assert message["From"] == "لجنة الماء <office@example.org>"
    assert message["Message-ID"] == "<0123456789abcdef@call.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOON
    assert message["To"] == "amina@example.com"


@given(VALUES, VALUES)
def test_subject_and_name_come_back_with_every_blank_in_lines_of_mail(subject: str, name: str) -> None:
    """Between two encoded words no blank is shown (RFC 2047, section 6.2): those of the value are inside them."""
    letter = Letter("amina@example.com", subject, "x\n", "<p>x</p>", "ar", name)
    raw = write_message(letter, "m@call.example.org", "Other <office@example.org>", at=NOON)
    message = cast(EmailMessage, message_from_bytes(raw, policy=SMTP))
    # The newer parser shows a blank between the words of a name; the older one reads them as the RFC says.
    shown, address = parseaddr(message_from_bytes(raw)["From"])
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")

    assert message["Subject"] == subject
    assert (str(make_header(decode_header(shown))), address) == (name, "office@example.org")
    assert all(len(line) <= (76 if b"=?utf-8?b?" in line else 998) for line in head)


@pytest.mark.parametrize("name", ["Water: " * 13 + "now", ", ".join(["Committee"] * 9), 'The "Water" Committee ' * 5])
def test_a_long_name_with_signs_that_mean_something_in_a_header_is_read_as_a_name(name: str) -> None:
    raw = write_message(Letter("a@example.com", "x", "x\n", "x", "en", name.strip()), "m@h.e", "o@e.org", at=NOON)
    shown, address = parseaddr(message_from_bytes(raw)["From"])

    assert (str(make_header(decode_header(shown))), address) == (name.strip(), "o@e.org")


def test_a_blank_between_words_of_another_script_and_a_link_is_kept_by_a_reader_that_keeps_to_the_rfc() -> None:
    subject = "وقفة من أجل الماء: https://call.example.org/clean-water/ar/ الآن"
    raw = write_message(Letter("a@example.com", subject, "x\n", "x", "ar"), "m@h.example", "o@e.org", at=NOON)
    (said,) = re.findall(rb"\r\nSubject: ((?:.|\r\n )+)\r\n", raw)
    words = re.findall(rb"=\?utf-8\?b\?([\w+/=]+)\?=", said)

    assert all(len(word) + 12 <= 75 for word in words)
    assert "".join(base64.b64decode(word).decode() for word in words) == subject


def test_a_line_break_in_a_header_is_refused() -> None:
    for letter in (
        Letter("a@example.com\nBcc: b@example.com", "x", "", "", "en"),
        Letter("a@b.org", "x\r\ny", "", "", "en"),
    ):
        with pytest.raises(ValueError, match="one line"):
            write_message(letter, "m@h.example", "o@example.org", at=NOON)


def test_only_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    assert not needs_smtputf8("amina@bücher.example")
    assert needs_smtputf8("amīna@example.com")
