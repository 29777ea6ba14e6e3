"""What is wrong with a page for those who read it on a phone, by ear or by keyboard."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SMALL = 320
OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2; axe leaves it out unless asked
    "resultTypes": ["violations"],
}

_AXE = Axe()
# The rows of these lists are made alike, and axe takes seconds over hundreds of them.
_ROWS = "ul.events > li, ul.countries > li"
_SHORTEN = f"for (const row of [...document.querySelectorAll('{_ROWS}')].slice(24)) row.remove()"


def axe_findings(page: Page) -> list[str]:
    """What axe finds: rule, how often, and the first place. Of long lists it sees the first rows."""
    page.evaluate(_SHORTEN)
    violations = _AXE.run(page, options=OPTIONS).response["violations"]
    return [f"{one['id']} ×{len(one['nodes'])}: {one['nodes'][0]['html'][:160]}" for one in violations]


def overflow(page: Page) -> list[str]:
    """That the page scrolls sideways in the window as it is."""
    html = page.locator("html")
    wide, window = html.evaluate("html => [html.scrollWidth, html.clientWidth]")
    return [f"scrolls sideways: {wide} in {window}"] if wide > window else []
