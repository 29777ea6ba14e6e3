"""From templates to letters: one Jinja environment over every app's `templates/mail/`.

A template is named `<app>/<kind>`, and is a pair: `.txt`, and `.html` which extends `outbox/_layout.html`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from jinja2 import Environment, FileSystemLoader, PrefixLoader
from markupsafe import escape

from clarion.kernel.languages import direction
from clarion.locale.jinja import make_environment
from clarion.locale.voice import Voice
from clarion.outbox.letters import Letter

# Private-use characters (Unicode 23.5) pass through Jinja and gettext untouched, and nobody's title holds them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_SLOT = re.compile(f"{_OPEN}([a-z_]+){_CLOSE}")
_BLANK_LINES = re.compile(r"\n{3,}")


@cache
def _environment() -> Environment:
    folders = {config.label: Path(config.path) / "templates" / "mail" for config in apps.get_app_configs()}
    loaders = {label: FileSystemLoader(folder) for label, folder in folders.items() if folder.is_dir()}
    return make_environment(PrefixLoader(loaders))


def render_letter(
    kind_template: str,
    voice: Voice,
    *,
    to: str,
    subject: str,
    sender_name: str = "",
    **context: Any,
) -> Letter:
    """The letter of `<app>/<kind>` in one language. `context` reaches both templates, `voice` and `subject` too."""
    everything = {
        "voice": voice,
        "subject": subject,
        "sender_name": sender_name,
        "language": voice.spoken,
        "dir": direction(voice.spoken),
        **context,
    }
    text = _with_plain_ends(_environment().get_template(f"{kind_template}.txt").render(everything))
    html = _with_plain_ends(_environment().get_template(f"{kind_template}.html").render(everything))
    return Letter(to, subject, _BLANK_LINES.sub("\n\n", text).strip() + "\n", html, voice.spoken, sender_name)


def _with_plain_ends(body: str) -> str:
    """Lines ended by one character: browsers send CRLF (a moderator's sentence), and a message ends its own so."""
    return body.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class Mould:
    """A letter rendered once, with slots for what differs from one reader to the next.

    Rendering costs a hundred times more than filling, and a signature's mail is on the hot road.
    """

    letter: Letter
    _text: tuple[str, ...]  # plain text and names of slots in turn
    _html: tuple[str, ...]

    def fill(self, to: str, values: Mapping[str, str]) -> Letter:
        """The letter to `to` with its slots filled; values are plain text. Raises `KeyError` for a slot left open."""
        escaped = {name: str(escape(value)) for name, value in values.items()}
        return Letter(
            to,
            self.letter.subject,
            _filled(self._text, values),
            _filled(self._html, escaped),
            self.letter.language,
            self.letter.sender_name,
        )


def make_mould(
    kind_template: str,
    voice: Voice,
    slots: tuple[str, ...],
    *,
    subject: str,
    sender_name: str = "",
    **context: Any,
) -> Mould:
    """A mould of `<app>/<kind>`; each of `slots` is a name in the templates that `fill` gives its value."""
    marks = {name: f"{_OPEN}{name}{_CLOSE}" for name in slots}
    letter = render_letter(kind_template, voice, to="", subject=subject, sender_name=sender_name, **context, **marks)
    return Mould(letter, tuple(_SLOT.split(letter.text)), tuple(_SLOT.split(letter.html)))


def _filled(parts: tuple[str, ...], values: Mapping[str, str]) -> str:
    return "".join(values[part] if index % 2 else part for index, part in enumerate(parts))
