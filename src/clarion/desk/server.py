"""The desk's own server: on loopback, under one name, below a random word, for nobody who comes through a proxy."""

import json
import secrets
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from string import Template
from typing import NamedTuple

from clarion.desk.published import country_spots
from clarion.desk.show import Show
from clarion.kernel.languages import native_name

WORD_BYTES = 12
_ASSETS = {"desk.css": "text/css", "desk.js": "text/javascript", "icon.svg": "image/svg+xml"}
_FORWARDED = ("forwarded", "via", "x-real-ip")
# A mail brings its own styles, and nothing else: no script, no picture from elsewhere, no form.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class Reply(NamedTuple):
    """One answer of the desk."""

    status: int
    kind: str
    body: bytes
    policy: str = ""


def _plain(status: int, text: str) -> Reply:
    return Reply(status, "text/plain", f"{text}\n".encode())


def _json(value: object) -> Reply:
    return Reply(200, "application/json", json.dumps(value, ensure_ascii=False).encode())


class Routes:
    """What lies below the random word."""

    def __init__(self, show: Show, office_url: str) -> None:
        self._show = show
        self._page = _render_page(show, office_url)
        self._spots = country_spots()
        self.policy = _page_policy(show.site.origin, office_url)

    def get(self, path: str) -> Reply:
        """The answer to a GET of `path`."""
        if path == "":
            return Reply(200, "text/html", self._page)
        if path in _ASSETS:
            return Reply(200, _ASSETS[path], (files("clarion.desk") / "assets" / path).read_bytes())
        if path.startswith("mails/"):
            return self._mail(path.removeprefix("mails/"))
        found: dict[str, Callable[[], Reply]] = {
            "state.json": lambda: _json(self._show.state()),
            "spots.json": lambda: _json(self._spots),
            "map.svg": lambda: Reply(200, "image/svg+xml", self._show.site.map()),
        }
        return found[path]() if path in found else _plain(404, "Nothing here.")

    def _mail(self, id: str) -> Reply:
        html = self._show.mailbox.html(id)
        return _plain(404, "No such mail.") if html is None else Reply(200, "text/html", html.encode(), _MAIL_POLICY)

    def post(self, path: str) -> Reply:
        """The answer to a POST to `path`."""
        if path == "crowd":
            is_started = self._show.crowd.start(self._show.crowd_size)
            return _plain(202 if is_started else 409, "On their way." if is_started else "They are still under way.")
        if path == "office":
            return _json({"address": self._show.office.sign_in_address()})
        return _plain(404, "Nothing here.")


def _render_page(show: Show, office_url: str) -> bytes:
    options = "".join(
        f'<option value="{tag}" lang="{tag}">{escape(native_name(tag))}</option>' for tag in show.languages
    )
    template = Template((files("clarion.desk") / "assets" / "desk.html").read_text(encoding="utf-8"))
    return template.substitute(
        public=show.site.origin, office=office_url, slug=show.site.slug, language=show.site.language,
        languages=options, size_said=f"{show.crowd_size:,}",
    ).encode()  # fmt: skip


def _page_policy(public: str, office: str) -> str:
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"frame-src 'self' {public} {office}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class DeskServer(ThreadingHTTPServer):
    """Listens on loopback. The address to print is `address`."""

    daemon_threads = True
    routes: Routes

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.word = secrets.token_urlsafe(WORD_BYTES)
        self.host = f"localhost:{self.server_address[1]}"

    @property
    def origin(self) -> str:
        """Scheme and host: who may frame the site and the office."""
        return f"http://{self.host}"

    @property
    def address(self) -> str:
        """The one address of the desk."""
        return f"{self.origin}/{self.word}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is nobody's concern."""


class _Handler(BaseHTTPRequestHandler):
    server: DeskServer
    protocol_version = "HTTP/1.1"
    server_version = "desk"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        self._answer(self._guarded(self.server.routes.get))

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.rfile.read(min(int(self.headers.get("content-length") or 0), 1 << 16))
        is_own = self.headers.get("origin") == self.server.origin
        self._answer(self._guarded(self.server.routes.post) if is_own else _plain(403, "Not from this page."))

    def _guarded(self, route: Callable[[str], Reply]) -> Reply:
        """The route's answer to those who may ask: right host, no proxy between, the word known."""
        if [host.lower() for host in self.headers.get_all("host", [])] != [self.server.host]:
            return _plain(421, "This address does not lead here.")
        if any(name.lower() in _FORWARDED or name.lower().startswith("x-forwarded") for name in self.headers):
            return _plain(403, "The desk answers on this machine only.")
        word, slash, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
        if not slash or not secrets.compare_digest(word.encode(), self.server.word.encode()):
            return _plain(404, "Nothing here.")
        return route(rest)

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in self._headers(reply).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _headers(self, reply: Reply) -> dict[str, str]:
        return {
            "Content-Type": f"{reply.kind}; charset=utf-8",
            "Content-Length": str(len(reply.body)),
            "Content-Security-Policy": reply.policy or self.server.routes.policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    def log_message(self, format: str, *args: object) -> None:
        """The desk keeps no log of requests: its word would be in it."""
