"""Take `docs/screenshot.png`: the public page beside the office, on the real program with the sample call.

Run it from the project's folder: `uv run python -m scripts.take_screenshot`.
"""

import base64
import shutil
import tempfile
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.test_event_road import PASSWORD, six_digits
from tests.program import Program, links_of, wait_until

TARGET = Path(__file__).resolve().parents[1] / "docs" / "screenshot.png"
COUNTRIES = ("KE", "FR", "BR", "IN", "EG", "DE", "MX", "ID", "ZA", "PT", "JP", "NG")
SIGNERS = 400


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Answers are taken as they come."""


def _post(program: Program, address: str, fields: dict[str, str]) -> None:
    request = Request(f"http://127.0.0.1:{program.public_port}{address}", urlencode(fields).encode())
    request.add_header("Host", urlsplit(program.public_url).netloc)
    try:
        build_opener(_Stay).open(request, timeout=10)
    except HTTPError as answer:
        if answer.code != 303:
            raise


def _gather(program: Program) -> None:
    """Sign and confirm, as people in many countries do."""
    for n in range(SIGNERS):
        country = COUNTRIES[(n * n + n // 3) % len(COUNTRIES)]
        _post(program, "/clean-water/en/sign", {"name": "A", "email": f"p{n}@example.org", "country": country})
    wait_until(lambda: len(list(program.mail_folder.glob("*.eml"))) >= SIGNERS, "the mails", seconds=120)
    for mail in program.mails():
        _post(program, urlsplit(links_of(mail, "confirm")[0]).path, {"answer": "yes"})
    wait_until(lambda: program.counts()["total"] >= SIGNERS, "the count", seconds=60)


def _office(browser: Browser, program: Program) -> Page:
    page = browser.new_context(viewport={"width": 1000, "height": 1040}).new_page()
    page.goto(program.run("office-link", "office@example.org").stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Use a password").click()
    page.get_by_label("A password of 15 characters or more").fill(PASSWORD)
    page.get_by_label("The six digits").fill(six_digits(page.locator("code").text_content() or ""))
    page.get_by_role("button", name="Set up").click()
    page.goto(f"{program.office_url}/c/clean-water/")
    page.wait_for_timeout(500)
    return page


def _beside(browser: Browser, left: bytes, right: bytes) -> bytes:
    sources = [f"data:image/png;base64,{base64.b64encode(shot).decode()}" for shot in (left, right)]
    page = browser.new_context(viewport={"width": 1440, "height": 780}).new_page()
    frame = (
        "width:690px;height:720px;object-fit:cover;object-position:top;border-radius:10px;box-shadow:0 6px 30px #0003"
    )
    images = "".join(f'<img src="{source}" style="{frame}">' for source in sources)
    page.set_content(
        f'<body style="margin:0;padding:30px 20px;background:#e6eaec;display:flex;gap:20px">{images}</body>'
    )
    return page.screenshot()


def main() -> None:
    """Take it."""
    folder = Path(tempfile.mkdtemp(prefix="clarion-screenshot-"))
    program = Program(folder, extra={"CLARION_TRUSTED_PROXIES": "", "CLARION_NETWORK_LIMITS": "127.0.0.0/8=9999/999"})
    program.launch()
    program.start()
    try:
        _gather(program)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            public = browser.new_context(viewport={"width": 1000, "height": 1040}).new_page()
            public.goto(f"{program.public_url}/clean-water/en/")
            public.wait_for_timeout(500)
            shots = public.screenshot(), _office(browser, program).screenshot()
            TARGET.write_bytes(_beside(browser, *shots))
    finally:
        program.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
