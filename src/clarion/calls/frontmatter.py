"""The block between two `---` at the top of a text: YAML of the simplest kind, every value with its line."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

import yaml

from clarion.calls.problems import Problems
from clarion.kernel.text import tidy

_FENCE = "---"


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its text (a YAML `no` stays "no"), or what lies below it; and its line."""

    line: int
    text: str = ""
    items: tuple["Value", ...] | None = None
    fields: "dict[str, Value] | None" = None


@dataclass(slots=True)
class FrontMatter:
    """A text's front matter and body. What is wrong is noted in `problems` as it is read."""

    file: str
    problems: Problems
    fields: dict[str, Value] = field(default_factory=dict)
    body: str = ""
    body_line: int = 1

    def line(self, name: str) -> int:
        """Where a field stands; 1 where it does not."""
        return self.fields[name].line if name in self.fields else 1

    def text(self, name: str, max_length: int, *, required: bool = False) -> str:
        """A field's text on one line; empty where it is absent, which is a mistake if it is `required`."""
        value = self.fields.get(name)
        text = self.one_line(name, value, max_length) if value else ""
        if required and not text and not (value and (value.items or value.fields)):
            self.problems.wrong(
                self.file, self.line(name), f"`{name}` is missing.", f"Write `{name}: …` between the two ---."
            )
        return text

    def one_line(self, name: str, value: Value, max_length: int) -> str:
        """The text of `value`, which must be a single one."""
        if value.items is not None or value.fields is not None:
            self.problems.wrong(
                self.file, value.line, f"`{name}` must be one text.", f'Write `{name}: "…"`, in quotes.'
            )
            return ""
        return self.problems.check_text(self.file, value.line, f"`{name}`", tidy(value.text), max_length)

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One of a few words."""
        text = self.text(name, 40) or default
        if text not in choices:
            self.problems.wrong(
                self.file, self.line(name), f"`{name}` is {text!r}.", f"It can be {', '.join(sorted(choices))}."
            )
            return default
        return text

    def day(self, name: str) -> date | None:
        """A day written 2026-12-01."""
        text = self.text(name, 40)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.problems.wrong(self.file, self.line(name), f"`{name}` is {text!r}.", "Write the day as 2026-12-01.")
            return None

    def number(self, name: str) -> int | None:
        """A whole number from 1."""
        text = self.text(name, 40)
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 7 and int(text) >= 1:
            return int(text)
        self.problems.wrong(self.file, self.line(name), f"`{name}` is {text!r}.", "Write a whole number from 1.")
        return None

    def items(self, name: str, max_count: int) -> tuple[Value, ...]:
        """A list's items; one text alone counts as a list of one."""
        value = self.fields.get(name)
        if value is None or (not value.text and value.items is None and value.fields is None):
            return ()
        items = (value,) if value.items is None else value.items
        if len(items) > max_count:
            self.problems.wrong(self.file, value.line, f"`{name}` has {len(items)} items.", f"At most {max_count} fit.")
        return items

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Note fields that nothing reads: mostly a slip of the pen."""
        for name, value in self.fields.items():
            if name not in known:
                near = get_close_matches(name, known, 1)
                meant = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(sorted(known))}."
                self.problems.wrong(self.file, value.line, f"`{name}` is not known here.", meant)


def read_front_matter(file: str, text: str, problems: Problems) -> FrontMatter:
    """The front matter of `text`; a text without one is all body, which is noted as a mistake."""
    matter = FrontMatter(file, problems, body=text)
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE:
        problems.wrong(file, 1, "There is no front matter.", "Begin with three lines: `---`, `title: …`, `---`.")
        return matter
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        problems.wrong(file, 1, "The front matter does not end.", "Close it with a line `---`.")
        return matter
    matter.body = "\n".join(lines[end + 1 :])
    matter.body_line = end + 2
    matter.fields = _read_fields(file, "\n".join(lines[1:end]), problems)
    return matter


def _read_fields(file: str, text: str, problems: Problems) -> dict[str, Value]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return {}
        value = _value(root, file, problems)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        problems.wrong(
            file, line, f"The front matter cannot be read: {error.problem}.", 'Put the text in quotes: `title: "…"`.'
        )
        return {}
    except (yaml.YAMLError, RecursionError):
        problems.wrong(file, 1, "The front matter cannot be read.", "Write one `name: text` a line, as plain text.")
        return {}
    if value.fields is None:
        problems.wrong(file, value.line, "The front matter is not a list of fields.", "Write one `name: text` a line.")
    return value.fields or {}


_MAX_DEPTH = 4


def _value(node: yaml.Node, file: str, problems: Problems, depth: int = 0) -> Value:
    line = node.start_mark.line + 2
    if depth > _MAX_DEPTH:
        raise yaml.YAMLError("too deep")
    if isinstance(node, yaml.SequenceNode):
        return Value(line, items=tuple(_value(item, file, problems, depth + 1) for item in node.value))
    if isinstance(node, yaml.MappingNode):
        return Value(line, fields=dict(_pairs(node, file, problems, depth)))
    return Value(line, text=str(node.value) if node.tag != "tag:yaml.org,2002:null" else "")


def _pairs(node: yaml.MappingNode, file: str, problems: Problems, depth: int) -> Iterator[tuple[str, Value]]:
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value)
        if name in seen:
            problems.wrong(file, key.start_mark.line + 2, f"`{name}` stands there twice.", "Keep one of them.")
        seen.add(name)
        read = _value(value, file, problems, depth + 1)
        # The line of the name, not of a text that begins below it.
        yield name, Value(key.start_mark.line + 2, read.text, read.items, read.fields)
