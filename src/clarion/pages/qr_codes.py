"""QR codes of the addresses of events, for posters: inline SVG."""

import re
from collections.abc import Sequence
from functools import lru_cache

import segno
from markupsafe import Markup

_BORDER = 2
_DARK = re.compile("1+")
_ID = re.compile(r"[0-9a-f]{32}")


@lru_cache(maxsize=512)
def qr_code(url: str) -> Markup:
    """The address as a QR code."""
    return _drawn(*_modules(url))


@lru_cache(maxsize=512)
def qr_code_of_many(url: str) -> Markup:
    """The same in a tenth of the time, for one of very many addresses that differ in an id; the first takes long.

    With a fixed mask a code is linear: a bit of the text flips always the same modules, whatever the rest says
    (ISO/IEC 18004: Reed-Solomon over GF(256)). So segno draws once what each digit of an id changes.
    """
    found = _ID.search(url)
    if found is None or not url.isascii():
        return qr_code(url)
    before, after = url[: found.start()], url[found.end() :]
    modules, width = _with_zeroes(before, after)
    for changed, digit in zip(_changes(len(before), len(after)), found[0], strict=True):
        modules ^= changed[int(digit, 16)]
    return _drawn(modules, width)


@lru_cache(maxsize=64)
def _with_zeroes(before: str, after: str) -> tuple[int, int]:
    return _modules(before + "0" * 32 + after)


@lru_cache(maxsize=4)
def _changes(before: int, after: int) -> Sequence[Sequence[int]]:
    """For each place of an id, the modules that each of the sixteen digits flips there, seen from 0.

    `before`, `after`: how many characters stand there; which ones makes no difference.
    """
    zeroes = "x" * before + "0" * 32 + "x" * after
    plain, _ = _modules(zeroes)

    def flipped(place: int, digit: str) -> int:
        return _modules(zeroes[: before + place] + digit + zeroes[before + place + 1 :])[0] ^ plain

    places = []
    for place in range(32):
        one, two, four, eight, ten = (flipped(place, digit) for digit in "1248a")
        letter = ten ^ one  # `a` to `f` are 0x61 to 0x66, and 0 is 0x30: their low bits run from 1 to 6
        low = [_sum(n, (one, two, four, eight)) for n in range(10)]
        places.append([*low, *(letter ^ low[n] for n in range(1, 7))])
    return places


def _sum(bits: int, changes: Sequence[int]) -> int:
    total = 0
    for at, change in enumerate(changes):
        total ^= change if bits >> at & 1 else 0
    return total


def _modules(url: str) -> tuple[int, int]:
    """The dark modules as bits, row by row, and the width. A fixed mask: trying all eight takes four times as long."""
    rows = segno.make(url, micro=False, error="m", boost_error=False, mask=2).matrix
    return int("".join("01"[module] for row in rows for module in row), 2), len(rows)


def _drawn(modules: int, width: int) -> Markup:
    bits = f"{modules:0{width * width}b}"
    lines = [_line(bits[at : at + width], at // width) for at in range(0, width * width, width)]
    size = width + 2 * _BORDER
    return Markup('<svg viewBox="0 0 {0} {0}" class="qr"><path stroke="#000" d="{1}"/></svg>').format(
        size, "".join(lines)
    )


def _line(row: str, at: int) -> str:
    """One row of modules as strokes from the left."""
    end = -_BORDER
    strokes = [f"M0 {at + _BORDER}.5"]
    for run in _DARK.finditer(row):
        first, after = run.span()
        strokes.append(f"m{first - end} 0h{after - first}")
        end = after
    return "".join(strokes)
