"""From longitude and latitude to the picture: Equal Earth, the cut at its edge, paths in whole units.

Equal Earth is Šavrič, Patterson and Jenny's (2018), doi:10.1080/13658816.2018.1504949. The middle of the picture is
11° E, so its edge at 169° W meets no land but in the Bering Strait.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, hypot, pi, radians, sin, sqrt

Point = tuple[float, float]  # (lon, lat) in degrees, or (x, y) in units
Ring = tuple[Point, ...]  # closed: the last point is the first

MIDDLE = 11.0
WIDTH = 1000
DOT = 3  # the radius of a dot in units
REACH = 38  # the radius of what can be touched of a dot: 24 px where the picture is 320 px wide
NEAR = 8  # the same where a larger circle would take the place of other countries

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_SCALE = WIDTH / (4 * pi / sqrt(3) / _A1)


@dataclass(frozen=True, slots=True)
class Dot:
    """A small country in the picture: the middle, how far it can be touched, whether it lies on land."""

    x: int
    y: int
    reach: int
    inland: bool


def projected(lon: float, lat: float) -> Point:
    """Units right of the left edge and below the equator. `lon` between the edges."""
    theta = asin(sqrt(3) / 2 * sin(radians(lat)))
    square = theta * theta
    sixth = square**3
    bend = _A1 + 3 * _A2 * square + sixth * (7 * _A3 + 9 * _A4 * square)
    x = 2 / sqrt(3) * radians(lon - MIDDLE) * cos(theta) / bend
    y = theta * (_A1 + _A2 * square + sixth * (_A3 + _A4 * square))
    return WIDTH / 2 + x * _SCALE, -y * _SCALE


def inside_edges(lon: float) -> float:
    """The same longitude between the edges of the picture."""
    return (lon - MIDDLE + 180) % 360 - 180 + MIDDLE


def cut(ring: Ring) -> list[Ring]:
    """The parts of a ring (without jumps) on either side of the picture's edge, each turned into the picture."""
    low, high = MIDDLE - 180, MIDDLE + 180
    parts: list[Ring] = []
    for turn in (-360.0, 0.0, 360.0):
        moved = tuple((lon + turn, lat) for lon, lat in ring)
        moved = clipped(clipped(moved, low, lambda lon, edge: lon >= edge), high, lambda lon, edge: lon <= edge)
        if len(moved) > 3:
            parts.append(moved)
    return parts


def clipped(ring: Ring, edge: float, keeps: Callable[[float, float], bool]) -> Ring:
    """What of a ring lies on one side of a line of equal first coordinate (Sutherland and Hodgman)."""
    out: list[Point] = []
    for start, end in pairwise(ring):
        if keeps(start[0], edge):
            out.append(start)
        if keeps(start[0], edge) != keeps(end[0], edge):
            along = (edge - start[0]) / (end[0] - start[0])
            out.append((edge, start[1] + along * (end[1] - start[1])))
    return (*out, out[0]) if out else ()


def rounded(ring: Ring) -> list[tuple[int, int]]:
    """A ring of degrees in whole units, open, without points that lie on the way between their neighbours."""
    out: list[tuple[int, int]] = []
    for lon, lat in ring[:-1]:
        x, y = projected(lon, lat)
        out.append((round(x), round(y)))
        while len(out) > 2 and _is_on_the_way(*out[-3:]):
            del out[-2]
        if len(out) > 1 and out[-1] == out[-2]:
            del out[-1]
    while len(out) > 2 and (out[-1] == out[0] or _is_on_the_way(out[-2], out[-1], out[0])):
        del out[-1]
    while len(out) > 2 and _is_on_the_way(out[-1], out[0], out[1]):
        del out[0]
    return out


def _is_on_the_way(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Is b on the line through a and c? Spikes, there and back, count too."""
    return (b[0] - a[0]) * (c[1] - b[1]) == (b[1] - a[1]) * (c[0] - b[0])


def area(points: list[tuple[int, int]]) -> float:
    """Square units within an open ring."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*points, *points[:1]]))) / 2


def path(rings: list[list[tuple[int, int]]]) -> str:
    """The `d` of an SVG path, each ring relative after its first point."""
    return "".join(_ring_path(points) for points in rings)


def _ring_path(points: list[tuple[int, int]]) -> str:
    out, last = f"M{points[0][0]} {points[0][1]}", ""
    for (x, y), (to_x, to_y) in pairwise(points):
        dx, dy = to_x - x, to_y - y
        letter = "v" if dx == 0 else "h" if dy == 0 else "l"
        numbers = [dy] if dx == 0 else [dx] if dy == 0 else [dx, dy]
        for number in numbers:
            # A minus sign parts two numbers as well as a space does.
            out += letter if letter != last else "" if number < 0 else " "
            out += str(number)
            last = letter
    return out + "z"


def spread(points: list[Point], apart: float = 2 * DOT + 0.5, rounds: int = 40) -> list[Point]:
    """The points, those of a crowd pushed apart a little. The same points give the same result."""
    moved = [list(point) for point in points]
    for _ in range(rounds):
        for a, b in _crowded(moved, apart):
            dx, dy = b[0] - a[0], b[1] - a[1]
            far = hypot(dx, dy)
            push = (apart - far) / 2 / far if far else 0.0
            a[0], a[1] = a[0] - dx * push, a[1] - dy * push
            b[0], b[1] = b[0] + dx * push, b[1] + (dy * push if far else apart)
    return [(x, y) for x, y in moved]


def _crowded(points: list[list[float]], apart: float) -> Iterator[tuple[list[float], list[float]]]:
    for at, a in enumerate(points):
        for b in points[at + 1 :]:
            if abs(a[0] - b[0]) < apart and abs(a[1] - b[1]) < apart and hypot(a[0] - b[0], a[1] - b[1]) < apart:
                yield a, b


def placed(points: list[Point], land: list[list[tuple[int, int]]]) -> list[Dot]:
    """Dots for points in units; `land` is every ring that is drawn.

    At sea a dot may be touched as far as REACH, for it lies below the land, but not past half the way to the
    next dot. On land, where it lies above, it takes NEAR at most.
    """
    spots = spread(points)
    dots: list[Dot] = []
    for at, (x, y) in enumerate(spots):
        nearest = min((hypot(x - u, y - v) for i, (u, v) in enumerate(spots) if i != at), default=2.0 * REACH)
        inland = any(_touches(x, y, ring) for ring in land)
        reach = max(DOT + 1, min(NEAR if inland else REACH, round(nearest / 2)))
        dots.append(Dot(round(x), round(y), reach, inland))
    return dots


def _touches(x: float, y: float, points: list[tuple[int, int]]) -> bool:
    """Does a dot there touch or lie within the ring?"""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    edge = DOT + 1
    if not (min(xs) - edge < x < max(xs) + edge and min(ys) - edge < y < max(ys) + edge):
        return False
    ring = tuple((float(u), float(v)) for u, v in [*points, points[0]])
    return crossings((ring,), x, y) % 2 == 1 or any(gap(x, y, a, b) < edge for a, b in pairwise(ring))


def crossings(rings: tuple[Ring, ...], x: float, y: float) -> int:
    """How many edges a ray from the point to the right meets; odd means inside."""
    count = 0
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise(ring):
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                count += 1
    return count


def gap(x: float, y: float, a: Point, b: Point, squeeze: float = 1.0) -> float:
    """From a point to a stretch; `squeeze` shortens what lies along x (the cosine of the latitude)."""
    dx, dy = (b[0] - a[0]) * squeeze, b[1] - a[1]
    px, py = (x - a[0]) * squeeze, y - a[1]
    length = dx * dx + dy * dy
    along = min(1.0, max(0.0, (px * dx + py * dy) / length)) if length else 0.0
    return hypot(px - along * dx, py - along * dy)
