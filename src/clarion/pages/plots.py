"""Bar charts as plain SVG: no script, no inline style, widths in percent, so that text keeps its size on a phone.

A chart says nothing that the table beneath it does not, and is named by its `label` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

_ROW = 46  # px: a line of text, a bar beneath it
_BAR = 10
_COLUMNS = 160  # px: height of the columns
_FOOT = 26
_ALONE = 7  # a single day is drawn as wide as one of a week


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it stands for, its length, and the figure as the language writes it."""

    name: str
    value: int
    figure: str


def bars(rows: Sequence[Bar], *, label: str, rtl: bool = False) -> Markup:
    """A chart of lying bars, one below the other, each under its name and figure."""
    longest = max((row.value for row in rows), default=0) or 1
    drawn = [_lying_bar(row, at * _ROW, 100 * row.value / longest, rtl) for at, row in enumerate(rows)]
    return _svg(Markup("").join(drawn), height=_ROW * len(rows), label=label, name="bars")


def _lying_bar(row: Bar, top: int, width: float, rtl: bool) -> Markup:
    near, far = ("100%", "0") if rtl else ("0", "100%")
    start = _percent(100 - width if rtl else 0)
    return Markup(
        '<text x="{near}" y="{line}">{name}</text>'
        '<text x="{far}" y="{line}" text-anchor="end" class="figure">{figure}</text>'
        '<rect class="bed" x="0" y="{y}" width="100%" height="{bar}" rx="2"/>'
        '<rect class="fill" x="{start}" y="{y}" width="{width}" height="{bar}" rx="2"/>'
    ).format(
        near=near, far=far, line=top + 18, name=row.name, figure=row.figure,
        start=start, y=top + 25, width=_percent(width), bar=_BAR,
    )  # fmt: skip


def columns(rows: Sequence[Bar], *, label: str, rtl: bool = False) -> Markup:
    """A chart of standing columns, the first at the start of the line; the outer two are named, the highest figured."""
    if not rows:
        return _svg(Markup(""), height=0, label=label, name="columns")
    highest = max(rows, key=lambda row: row.value)
    step = 100 / (len(rows) if len(rows) > 1 else _ALONE)
    drawn = [_column(row, at, step, highest.value or 1, rtl) for at, row in enumerate(rows)]
    return _svg(
        Markup("").join([*drawn, _scale(highest, rtl), *_ends(rows, rtl)]),
        height=_COLUMNS + _FOOT,
        label=label,
        name="columns",
    )


def _column(row: Bar, at: int, step: float, highest: int, rtl: bool) -> Markup:
    tall = round((_COLUMNS - _FOOT) * row.value / highest)
    start = 100 - (at + 1) * step if rtl else at * step
    return Markup('<rect class="fill" x="{}" y="{}" width="{}" height="{}"/>').format(
        _percent(start + step * 0.08), _COLUMNS - tall, _percent(step * 0.84), tall
    )


def _scale(highest: Bar, rtl: bool) -> Markup:
    return Markup(
        '<line x1="0" x2="100%" y1="{top}" y2="{top}" class="axis"/><text x="{near}" y="{text}">{figure}</text>'
        '<line x1="0" x2="100%" y1="{foot}" y2="{foot}" class="axis"/>'
    ).format(near="100%" if rtl else "0", top=_FOOT, text=_FOOT - 8, figure=highest.figure, foot=_COLUMNS)


def _ends(rows: Sequence[Bar], rtl: bool) -> list[Markup]:
    near, far = ("100%", "0") if rtl else ("0", "100%")
    text = Markup('<text x="{}" y="{}"{}>{}</text>')
    ends = [text.format(near, _COLUMNS + 20, "", rows[0].name)]
    if len(rows) > 1:
        ends.append(text.format(far, _COLUMNS + 20, Markup(' text-anchor="end"'), rows[-1].name))
    return ends


def days_between(by_day: Mapping[str, int]) -> list[tuple[date, int]]:
    """Each day from the first to the last with its figure; days without one are 0."""
    if not by_day:
        return []
    first, last = date.fromisoformat(min(by_day)), date.fromisoformat(max(by_day))
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [(day, by_day.get(day.isoformat(), 0)) for day in span]


def _svg(content: Markup, *, height: int, label: str, name: str) -> Markup:
    return Markup('<svg class="plot {}" width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        name, height, label, content
    )


def _percent(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"
