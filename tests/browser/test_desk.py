"""The desk of the demo, as a person meets it: `clarion demo` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.program import wait_until

pytestmark = pytest.mark.browser
CROWD = 120


@dataclass
class Demo:
    """A running demo: its address, its process, and the folder in which it makes its own."""

    address: str
    process: "subprocess.Popen[str]"
    folder: Path
    words: Path

    def said(self) -> str:
        """What it told its operator."""
        return self.words.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`clarion demo`, with a crowd of a size for tests."""
    words = tmp_path_factory.mktemp("desk") / "words"
    with tempfile.TemporaryDirectory(prefix="clarion-desk-") as folder, words.open("wb") as log:
        environment = os.environ | {"TMPDIR": folder}
        process = subprocess.Popen(
            [sys.executable, "-m", "clarion", "demo", "--crowd", str(CROWD)],
            env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        made = Demo(address, process, Path(folder), words)
        assert address, made.said()
        yield made
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        process.stdout.close()


@pytest.fixture
def desk(demo: Demo, browser: Browser) -> Iterator[Page]:
    """The desk in a window of a laptop; whatever breaks its policy or its script fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda line: trouble.append(line.text) if line.type == "error" else None)
    page.goto(demo.address)
    page.wait_for_selector("#map")
    yield page
    context.close()
    assert trouble == []


def loaded(desk: Page, place: str) -> None:
    """Wait until what a frame of the desk shows is loaded."""
    frame = desk.locator(place).element_handle().content_frame()
    assert frame is not None
    frame.wait_for_load_state()


def public_address(desk: Page) -> str:
    """Where the public site of the demo's call begins."""
    return f"{desk.locator('body').get_attribute('data-public')}/clean-water/"


def test_the_demo_prints_one_address_on_loopback(demo: Demo) -> None:
    assert re.fullmatch(r"http://localhost:\d+/[\w-]{12,}/", demo.address)


def test_signing_on_the_phone_brings_a_mail_whose_button_moves_the_count(desk: Page) -> None:
    phone, mail = desk.frame_locator("#site"), desk.frame_locator("#mail")
    before = desk.request.get(f"{public_address(desk)}counts.json").json()["total"]
    phone.locator("input[name=name]").fill("Amina Otieno")
    phone.locator("input[name=email]").fill("amina@example.org")
    phone.locator("select[name=country]").select_option("KE")
    phone.locator("form[action$='sign'] button").click()
    expect(phone.locator("h1")).to_contain_text("mail")

    expect(desk.locator("#mail-to")).to_contain_text("amina@example.org")
    link = mail.locator("a[href*='/confirm/']").first
    link.wait_for()
    loaded(desk, "#mail")  # from then on the desk follows the links of a mail
    link.click()
    phone.locator("form[method=post] button").first.click()

    expect(desk.locator("#total")).to_have_text(str(before + 1))


def test_nothing_moves_from_under_the_pointer_when_the_map_arrives(demo: Demo, browser: Browser) -> None:
    """A button that goes down with the map is pressed at its old place, and nothing happens."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    held: list[Route] = []
    page.route("**/map.svg", lambda route: held.append(route))
    page.goto(demo.address)
    wait_until(lambda: page.title() and held, "the map to be asked for")  # a question lets the route be heard
    before = page.locator("#enter").bounding_box()
    for route in held:
        route.continue_()
    page.wait_for_selector("#map")
    after = page.locator("#enter").bounding_box()
    page.context.close()

    assert before is not None
    assert after is not None
    assert (after["x"], after["y"]) == pytest.approx((before["x"], before["y"]), abs=4)


def test_the_crowd_moves_the_count_by_exactly_as_many(desk: Page) -> None:
    desk.click("#send")

    expect(desk.locator("#verdict")).to_contain_text(f"exactly {CROWD} more")
    expect(desk.locator("[data-stage=confirmed]")).to_have_text(str(CROWD))
    expect(desk.locator("#spots circle").first).to_be_attached()


def test_the_office_opens_with_the_link_and_the_code_that_the_desk_shows(desk: Page) -> None:
    office = desk.frame_locator("#office")
    with desk.expect_event("framenavigated", lambda frame: re.search(r"/sign-in/[\w-]{10,}", frame.url)):
        desk.click("#enter")
    office.locator("form button", has_text="Sign in").click()
    expect(desk.locator("#code")).to_have_text(re.compile(r"\d{6}"))
    office.locator("input[name=code]").fill(desk.inner_text("#code"))
    office.locator("form button", has_text="Sign in").click()

    expect(office.locator("body")).to_contain_text("Moderation")


def test_a_country_of_the_map_opens_on_the_phone(desk: Page) -> None:
    country = f"{public_address(desk)}en/countries/ke/"
    wait_until(lambda: desk.request.get(country).ok, "the country's page", seconds=120)
    desk.locator("#map a[href$='/countries/ke/'] path").first.click(force=True)

    expect(desk.frame_locator("#site").locator("h1")).to_contain_text("Kenya")


def test_the_phone_speaks_the_language_that_was_picked(desk: Page) -> None:
    desk.select_option("#language", "ar")

    expect(desk.frame_locator("#site").locator("html")).to_have_attribute("dir", "rtl")


@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_the_desk_fits_the_window(demo: Demo, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(demo.address)
    page.wait_for_selector("#map")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_ending_the_demo_removes_everything(demo: Demo) -> None:
    """Stands last: the others need it."""
    demo.process.send_signal(signal.SIGTERM)

    assert demo.process.wait(60) == 0, demo.said()
    assert list(demo.folder.iterdir()) == []
