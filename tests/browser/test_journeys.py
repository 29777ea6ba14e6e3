"""What people come for, from the first page to the last mail, in Chromium on the real running program."""

import json
import re
import urllib.request

from playwright.sync_api import BrowserContext, Page, expect

from tests.program import Program, links_of, open_often, text_of, wait_until

CALL = "/clean-water"


def _sign(page: Page, program: Program, language: str, email: str, *, country: str = "KE", name: str = "Amina") -> None:
    page.goto(f"{program.public_url}{CALL}/{language}/")
    page.locator("#sign [name=name]").fill(name)
    page.locator("#sign [name=email]").fill(email)
    page.locator("#sign [name=country]").select_option(country)
    page.locator("#sign button[type=submit]").click()


def test_sign_in_arabic_on_a_small_phone_then_withdraw(phone: BrowserContext, program: Program) -> None:
    before = program.counts()["total"]
    page = phone.new_page()
    _sign(page, program, "ar", "amina@example.org", name="أمينة")
    expect(page).to_have_url(re.compile(r"/ar/check-your-mail/$"))
    expect(page.locator("html")).to_have_attribute("dir", "rtl")

    mail = program.wait_for_mail("amina@example.org")
    assert "أمينة" not in text_of(mail)
    page.goto(links_of(mail, "confirm")[0])
    page.locator("button[value=yes]").click()
    expect(page).to_have_url(re.compile(r"/ar/thanks/$"))
    wait_until(lambda: program.counts()["total"] == before + 1, "the count to move")

    page.goto(links_of(mail, "withdraw")[0])
    page.locator("[name=email]").fill("Amina@Example.org")
    page.locator("form button").click()
    expect(page).to_have_url(re.compile(r"/ar/received/$"))
    wait_until(lambda: program.counts()["total"] == before, "the count to follow the withdrawal")
    program.wait_for_mail("amina@example.org", count=2)


def test_no_page_is_wider_than_a_small_phone(phone: BrowserContext, program: Program) -> None:
    page = phone.new_page()
    places = ("", "events/", "countries/", "countries/ke/", "host/", "give/", "updates/", "counts/", "my-data/")
    for language in ("en", "ar"):
        for place in places:
            page.goto(f"{program.public_url}{CALL}/{language}/{place}")
            width = page.locator("html").evaluate("element => element.scrollWidth")
            assert width <= 320, (language, place, width)


def test_a_scanner_that_opens_every_link_changes_nothing(phone: BrowserContext, program: Program) -> None:
    before = program.counts()["total"]
    page = phone.new_page()
    _sign(page, program, "en", "scanned@example.org")
    mail = program.wait_for_mail("scanned@example.org")
    open_often(mail, program.public_url)
    assert program.counts()["total"] == before
    page.goto(links_of(mail, "confirm")[0])
    page.locator("button[value=yes]").click()
    wait_until(lambda: program.counts()["total"] == before + 1, "the count to move after the button")


def test_not_me_wins_over_an_earlier_confirmation(phone: BrowserContext, program: Program) -> None:
    before = program.counts()["total"]
    page = phone.new_page()
    _sign(page, program, "fr", "not-me@example.org")
    link = links_of(program.wait_for_mail("not-me@example.org"), "confirm")[0]
    page.goto(link)
    page.locator("button[value=yes]").click()
    wait_until(lambda: program.counts()["total"] == before + 1, "the count to move")
    page.goto(link)
    page.locator("a[href='?not-me']").click()
    page.locator("button[value=not-me]").click()
    expect(page).to_have_url(re.compile(r"/fr/not-me/$"))
    wait_until(lambda: program.counts()["total"] == before, "the denied signature to leave the count")


def test_a_refused_form_names_the_field_and_back_keeps_the_entries(phone: BrowserContext, program: Program) -> None:
    page = phone.new_page()
    page.goto(f"{program.public_url}{CALL}/de/")
    page.locator("#sign").evaluate("form => { form.noValidate = true }")
    page.locator("#sign [name=name]").fill("Jana")
    page.locator("#sign [name=email]").fill("jana@nowhere")
    page.locator("#sign [name=country]").select_option("DE")
    page.locator("#sign button[type=submit]").click()
    expect(page).to_have_url(re.compile(r"/de/refused/sign/email-shape/$"))
    page.go_back()
    expect(page.locator("#sign [name=name]")).to_have_value("Jana")


def test_going_back_from_a_refused_proposal_keeps_every_field(phone: BrowserContext, program: Program) -> None:
    typed = {
        "city": "Nairobi", "address": "Uhuru Park, north gate", "date": "2099-12-10", "time": "18:00", "end": "20:00",
        "title": "Cups at the gate", "bring": "A cup", "accessibility": "No steps", "public_contact": "+254 700 000000",
        "name": "Amina", "email": "amina@nowhere",
    }  # fmt: skip
    page = phone.new_page()
    page.goto(f"{program.public_url}{CALL}/en/host/")
    page.locator("#host").evaluate("form => { form.noValidate = true }")
    for name, value in typed.items():
        page.locator(f"#host [name={name}]").fill(value)
    page.locator("#host [name=country]").select_option("KE")
    page.locator("#host [name=kind]").select_option("vigil")
    page.locator("#host [name=adult]").check()
    page.locator("#host button[type=submit]").click()
    expect(page).to_have_url(re.compile(r"/en/refused/host/email-shape/$"))
    page.go_back()
    for name, value in (typed | {"country": "KE", "kind": "vigil"}).items():
        expect(page.locator(f"#host [name={name}]")).to_have_value(value)
    expect(page.locator("#host [name=adult]")).to_be_checked()


def test_the_word_under_the_count_follows_what_the_script_reads(page: Page, program: Program) -> None:
    told = {"total": 0}
    page.route("**/counts.json", lambda route: route.fulfill(json=told))
    page.clock.install()
    page.goto(f"{program.public_url}{CALL}/en/")
    for total, said in (
        (1, "1 confirmed signature ·"),
        (2, "2 confirmed signatures ·"),
        (0, "0 confirmed signatures ·"),
    ):
        told["total"] = total
        page.clock.fast_forward("00:20")
        expect(page.locator(".count")).to_contain_text(said)


def test_the_page_asks_nobody_but_its_own_host(page: Page, program: Program) -> None:
    asked: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    for place in ("", "events/", "countries/", "host/", "counts/", "give/"):
        page.goto(f"{program.public_url}{CALL}/en/{place}")
        page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(program.public_url)] == []
    assert troubles == []
    assert page.context.cookies() == []


def test_the_typed_address_is_shown_once_and_in_this_tab_only(page: Page, program: Program) -> None:
    _sign(page, program, "en", "typed@gmail.com")
    expect(page.get_by_text("typed@gmail.com")).to_be_visible()
    page.reload()
    expect(page.get_by_text("typed@gmail.com")).to_have_count(0)


def test_the_first_view_is_light(page: Page, program: Program) -> None:
    """At most 40 KB compressed in all requests, without map and picture."""
    sizes: dict[str, int] = {}

    def note(url: str) -> None:
        request = urllib.request.Request(url, headers={"Accept-Encoding": "br"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            sizes[url] = len(answer.read())

    page.on("request", lambda request: note(request.url) if request.resource_type != "image" else None)
    page.goto(f"{program.public_url}{CALL}/en/")
    page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) <= 40_000, json.dumps(sizes, indent=1)
