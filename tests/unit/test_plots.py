"""Bar charts as SVG that a strict Content-Security-Policy lets through."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest

from clarion.pages.plots import Bar, bars, columns, days_between

KENYA, FRANCE = Bar("Kenya", 200, "200"), Bar("France", 50, "50")


def drawn(svg: str, kind: str = "fill") -> list[dict[str, str]]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own
    return [part.attrib for part in root.iter("rect") if part.get("class") == kind]


def test_bars_are_as_long_as_their_numbers() -> None:
    assert [bar["width"] for bar in drawn(bars([KENYA, FRANCE], label="By country"))] == ["100%", "25%"]


def test_bars_start_at_the_right_where_the_language_does() -> None:
    assert [bar["x"] for bar in drawn(bars([KENYA, FRANCE], label="x", rtl=True))] == ["0%", "75%"]


def test_the_first_column_stands_where_the_line_starts() -> None:
    left = [float(bar["x"].rstrip("%")) for bar in drawn(columns([KENYA, FRANCE], label="x"))]
    right = [float(bar["x"].rstrip("%")) for bar in drawn(columns([KENYA, FRANCE], label="x", rtl=True))]

    assert left == sorted(left)
    assert right == sorted(right, reverse=True)


def test_columns_are_as_tall_as_their_numbers() -> None:
    tall, small = (int(bar["height"]) for bar in drawn(columns([KENYA, FRANCE], label="By day")))

    assert abs(tall / small - 4) < 0.15


def test_a_plot_has_a_name_and_no_style_of_its_own() -> None:
    svg = bars([KENYA], label="Signatures by country")

    assert 'aria-label="Signatures by country"' in svg
    assert "style" not in svg


def test_names_cannot_break_out_of_a_plot() -> None:
    svg = bars([Bar("<script>&", 1, "1")], label='"><b>')

    assert "<script>" not in svg
    assert "<b>" not in svg
    ElementTree.fromstring(svg)  # noqa: S314 - our own


def test_nothing_to_draw_is_an_empty_plot() -> None:
    assert drawn(bars([], label="x")) == []
    assert drawn(columns([], label="x")) == []
    assert drawn(columns([Bar("today", 0, "0")], label="x"))[0]["height"] == "0"


def test_days_without_a_signature_are_days_too() -> None:
    assert days_between({"2026-12-03": 2, "2026-12-01": 5}) == [
        (date(2026, 12, 1), 5),
        (date(2026, 12, 2), 0),
        (date(2026, 12, 3), 2),
    ]
    assert days_between({}) == []


def test_a_single_day_is_named_once() -> None:
    names = re.findall(r">([^<]+)</text>", columns([Bar("today", 3, "3")], label="x"))

    assert names == ["3", "today"]


def test_a_single_day_is_a_column_among_others_not_a_wall() -> None:
    [alone] = drawn(columns([Bar("today", 3, "3")], label="x"))
    assert (alone["x"], alone["width"]) == ("1.14%", "12%")
    [mirrored] = drawn(columns([Bar("today", 3, "3")], label="x", rtl=True))
    assert float(mirrored["x"].rstrip("%")) == pytest.approx(100 - 1.14 - 12, abs=0.02)
