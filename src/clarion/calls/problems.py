"""What is wrong or doubtful in a call: file, line, what is wrong, what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from clarion.kernel.errors import ClarionError
from clarion.kernel.text import has_control_characters


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake or doubt; `line` counts from 1."""

    file: str
    line: int
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.wrong} {self.right}".rstrip()


class CallWrong(ClarionError):
    """The call has mistakes; all of them are here, and nothing was stored."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Problems:
    """Gathers mistakes and doubts while a call is read."""

    mistakes: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)

    def wrong(self, file: str, line: int, wrong: str, right: str = "") -> None:
        """Note a mistake: the call cannot be stored."""
        self.mistakes.append(Problem(file, line, wrong, right))

    def doubtful(self, file: str, line: int, wrong: str, right: str = "") -> None:
        """Note something to look at: the call can be stored."""
        self.doubts.append(Problem(file, line, wrong, right))

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The doubts in the order of files and lines."""
        return tuple(sorted(set(self.doubts)))

    def raise_mistakes(self) -> None:
        """Raise `CallWrong` with all mistakes if there is any."""
        if self.mistakes:
            raise CallWrong(self.mistakes)

    def check_text(self, file: str, line: int, name: str, text: str, max_length: int, *, lines: bool = False) -> str:
        """Note what is wrong with a text's length or characters; gives the text."""
        if len(text) > max_length:
            self.wrong(file, line, f"{name} has {len(text)} characters.", f"At most {max_length} fit.")
        if has_control_characters(text, lines=lines):
            self.wrong(file, line, f"{name} has hidden control characters.", "Type it anew without them.")
        return text
