"""The office in Chromium: passkeys with a virtual authenticator, the queue by keyboard, phones, axe."""

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audit.actions import HOST
from clarion.campaigns.models import Campaign
from clarion.events.models import Event, Revision
from clarion.kernel.clock import utc_now
from clarion.kernel.ids import new_id
from clarion.kernel.keys import Keys
from clarion.organisers.actions import make_sign_in_link
from clarion.organisers.models import Organiser
from clarion.signatures.models import Wave
from tests.make import HOUR, make_campaign, make_event, make_organiser, make_signature, make_wave

# Playwright's own loop runs in this thread, and Django takes that for a view of its own.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = (
    "/", "/you/", "/new/", "/c/{c}/", "/c/{c}/moderation/", "/c/{c}/events/", "/c/{c}/events/new/", "/c/{c}/call/",
    "/c/{c}/call/text/fr/", "/c/{c}/call/versions/1/", "/c/{c}/call/venues/", "/c/{c}/call/give/",
    "/c/{c}/call/updates/new/", "/c/{c}/call/settings/", "/c/{c}/switches/", "/c/{c}/signatures/", "/c/{c}/team/",
    "/c/{c}/log/", "/c/{c}/waves/",
)  # fmt: skip
VIRTUAL = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="session", autouse=True)
def _addresses_for_the_test_server() -> None:
    """What Django's test server asks for as it starts, though nothing is served below them."""
    django_settings.STATIC_URL, django_settings.MEDIA_URL = "/no-static/", "/no-media/"


@pytest.fixture
def office(live_server: LiveServer, settings: Any) -> str:
    """Address of the office."""
    address = f"http://localhost:{urlsplit(live_server.url).port}"
    settings.ENV = replace(django_settings.ENV, office_url=address)
    settings.ALLOWED_HOSTS = ["localhost"]
    return address


@pytest.fixture
def campaign(keys: Keys) -> Campaign:
    """A campaign with something of everything."""
    made = make_campaign(languages=("en", "fr"))
    for age in (3, 2, 1):
        at = utc_now() - age * HOUR
        title = f"Gathering {age}"
        make_event(made, keys, state="waiting", title=title, confirmed_at=at, flags=["copy-nearby"])
    kept = make_event(made, keys)
    change = {"fields": {"title": "Jugs on the steps"}, "proposed_at": utc_now(), "starts_at": kept.starts_at}
    Revision.objects.create(public_id=new_id(), event=kept, **change)
    make_signature(made, keys, state="confirmed")
    make_wave(made, keys)
    return made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with a device that keeps passkeys."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


def page_with_device(context: BrowserContext) -> Page:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})
    return page


def newcomer() -> Organiser:
    organiser = make_organiser()
    organiser.set_unusable_password()
    organiser.save()
    return organiser


def enrol(page: Page, office: str) -> None:
    """Come in by a link and make a passkey."""
    page.goto(f"{office}/sign-in/{make_sign_in_link(newcomer(), utc_now(), by=HOST)}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Make a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url(f"{office}/you/")


def wait_for_item(page: Page, title: str) -> None:
    """Until an item of the queue is shown and hears keys: its heading is there before its script."""
    page.get_by_role("heading", name=title).wait_for()
    page.wait_for_load_state()


def let_ten_minutes_pass(context: BrowserContext) -> None:
    """Make the session's sign-in so old."""
    key = next(one["value"] for one in context.cookies() if one["name"] == django_settings.SESSION_COOKIE_NAME)
    session = import_module(django_settings.SESSION_ENGINE).SessionStore(key)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**one, "at": one["at"] - 601} for one in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()


def test_a_passkey_is_made_signs_in_and_opens_an_export(
    office: str, campaign: Campaign, context: BrowserContext
) -> None:
    page = page_with_device(context)
    enrol(page, office)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{office}/sign-in/")

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{office}/c/{campaign.slug}/")
    page.goto(f"{office}/c/{campaign.slug}/export/")
    page.get_by_role("button", name="Export signatures").wait_for()  # who signed in a moment ago is not asked again
    let_ten_minutes_pass(context)
    page.goto(f"{office}/c/{campaign.slug}/export/")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(f"{office}/c/{campaign.slug}/export/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export signatures").click()

    assert "Amina Otieno" in download.value.path().read_text(encoding="utf-8-sig")


def test_the_queue_is_decided_by_keyboard_alone(office: str, campaign: Campaign, context: BrowserContext) -> None:
    page = page_with_device(context)
    enrol(page, office)
    page.goto(f"{office}/c/{campaign.slug}/moderation/")

    for key, comes in (("j", "Gathering 3"), ("j", "Gathering 2"), ("k", "Gathering 3"), ("1", "Gathering 2")):
        page.keyboard.press(key)
        wait_for_item(page, comes)
    page.keyboard.press("r")
    page.locator("#reason-r").select_option("duplicate")
    page.get_by_role("button", name="Refuse").click()
    wait_for_item(page, "Gathering 1")

    states = dict(Event.objects.filter(title__startswith="Gathering").values_list("title", "state"))
    assert states == {"Gathering 3": "kept", "Gathering 2": "refused", "Gathering 1": "waiting"}


@pytest.mark.parametrize(("width", "scheme", "step"), [(320, "light", 1), (1280, "dark", 3)])
def test_every_page_fits_and_axe_finds_nothing(
    office: str, campaign: Campaign, context: BrowserContext, width: int, scheme: str, step: int
) -> None:
    page = page_with_device(context)
    enrol(page, office)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    item, changed = (
        f"/c/{campaign.slug}/moderation/{Event.objects.filter(state=state)[0].public_id}/"
        for state in ("waiting", "kept")
    )
    wave = f"/c/{campaign.slug}/waves/{Wave.objects.get().public_id}/"
    for path in (item, *PAGES, changed, wave)[::step]:
        page.goto(office + path.format(c=campaign.slug))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        found = [(one["id"], one["nodes"][0]["target"]) for one in Axe().run(page).response["violations"]]
        assert found == [], path


def test_an_office_that_cannot_be_asked_for_a_moment_is_asked_again(
    office: str, campaign: Campaign, context: BrowserContext
) -> None:
    page = page_with_device(context)
    enrol(page, office)
    page.route("**/switches/state/", lambda route: route.abort())
    page.goto(f"{office}/c/{campaign.slug}/switches/")
    page.get_by_role("button", name="Pause").click()

    page.get_by_text("The office cannot be asked just now").wait_for()
    page.unroute("**/switches/state/")

    page.get_by_text("Being taken: a few seconds.").or_(page.get_by_text("The worker has not taken this")).wait_for()


def test_the_office_works_without_scripts_but_for_passkeys(office: str, campaign: Campaign, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{office}/sign-in/{make_sign_in_link(newcomer(), utc_now(), by=HOST)}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Use a password").click()

    expect(page.locator("svg.qr")).to_be_visible()
    expect(page.get_by_label("The six digits")).to_be_visible()
    context.close()
