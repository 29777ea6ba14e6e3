"""Reading a posted form: its bytes, its encoding, its fields."""

from urllib.parse import unquote

from granian._granian import RSGIProtocolClosed

from clarion.intake.admission import Admission, BodyAwaited, Gone
from clarion.intake.requests import Request
from clarion.kernel.forms import MAX_BODY_BYTES

_FORM_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100


class BodyTooLong(Exception):
    """More bytes than any of our forms has."""


class Garbled(Exception):
    """Not a form, or not one whose letters can be read."""


async def read_body(request: Request, admission: Admission) -> bytes:
    """The whole body of a form that was let in. Raises `BodyTooLong`, `Garbled`, `Gone`, `Busy`.

    Its length must be told before it: the server does not tell the end of a chunked body from its breaking off.
    """
    if "transfer-encoding" in request.headers:
        raise Garbled
    length = request.headers.get("content-length", "0")
    if len(length) > 9 or int(length) > MAX_BODY_BYTES:
        raise BodyTooLong
    with BodyAwaited(admission):
        try:
            body = await request.exchange()
        except RSGIProtocolClosed as error:
            raise Gone from error
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLong
    if len(body) < int(length):
        raise Gone
    return body


def parse_form(content_type: str, body: bytes) -> tuple[dict[str, str], set[str]]:
    """The fields of an urlencoded form (of repeated ones the first), and the names that stand twice.

    A `%` that escapes nothing stands for itself. Raises `Garbled`: another type of content, bytes that are not
    UTF-8, a NUL, more fields than any form has.
    """
    if content_type.partition(";")[0].strip().lower() != _FORM_TYPE:
        raise Garbled
    values: dict[str, str] = {}
    duplicates: set[str] = set()
    try:
        for name, value in _pairs(body.decode()):
            if name in values:
                duplicates.add(name)
            else:
                values[name] = value
    except UnicodeDecodeError as error:
        raise Garbled from error
    return values, duplicates


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = text.split("&")
    if len(parts) > _MOST_FIELDS:
        raise Garbled
    pairs = []
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decoded(name), _decoded(value)))
    return pairs


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" in text:
        text = unquote(text, errors="strict")
    if "\0" in text:
        raise Garbled
    return text
