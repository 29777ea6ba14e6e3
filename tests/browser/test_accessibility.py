"""Every kind of public page in every language: axe, a small phone, languages marked, keyboard alone."""

import re
import urllib.request
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Literal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from clarion.kernel.clock import DAY, utc_now
from clarion.kernel.languages import direction
from tests.browser.findings import SMALL, axe_findings, overflow
from tests.program import Program, links_of, wait_until

pytestmark = pytest.mark.browser

SLUG = "clean-water"
LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "de")
PLACES = (
    "", "events/", "events/{event}/", "countries/", "countries/ke/", "countries/va/", "countries/ge/", "host/",
    "give/", "updates/", "updates/{update}/", "check-your-mail/", "received/", "thanks/", "not-me/", "closed/",
    "paused/", "expired/", "bad-link/", "my-data/", "refused/sign/email-shape/", "refused/sign/consent-unknown/",
    "counts/", "versions/", "versions/1/", "privacy/", "error/403/", "not-here/",
)  # fmt: skip
Scheme = Literal["light", "dark"]
WAYS: tuple[tuple[int, Scheme], ...] = ((SMALL, "light"), (1280, "dark"), (SMALL, "dark"), (1280, "light"))
TOKEN_PAGES = ("confirm", "not-me", "withdraw", "confirm-typed", "not-me-typed", "confirm-event", "not-me-event")
Links = Mapping[str, str]


def post(address: str, /, **fields: str) -> None:
    """Send a form as an old phone does."""
    with urllib.request.urlopen(address, urlencode(fields).encode(), timeout=60):
        pass


def sign(program: Program, email: str) -> None:
    """Sign in English."""
    post(f"{program.public_url}/{SLUG}/en/sign", name="Ada", email=email, country="KE")


def propose(program: Program, language: str) -> None:
    """Propose an event on the page of one language."""
    place = {"country": "KE", "city": "Nakuru", "address": "Afraha Stadium", "language": language, "kind": "vigil"}
    when = {"date": f"{utc_now() + 30 * DAY:%Y-%m-%d}", "time": "17:00", "title": "Candles", "adult": "yes"}
    address = f"{program.public_url}/{SLUG}/{language}/host/"
    post(address, name="Ada", email=f"host-{language}@example.org", **place, **when)


@pytest.fixture(scope="module")
def links(program: Program) -> Links:
    """A good link of every kind in English, and each language's link to manage an event."""
    for language in LANGUAGES:
        propose(program, language)
    sign(program, "ada@example.org")
    sign(program, "denied@example.org")
    denied = links_of(program.wait_for_mail("denied@example.org"), "confirm")[0]
    post(denied, answer="not-me")
    sign(program, "denied@example.org")
    events = {tag: program.wait_for_mail(f"host-{tag}@example.org") for tag in LANGUAGES}
    for mail in events.values():
        post(links_of(mail, "confirm")[0], answer="yes")
    signed = program.wait_for_mail("ada@example.org")
    typed = program.wait_for_mail("denied@example.org", count=2)
    found = {"confirm": signed, "confirm-typed": typed, "confirm-event": events["en"]}
    made = {name: links_of(mail, "confirm")[0].partition("?")[0] for name, mail in found.items()}
    made |= {name.replace("confirm", "not-me"): f"{link}?not-me" for name, link in made.items()}
    made["withdraw"] = links_of(signed, "withdraw")[0]
    managed = {tag: program.wait_for_mail(f"host-{tag}@example.org", holding="/manage/") for tag in events}
    return made | {f"manage-{tag}": links_of(mail, "manage")[0] for tag, mail in managed.items()}


@pytest.fixture
def narrow(browser: Browser) -> Iterator[Page]:
    """A small window with JavaScript."""
    context = browser.new_context(viewport={"width": SMALL, "height": 640})
    yield context.new_page()
    context.close()


def an_event(program: Program) -> str:
    """The id of a published event."""
    return min(path.parent.name for path in (program.data / "site" / SLUG / "en" / "events").glob("*/index.html"))


def an_update(program: Program) -> str:
    """The day of a published update."""
    return min(path.parent.name for path in (program.data / "site" / SLUG / "en" / "updates").glob("*/index.html"))


def addresses(program: Program, links: Links, language: str) -> list[str]:
    """One page of every kind in a language. A link's language is that of its address; an event's is its host's."""
    base, event, update = f"{program.public_url}/{SLUG}/", an_event(program), an_update(program)
    pages = [f"{base}{language}/{place.format(event=event, update=update)}" for place in PLACES]
    pages += [links[name].replace(f"{base}en/", f"{base}{language}/") for name in TOKEN_PAGES]
    return [*pages, links[f"manage-{language}"]]


def expect_marked(page: Page, language: str) -> None:
    """The page says in which language and direction it is."""
    expect(page.locator(f"html[lang='{language}'][dir='{direction(language)}']"), page.url).to_be_attached()


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    narrow: Page, program: Program, links: Links, language: str, is_soak: bool
) -> None:
    """Window and colours alternate from page to page, and begin anew with each language.

    Every kind of page in English and Arabic; in the others each third, in turn, unless there is all the time.
    """
    found: list[tuple[str, int, str, str]] = []
    first = LANGUAGES.index(language)
    for number, address in enumerate(addresses(program, links, language), start=first):
        if number % 3 != 0 and language not in ("en", "ar") and not is_soak:
            continue
        width, scheme = WAYS[number % len(WAYS)]
        narrow.set_viewport_size({"width": SMALL, "height": 640})
        narrow.emulate_media(color_scheme=scheme)
        narrow.goto(address)
        expect_marked(narrow, language)
        wrong = overflow(narrow)
        narrow.set_viewport_size({"width": width, "height": 640})
        found += [(address, width, scheme, one) for one in wrong + axe_findings(narrow)]
    assert found == []


def test_axe_finds_nothing_on_the_pages_of_no_campaign(narrow: Page, program: Program) -> None:
    for place in ("/", "/nobody-calls-this/"):
        narrow.goto(program.public_url + place)
        assert overflow(narrow) + axe_findings(narrow) == [], place


def test_each_page_says_its_language_and_names_the_same_page_in_every_other(program: Program) -> None:
    """In the tag of each page that is published; `hreflang` both ways, and to pages that exist."""
    site = program.data / "site"
    pages = {f"/{path.parent.relative_to(site)}/": path.read_text() for path in (site / SLUG).glob("*/**/index.html")}
    assert len(pages) > 8 * 300
    for address, text in pages.items():
        language = address.split("/")[2]
        assert f'<html lang="{language}" dir="{direction(language)}">' in text, address
    named = {address: alternates(text, program.public_url) for address, text in pages.items() if "canonical" in text}
    assert {len(alternate) for alternate in named.values()} == {len(LANGUAGES) + 1}  # and `x-default`
    for address, alternate in named.items():
        assert address in alternate.values(), address
        assert all(named[other] == alternate for other in alternate.values()), address


def alternates(text: str, root: str) -> dict[str, str]:
    """Where a page says that it stands in other languages."""
    found = re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', text)
    return {tag: unescape(address).removeprefix(root) for tag, address in found}


def test_the_keyboard_alone_signs_and_confirms(page: Page, program: Program) -> None:
    """In the order in which the page is read; what has the focus is seen to have it."""
    before = program.counts()["total"]
    page.goto(f"{program.public_url}/{SLUG}/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(page, "#sign [name=name]", 60)
    page.keyboard.type("Ada Lovelace")
    tab_to(page, "#sign [name=email]", 1)
    page.keyboard.type("keys@example.org")
    tab_to(page, "#sign [name=country]", 1)
    wait_until(lambda: chosen_by_typing(page, "Kenya") == "KE", "Kenya to be chosen")
    tab_to(page, "#sign [name=postcode]", 1)
    page.keyboard.type("00100")
    tab_to(page, "#sign button", 1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/en/check-your-mail/$"))

    page.goto(links_of(program.wait_for_mail("keys@example.org"), "confirm")[0])
    tab_to(page, "button[value=yes]", 1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/en/thanks/$"))
    wait_until(lambda: program.counts()["total"] == before + 1, "the signature to count")


def chosen_by_typing(page: Page, name: str) -> str:
    """The value that a list has after a name was typed in it; letters over a second apart begin a new search each."""
    page.wait_for_timeout(1_500)
    page.keyboard.type(name)
    return str(page.evaluate("document.activeElement.value"))


def tab_to(page: Page, selector: str, most: int) -> None:
    """Press Tab until the element has the focus, `most` times at the most; each stop must show its focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert shown != "none", page.evaluate("document.activeElement.outerHTML")[:200]
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{most} times Tab did not reach {selector}")
