"""Style sheet and script: one file each, small, with nothing that a strict policy forbids."""

import re

import brotli

from clarion.pages.assets import STYLE_PARTS, script, style_sheet


def test_style_and_script_are_small() -> None:
    """Of the 40 KB of a first view they take less than a third."""
    packed = [len(brotli.compress(content, quality=11)) for content in (style_sheet("#0b6e99"), script())]

    assert sum(packed) < 12_000


def test_the_style_sheet_fetches_nothing() -> None:
    """No request leaves the site's own host, and none is made for a font."""
    assert b"url(" not in style_sheet("")
    assert b"@import" not in style_sheet("")


def test_the_layout_knows_no_left_and_right() -> None:
    """Right-to-left needs no second style sheet."""
    physical = re.compile(
        rb"(margin|padding|border)-(left|right)|[;{](left|right|float|width|height):|text-align:(left|right)"
    )

    assert not physical.search(style_sheet(""))


def test_comments_are_left_out_and_the_accent_stands_last() -> None:
    """The campaign's colour wins over the default."""
    css = style_sheet("#7a1fa2").decode()

    assert "/*" not in css
    assert css.count("{") == css.count("}")
    assert css.index("--accent:#7a1fa2") > css.index("--accent:#0b6e99")
    assert len(STYLE_PARTS) == len(set(STYLE_PARTS))
