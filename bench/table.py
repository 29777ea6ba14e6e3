"""One line of the table for each figure: beside its yardstick, its bar, and its last value."""

from dataclasses import asdict, dataclass

HEAD = (
    "what", "measured", "beside, in the same run", "ratio", "must / aim", "p50 ms", "p99 ms", "CPU µs each",
    "memory MB", "against last",
)  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """What is demanded and what is hoped for. More is better where the aim is above the demand."""

    must: float
    aim: float

    def verdict(self, value: float) -> str:
        """`aim`, `must`, or `MISSED`."""
        if self._reaches(value, self.aim):
            return "aim"
        return "must" if self._reaches(value, self.must) else "MISSED"

    def _reaches(self, value: float, height: float) -> bool:
        return value >= height if self.aim > self.must else value <= height


@dataclass(frozen=True)
class Row:
    """One line. `judged` is what its bar asks about, and what is compared with the last run; `key` finds that."""

    key: str
    what: str
    figure: str
    judged: float
    beside: str = ""
    ratio: float | None = None
    bar: Bar | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us: float | None = None
    memory_mb: float | None = None

    def to_json(self) -> dict[str, object]:
        """What is kept."""
        return asdict(self)


def cells(row: Row, last: float | None) -> list[str]:
    """The line's cells; `last` is what was judged in the last run that had it."""
    bar = f"{row.bar.must:g} / {row.bar.aim:g}: {row.bar.verdict(row.judged)}" if row.bar else ""
    numbers = (row.p50_ms, 1), (row.p99_ms, 1), (row.cpu_us, 0), (row.memory_mb, 0)
    against = f"{row.judged / last:.2f}" if last else ""
    return [
        row.what,
        row.figure,
        row.beside,
        "" if row.ratio is None else f"{row.ratio:.3g}",
        bar,
        *("" if value is None else f"{value:.{n}f}" for value, n in numbers),
        against,
    ]


def line(parts: list[str] | tuple[str, ...]) -> str:
    """Cells as a line of Markdown."""
    return f"| {' | '.join(parts)} |"
