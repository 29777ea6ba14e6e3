"""An event from its announcement to its cancelling, and a call pasted in the office, on the real running program."""

import base64
import hmac
import json
import re
import struct
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar, Event
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clarion.kernel.clock import DAY, utc_now
from tests.browser.findings import SMALL, axe_findings, overflow
from tests.program import Program, links_of, open_often, wait_until

pytestmark = pytest.mark.browser

CALL = "/clean-water"
HOST = "nino@example.org"
TITLE = "Lanterns at the parliament"
GEORGIA = "svg#map a[href$='/en/countries/ge/']"
PASSWORD = "lanterns along the river at dusk"
ON = (utc_now() + 30 * DAY).date()
PASTED = """Keep the night train

It leaves at nine in the evening and arrives before work begins.

We ask the ministry to keep it.
"""


@pytest.fixture(scope="module")
def office(browser: Browser, program: Program) -> Iterator[Page]:
    """The office as the call's admin sees it: in by a link of the host, with a password and an authenticator app."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(program.run("office-link", "office@example.org").stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Use a password").click()
    page.get_by_label("A password of 15 characters or more").fill(PASSWORD)
    page.get_by_label("The six digits").fill(six_digits(page.locator("code").text_content() or ""))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    yield page
    context.close()


def six_digits(secret: str) -> str:
    """What an authenticator app shows now for a secret (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret.strip()), struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = digest[-1] & 15
    number: int = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def get(address: str) -> bytes:
    """The body at an address."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        body: bytes = answer.read()
    return body


def calendar_entry(program: Program) -> Event | None:
    """Our event in the campaign's calendar."""
    calendar = Calendar.from_ical(get(f"{program.public_url}{CALL}/events.ics").decode())
    return next((entry for entry in calendar.walk("VEVENT") if entry["SUMMARY"] == TITLE), None)


def feature(program: Program) -> dict[str, Any] | None:
    """Our event in the map data."""
    found = json.loads(get(f"{program.public_url}{CALL}/events.geojson"))["features"]
    return next((one for one in found if one["properties"]["title"] == TITLE), None)


def announce(page: Page, program: Program) -> None:
    """Fill in the form of a country in which nothing is announced yet, before its one venue."""
    page.goto(f"{program.public_url}{CALL}/en/countries/")
    expect(page.locator(f"{GEORGIA} path")).to_have_class("b")
    page.locator("ul.countries").get_by_role("link", name="Georgia", exact=True).click()
    expect(page.get_by_text("Nothing here yet. Announce the first.")).to_be_visible()
    page.get_by_role("link", name="Announce one here").click()
    form = page.locator("form#host")
    form.locator("[name=venue]").select_option("ge-parliament")
    entries = {"date": ON.isoformat(), "time": "18:30", "title": TITLE, "name": "Nino", "email": HOST}
    for name, value in entries.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=adult]").check()
    form.get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"/en/check-your-mail/$"))


def press_in_mail(page: Page, program: Program) -> str:
    """Confirm by the mail's button; gives the personal link that the next mail brings."""
    mail = program.wait_for_mail(HOST)
    open_often(mail, program.public_url)
    assert len(program.mails(HOST)) == 1
    page.goto(links_of(mail, "confirm")[0])
    page.get_by_role("button", name="Confirm my event").click()
    expect(page).to_have_url(re.compile(r"/en/received/$"))
    mail = program.wait_for_mail(HOST, holding="waits for a moderator")
    open_often(mail, program.public_url)
    return links_of(mail, "manage")[0]


def narrow_findings(browser: Browser, address: str) -> list[str]:
    """What is wrong with a page on a small phone that runs scripts."""
    context = browser.new_context(viewport={"width": SMALL, "height": 640})
    page = context.new_page()
    page.goto(address)
    found = overflow(page) + axe_findings(page)
    context.close()
    return found


def open_item(office: Page, program: Program) -> None:
    """Our event in the queue of the office."""
    office.goto(f"{program.office_url}/c/clean-water/moderation/")
    office.locator(".queue-list a", has_text=TITLE).click()


def move(page: Page, manage: str) -> None:
    """Ask by the personal link for another time and place."""
    page.goto(manage)
    form = page.locator("form[data-form=manage]")
    for name, value in {"time": "19:15", "city": "Batumi", "address": "Europe Square"}.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"/en/received/$"))


def cancel(page: Page, manage: str) -> None:
    """Cancel by the personal link, with the city typed."""
    page.goto(manage)
    page.locator("#cancel-city").fill("batumi")
    page.get_by_role("button", name="Cancel the event").click()
    expect(page).to_have_url(re.compile(r"/en/received/$"))


def open_afresh(page: Page, address: str) -> None:
    """Open a page as it is now: the browser may keep one for five seconds."""
    page.goto(address)
    page.reload()


def test_an_event_is_announced_kept_moved_and_cancelled(
    browser: Browser, phone: BrowserContext, office: Page, program: Program
) -> None:
    page = phone.new_page()
    announce(page, program)
    manage = press_in_mail(page, program)
    assert feature(program) is None

    open_item(office, program)
    office.get_by_role("button", name="Known").click()
    mail = program.wait_for_mail(HOST, holding="Your event is announced")
    address = links_of(mail, "events")[0]
    wait_until(lambda: feature(program), "the event on the map data")
    open_often(mail, program.public_url)
    open_afresh(page, f"{program.public_url}{CALL}/en/countries/")
    expect(page.locator(f"{GEORGIA} path")).to_have_class("c")
    expect(page.locator(GEORGIA)).to_have_attribute("aria-label", "Georgia: 1 event")
    open_afresh(page, address)
    expect(page.get_by_text("The organisers of the call know those who hold it.")).to_be_visible()
    assert narrow_findings(browser, manage) == []
    entry = wait_until(lambda: calendar_entry(program), "the event in the calendar")
    assert entry["STATUS"] == "CONFIRMED"
    assert entry.decoded("DTSTART").isoformat() == f"{ON.isoformat()}T14:30:00+00:00"  # 18:30 in Tbilisi

    move(page, manage)
    program.wait_for_mail(HOST, holding="Your change waits for a moderator")
    open_afresh(page, address)
    expect(page.get_by_text("6:30")).to_be_visible()
    open_item(office, program)
    office.get_by_role("button", name="Keep the change").click()
    program.wait_for_mail(HOST, holding="Your change is shown")
    wait_until(lambda: calendar_entry(program)["SEQUENCE"] > entry["SEQUENCE"], "a later entry in the calendar")
    later = calendar_entry(program)
    assert later["UID"] == entry["UID"]
    assert later.decoded("DTSTART") - entry.decoded("DTSTART") == timedelta(minutes=45)
    assert "Batumi" in later["LOCATION"]
    open_afresh(page, address)
    expect(page.locator(".callout").first).to_contain_text("Changed on")
    expect(page.locator(".callout").first).to_contain_text("საქართველოს პარლამენტი")

    cancel(page, manage)
    program.wait_for_mail(HOST, holding="Your event is cancelled")
    wait_until(lambda: calendar_entry(program)["STATUS"] == "CANCELLED", "the calendar to say so")
    open_afresh(page, address)
    expect(page.get_by_text("This event is cancelled.")).to_be_visible()


def test_a_report_reaches_moderators_and_hides_nothing(phone: BrowserContext, office: Page, program: Program) -> None:
    page = phone.new_page()
    page.goto(f"{program.public_url}{CALL}/en/countries/ug/")
    page.locator("ul.events a").first.click()
    expect(page).to_have_url(re.compile(r"/en/events/[\w-]+/$"))
    expect(page.locator("h1")).to_be_visible()
    address, title = page.url, page.locator("h1").inner_text()
    page.locator("summary", has_text="Report this event").click()
    page.locator("#report-reason").select_option("wrong-place")
    page.locator("#report-note").fill("The steps are closed that day.")
    page.get_by_role("button", name="Send the report").click()
    expect(page).to_have_url(re.compile(r"/en/received/$"))

    office.goto(f"{program.office_url}/c/clean-water/moderation/")
    item = office.locator(".queue-list a", has_text=title)
    wait_until(lambda: office.reload() and item.count(), "the report in the queue")
    item.click()
    expect(office.get_by_text("The steps are closed that day.")).to_be_visible()
    assert page.goto(address).status == 200
    office.get_by_role("button", name="Read, and leave the event").click()
    expect(office.locator(".queue-list a", has_text=title)).to_have_count(0)


def test_a_pasted_text_is_previewed_published_and_signed(phone: BrowserContext, office: Page, program: Program) -> None:
    office.goto(f"{program.office_url}/new/")
    office.locator("[name=text]").fill(PASTED)
    office.get_by_role("button", name="Preview").click()
    seen = office.frame_locator("iframe.phone")
    expect(seen.locator("h1")).to_have_text("Keep the night train")
    address = f"{program.public_url}/keep-the-night-train/en/"
    office.get_by_role("button", name="Publish").click()

    page = phone.new_page()
    wait_until(lambda: page.goto(address).status == 200, "the new call to be public")
    page.locator("#sign [name=name]").fill("Jonas")
    page.locator("#sign [name=email]").fill("jonas@example.org")
    page.locator("#sign [name=country]").select_option("DE")
    page.locator("#sign button").click()
    page.goto(links_of(program.wait_for_mail("jonas@example.org", holding="Keep the night train"), "confirm")[0])
    page.locator("button[value=yes]").click()
    wait_until(lambda: program.counts("keep-the-night-train")["total"] == 1, "the signature to count")
