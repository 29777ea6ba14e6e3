"""The sign form under other addresses: https behind a proxy, plain http under a host name, and from a foreign page."""

import asyncio
import re
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clarion.kernel.clock import DAY, utc_now
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.program import Program, free_port, links_of, wait_until

pytestmark = pytest.mark.browser

SECURE, PLAIN = "call.clarion.test", "clarion.test"
SLUG = "night-train"
CAMPAIGN = f"""slug = "{SLUG}"
default_language = "en"

[organiser]
name = "Night Train Friends"
email = "office@example.org"
url = "https://example.org"
"""
STATEMENT = "---\ntitle: Keep the night train\n---\nIt leaves at nine and arrives before work begins.\n"


class TlsProxy:
    """Ends TLS on a port of the loopback and hands every byte on to another one, as the host's proxy does."""

    def __init__(self, certificate: Path, target: int) -> None:
        self._target = target
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))
        self._ready = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._visits: set[asyncio.Task[None] | None] = set()

    def __enter__(self) -> "TlsProxy":
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    async def _live(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._visits))

    async def _serve(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        far, to_far = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {to_near, to_far}
        self._visits.add(asyncio.current_task())
        await asyncio.gather(_pass_on(near, to_far), _pass_on(far, to_near))


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(65_536):
            target.write(chunk)
            await target.drain()
    target.close()


def self_signed(host: str, path: Path) -> Path:
    """A certificate for one host with its key, signed by itself and good for a day."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = utc_now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + DAY)
    certificate = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.sign(key, hashes.SHA256()).public_bytes(pem))
    return path


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with the smallest call in it."""
    made = Path(tempfile.mkdtemp(prefix="clarion-hosts-"))
    call = made / "call"
    call.mkdir()
    (call / "campaign.toml").write_text(CAMPAIGN)
    (call / "statement.en.md").write_text(STATEMENT)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """An old phone that finds the test's host names on this machine, and runs no scripts."""
    rules = f"--host-resolver-rules=MAP {SECURE} 127.0.0.1, MAP {PLAIN} 127.0.0.1"
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, rules])
    yield chromium.new_context(ignore_https_errors=True, java_script_enabled=False)
    chromium.close()


def serve(program: Program, call: Path) -> Iterator[Program]:
    """The smallest call, launched and served until the test has ended."""
    program.folder.mkdir()
    program.launch(call)
    yield program.start()
    program.stop()


@pytest.fixture(scope="module")
def https_site(folder: Path) -> Iterator[Program]:
    """Served behind a proxy that ends TLS, and that it trusts."""
    port = free_port()
    with TlsProxy(self_signed(SECURE, folder / "tls.pem"), port) as proxy:
        settings = {"CLARION_PUBLIC_URL": f"https://{SECURE}:{proxy.port}", "CLARION_TRUSTED_PROXIES": "127.0.0.1"}
        yield from serve(Program(folder / "https", public_port=port, extra=settings), folder / "call")


@pytest.fixture(scope="module")
def http_site(folder: Path) -> Iterator[Program]:
    """Served as it is, under a host name."""
    yield from serve(Program(folder / "http", host=PLAIN), folder / "call")


@pytest.fixture(params=["https", "http"])
def site(request: pytest.FixtureRequest) -> Program:
    """Both ways of serving, one after the other."""
    served: Program = request.getfixturevalue(f"{request.param}_site")
    return served


def address_of(site: Program) -> str:
    """The public address, as people are told it."""
    return site.environment["CLARION_PUBLIC_URL"]


def fill_in(page: Page, email: str) -> None:
    """Fill in a sign form, and send it."""
    page.locator("[name=name]").fill("Ada Lovelace")
    page.locator("[name=email]").fill(email)
    page.locator("[name=country]").select_option("GB")
    page.locator("form button").click()


def counted(site: Program) -> int:
    """The published total."""
    text = (site.data / "site" / SLUG / "counts.json").read_text()
    return int(re.findall(r'"total": ?(\d+)', text)[0])


def test_signing_and_confirming_work_without_javascript(site: Program, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto(f"{address_of(site)}/{SLUG}/en/")
    fill_in(page, "ada@example.org")
    expect(page).to_have_url(f"{address_of(site)}/{SLUG}/en/check-your-mail/")

    page.goto(links_of(site.wait_for_mail("ada@example.org"), "confirm")[0])
    page.get_by_role("button", name="Confirm my signature").click()
    expect(page).to_have_url(f"{address_of(site)}/{SLUG}/en/thanks/")
    wait_until(lambda: counted(site) == 1, "the signature to count")


def test_a_form_on_another_site_is_refused_with_a_page(site: Program, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    copied = f"""<!doctype html><form method="post" action="{address_of(site)}/{SLUG}/en/sign">
      <input name="name"><input name="email"><select name="country"><option>GB</select><button>Sign</button></form>"""
    page.route("http://elsewhere.test/", lambda route: route.fulfill(body=copied, content_type="text/html"))
    page.goto("http://elsewhere.test/")
    with page.expect_response(re.compile(r"/en/sign$")) as answer:
        fill_in(page, "grace@example.org")

    assert answer.value.status == 403
    expect(page.get_by_role("heading", name="This came from another site")).to_be_visible()
    expect(page.get_by_role("link").first).to_be_visible()
