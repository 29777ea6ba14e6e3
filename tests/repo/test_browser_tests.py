"""What a browser test may ask of a page, read from the tests themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

BROWSER_TESTS = Path(__file__).resolve().parents[1] / "browser"
# Each answers for this very moment, and a page that has begun to come is not there yet.
ASKED_ONCE = {
    "is_visible", "is_hidden", "is_enabled", "is_disabled", "is_editable", "is_checked", "count", "inner_text",
    "text_content", "inner_html", "input_value", "get_attribute", "all_inner_texts", "all_text_contents",
}  # fmt: skip


def asserted_at_once(source: str) -> Iterator[int]:
    """Lines that assert what a page says at one moment, where `expect` would wait until it says so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            yield from (
                one.lineno for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr in ASKED_ONCE
            )


def test_no_browser_test_asserts_what_a_page_says_at_one_moment() -> None:
    found = {path.name: list(asserted_at_once(path.read_text(encoding="utf-8"))) for path in BROWSER_TESTS.glob("*.py")}
    assert len(found) > 6
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_question_asked_once_is_found_in_an_assertion_alone() -> None:
    source = 'title = page.locator("h1").inner_text()\nassert page.locator("svg.qr").is_visible()\n'
    assert list(asserted_at_once(source)) == [2]
