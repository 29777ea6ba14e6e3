"""The coverage map and the country of a point."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from clarion.places.countries import CODES
from clarion.places.gazetteer import cities
from clarion.places.geometry import Geometry, GeometryError, State, country_at, draw_map, is_outside, load_geometry
from clarion.places.projection import DOT, cut, inside_edges, projected, rounded, spread

DRAWN = sorted(CODES - {"AQ"})
SVG = "{http://www.w3.org/2000/svg}"
FLAT = [[20, 0], [40, 0], [40, 20], [20, 20], [20, 0]]


def a_map(
    geometry: Geometry | None = None,
    states: dict[str, State] | None = None,
    hrefs: dict[str, str] | None = None,
    titles: dict[str, str] | None = None,
) -> str:
    """The map with a link for each country."""
    return draw_map(
        geometry or load_geometry(),
        states or {},
        hrefs={code: f"/{code.lower()}/" for code in DRAWN} if hrefs is None else hrefs,
        titles=titles or {},
        label="Where & when",
    )


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314


def links(svg: str) -> dict[str, ElementTree.Element]:
    return {link.get("href", ""): link for link in parsed(svg).iter("a")}


def a_file(folder: Path, *features: tuple[str, str, object]) -> Path:
    """A GeoJSON file of (iso, type, coordinates)."""
    path = folder / "own.geojson"
    found = [
        {"type": "Feature", "properties": {"iso": iso}, "geometry": {"type": kind, "coordinates": where}}
        for iso, kind, where in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}))
    return path


def corners(path: str) -> list[list[tuple[int, int]]]:
    """The points of path data, ring by ring."""
    rings = []
    for ring in path.split("z")[:-1]:
        start, *steps = re.findall(r"([Mlhv])([^Mlhv]*)", ring)
        x, y = map(int, start[1].split())
        points = [(x, y)]
        for letter, text in steps:
            numbers = [int(number) for number in re.findall(r"-?\d+", text)]
            pairs = {
                "l": list(zip(numbers[::2], numbers[1::2], strict=False)),
                "h": [(n, 0) for n in numbers],
                "v": [(0, n) for n in numbers],
            }[letter]
            for dx, dy in pairs:
                x, y = x + dx, y + dy
                points.append((x, y))
        rings.append(points)
    return rings


def test_every_country_is_on_the_map_and_links_to_its_page() -> None:
    found = links(a_map())
    assert sorted(found) == [f"/{code.lower()}/" for code in DRAWN]
    for link in found.values():
        assert link.find("path") is not None or link.find("circle[@class='hit']") is not None


def test_nothing_runs_across_the_picture() -> None:
    # Russia is the widest step that is real: along the Arctic coast.
    for code, path in load_geometry().drawing.paths.items():
        for ring in corners(path):
            steps = [abs(b[0] - a[0]) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
            assert max(steps) < 120, code
            assert all(0 <= x <= 1000 for x, _ in ring), code


def test_no_country_but_at_the_bering_strait_touches_the_edge() -> None:
    edge = [code for code, shape in load_geometry().shapes.items() if any(len(cut(ring)) > 1 for ring in shape.rings)]
    assert edge == ["US"]


def test_the_picture_is_small() -> None:
    paths = "".join(load_geometry().drawing.paths.values())
    assert len(paths) < 54_000
    assert re.fullmatch(r"[Mlhvz0-9 \-]*", paths)


def test_the_map_can_stand_under_a_strict_policy_and_be_read_aloud() -> None:
    svg = a_map()
    root = parsed(svg)
    assert (root.get("id"), root.get("role"), root.get("aria-label")) == ("map", "group", "Where & when")
    assert svg.count(" id=") == 1
    assert not re.search(r"style=|<style|<script| on\w+=", svg)
    assert all(link.get("aria-label") and link.find("title") is not None for link in root.iter("a"))


def test_classes_tell_what_is_known() -> None:
    found = links(a_map(states={"KE": "announced", "UG": "venues", "TV": "announced"}))
    assert [found[f"/{code}/"].find("path").get("class") for code in ("ke", "ug", "tz")] == ["c", "b", "a"]  # type: ignore[union-attr]
    assert found["/tv/"].find("circle[@class='dot c']") is not None


def test_land_is_drawn_over_dots_at_sea_and_under_dots_on_land() -> None:
    dots = load_geometry().drawing.dots
    assert dots["LU"].inland
    assert dots["VA"].inland
    assert not dots["MV"].inland
    order = list(links(a_map()))
    assert order.index("/mv/") < order.index("/in/")
    assert order.index("/it/") < order.index("/va/")


def test_announced_dots_are_drawn_last() -> None:
    assert list(links(a_map(states={"AD": "announced"})))[-1] == "/ad/"


def test_a_dot_can_be_touched() -> None:
    dots = load_geometry().drawing.dots
    assert dots["BM"].reach >= 20
    assert dots["PN"].reach * 2 * 0.32 >= 20
    assert all(dot.reach > DOT for dot in dots.values())


def test_dots_of_a_crowd_lie_apart() -> None:
    spots = [(dot.x, dot.y) for dot in load_geometry().drawing.dots.values()]
    assert len(set(spots)) == len(spots)
    pairs = [(a, b) for i, a in enumerate(spots) for b in spots[i + 1 :]]
    assert min((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 for a, b in pairs) >= (2 * DOT - 1.5) ** 2


def test_points_in_one_place_are_spread() -> None:
    a, b = spread([(10.0, 10.0), (10.0, 10.0)])
    assert a != b


def test_a_country_without_a_page_is_drawn_without_a_link() -> None:
    root = parsed(a_map(hrefs={"KE": "/ke/"}))
    assert len(list(root.iter("a"))) == 1
    assert len(root) == len(DRAWN)


def test_titles_and_addresses_are_escaped() -> None:
    svg = a_map(titles={"CI": "Côte d'Ivoire <b>\"&"}, hrefs={"CI": '/ci/?a=1&b="'})
    assert "<b>" not in svg
    link = links(svg)['/ci/?a=1&b="']
    assert link.get("aria-label") == link.findtext("title") == "Côte d'Ivoire <b>\"&"


def test_the_same_records_give_the_same_bytes() -> None:
    assert a_map(states={"KE": "venues"}) == a_map(states={"KE": "venues"})


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (-1.29, 36.82, "KE"),
        (42.66, 21.1, "XK"),
        (9.56, 44.06, "SO"),
        (35.25, 33.5, "CY"),
        (45.2, 34.2, "UA"),
        (27.1, -12.5, "EH"),
        (31.9, 35.1, "PS"),
        (23.9, 121.0, "TW"),
        (4.0, -53.0, "GF"),
        (66.0, -173.0, "RU"),
        (-17.8, 178.0, "FJ"),
        (-29.5, 28.2, "LS"),
        (0.0, -140.0, None),
    ],
)
def test_the_country_of_a_point(lat: float, lon: float, code: str | None) -> None:
    assert country_at(None, lat, lon) == code


def test_a_longitude_may_be_told_from_either_side() -> None:
    assert country_at(None, 66.0, -173.0) == country_at(None, 66.0, 187.0) == "RU"


def test_no_city_lies_outside_its_country() -> None:
    assert [row.name for row in cities()[::7] if is_outside(row.lat, row.lon, row.country)] == []


def test_a_pin_elsewhere_is_outside() -> None:
    assert is_outside(-1.29, 36.82, "UG")
    assert is_outside(48.86, 2.35, "MC")
    assert is_outside(36.82, -1.29, "KE")


def test_coasts_borders_and_islands_are_treated_kindly() -> None:
    assert not is_outside(-4.1, 39.8, "KE")
    assert not is_outside(43.75, 7.40, "MC")
    assert not is_outside(46.2, 6.0, "FR")
    assert not is_outside(0.0, 0.0, "AQ")
    assert not is_outside(-80.0, 0.0, "ZZ")


def test_a_host_may_bring_other_shapes(tmp_path: Path) -> None:
    geometry = load_geometry(a_file(tmp_path, ("KE", "Polygon", [FLAT]), ("UG", "Point", [0, 0])))
    assert (set(geometry.drawing.paths), set(geometry.drawing.dots)) == ({"KE"}, {"UG"})
    assert country_at(geometry, 10, 30) == "KE"
    assert is_outside(-1.29, 36.82, "TZ", load_geometry())
    assert not is_outside(-1.29, 36.82, "TZ", geometry)
    assert len(list(parsed(a_map(geometry)))) == 2


def test_a_country_too_small_to_draw_becomes_a_dot(tmp_path: Path) -> None:
    tiny = [[20, 0], [20.1, 0], [20.1, 0.1], [20, 0]]
    geometry = load_geometry(a_file(tmp_path, ("KE", "MultiPolygon", [[tiny]])))
    assert geometry.drawing.paths == {}
    assert set(geometry.drawing.dots) == {"KE"}


@pytest.mark.parametrize(
    "ring",
    [
        [[170, 60], [-165, 60], [-165, 70], [170, 70], [170, 60]],
        [[170, 60], [195, 60], [195, 70], [170, 70], [170, 60]],
    ],
)
def test_a_shape_across_the_edge_is_cut_there(tmp_path: Path, ring: list[list[float]]) -> None:
    geometry = load_geometry(a_file(tmp_path, ("RU", "Polygon", [ring])))
    left, right = sorted(corners(geometry.drawing.paths["RU"]))
    assert max(x for x, _ in left) < 300
    assert min(x for x, _ in right) > 700
    assert country_at(geometry, 65, 180) == country_at(geometry, 65, -170) == "RU"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"features": [{}]}',
        '{"features": [{"properties": {"iso": "QQ"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}]}',
        '{"features": [{"properties": {"iso": "KE"}, "geometry": {"type": "LineString", "coordinates": []}}]}',
        '{"features": [{"properties": {"iso": "KE"}, "geometry": {"type": "Polygon", "coordinates": [[[0, 0]]]}}]}',
    ],
)
def test_a_file_that_is_no_geometry_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.geojson"
    path.write_text(text)
    with pytest.raises(GeometryError, match=r"bad\.geojson"):
        load_geometry(path)


def test_an_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_geometry(tmp_path / "none.geojson")


def test_the_projection_is_equal_earth() -> None:
    assert projected(11, 0) == (500, 0)
    assert projected(191, 0)[0] == pytest.approx(1000)
    # The height of Equal Earth is 0.48674 of its width.
    assert projected(11, 90)[1] == pytest.approx(-243.4, abs=0.1)
    assert inside_edges(-170) == 190
    assert inside_edges(11) == 11


def test_points_on_the_way_are_left_out() -> None:
    ring = (*((lon, 0.0) for lon in range(0, 40, 2)), (38.0, 20.0), (0.0, 20.0), (0.0, 0.0))
    assert len(rounded(ring)) == 4
