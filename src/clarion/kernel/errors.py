"""How a rule says no."""

from typing import ClassVar


class ClarionError(Exception):
    """Something the person at the other end can mend; its text says how."""


class Refusal(ClarionError):
    """A rule said no. `code` is stable: pages and the office turn it into a sentence."""

    code: ClassVar[str] = "refused"

    def __str__(self) -> str:
        return super().__str__() or self.code
