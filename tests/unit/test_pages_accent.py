"""The accent: whatever colour a campaign brings, its pages can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.pages.accent import DARK_GROUNDS, ENOUGH, LIGHT_GROUNDS, accent_css, accent_of, contrast

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_any_accent_can_be_read_on_paper_and_written_upon_in_both_themes(colour: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    accent = accent_of(colour)

    assert all(contrast(accent.light, ground) >= ENOUGH for ground in LIGHT_GROUNDS)
    assert all(contrast(accent.dark, ground) >= ENOUGH for ground in DARK_GROUNDS)
    assert contrast(accent.light, accent.on_light) >= ENOUGH
    assert contrast(accent.dark, accent.on_dark) >= ENOUGH


def test_an_accent_that_is_legible_stays_as_it_is() -> None:
    """A campaign's own colour is changed no more than needed."""
    assert accent_of("#0B6E99").light == "#0b6e99"


@pytest.mark.parametrize("nothing", ["", "red", "#12", "#zzzzzz", "url(x)"])
def test_what_is_no_colour_gives_the_default(nothing: str) -> None:
    """Nothing that somebody typed reaches the style sheet unread."""
    assert accent_of(nothing) == accent_of("")
    assert accent_css(nothing) == accent_css("")


def test_black_on_white_has_the_largest_contrast() -> None:
    """The formula of WCAG."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
