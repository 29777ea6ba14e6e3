"""Text as the office takes it: like that of the public forms, tidy and without hidden characters."""

from django import forms

from clarion.kernel.text import control_characters, tidy, tidy_lines

_SHOWN_BEFORE = 20  # characters that say where a hidden one stands


class Text(forms.CharField):
    """Text as it was typed (Markdown, tables); a hidden character is refused, with the place where it stands."""

    def to_python(self, value: object) -> str:
        """The text with line ends as newline."""
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        if found := list(control_characters(text, lines=True)):
            raise forms.ValidationError(_hidden(text, found), code="characters")
        return text


class Lines(Text):
    """Several lines of plain text."""

    def to_python(self, value: object) -> str:
        """The text, tidied."""
        return tidy_lines(super().to_python(value))


class Line(Text):
    """One line; what was pasted over several becomes one."""

    def to_python(self, value: object) -> str:
        """The text, tidied."""
        return tidy(super().to_python(value))


def _hidden(text: str, found: list[int]) -> str:
    before = text[max(0, found[0] - _SHOWN_BEFORE) : found[0]].strip()
    place = f"after “{before}”" if before else "at the beginning"
    name = f"U+{ord(text[found[0]]):04X}"
    if len(found) == 1:
        return f"A hidden character ({name}) stands {place}. Type this place anew."
    return f"{len(found)} hidden characters stand here, the first ({name}) {place}. Type these places anew."
