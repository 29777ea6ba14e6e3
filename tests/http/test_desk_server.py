"""The desk's server: whom it answers, and what a page of it may do."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from clarion.desk.crowd import Crowd, Place
from clarion.desk.mailbox import Mailbox
from clarion.desk.published import PublishedSite
from clarion.desk.server import DeskServer, Routes
from clarion.desk.show import Show
from clarion.desk.stage import free_port


class Office:
    """A coordinator without an office."""

    def sign_in_address(self) -> str:
        return "http://localhost:1/sign-in/abc"

    def code(self, at: float) -> tuple[str, int]:
        return "123456", 30


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskServer]:
    """A desk whose public site does not answer."""
    site = PublishedSite("http://localhost:1", "clean-water", "en")
    crowd = Crowd(Place(site.origin, site.slug, ("en",), lambda: 0))
    with DeskServer() as server:
        server.routes = Routes(Show(("en", "ar"), site, Mailbox(tmp_path), crowd, Office()), "http://localhost:2")
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(desk: DeskServer, path: str = "", *, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """The answer below the random word; `host` and `x_forwarded_for` style arguments become headers."""
    connection = http.client.HTTPConnection("127.0.0.1", desk.server_address[1], timeout=60)
    sent = {"host": desk.host} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, f"/{desk.word}/{path}", headers=sent)
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_the_desk_shows_its_page_at_the_printed_address(desk: DeskServer) -> None:
    answer = ask(desk)

    assert desk.address == f"http://localhost:{desk.server_address[1]}/{desk.word}/"
    assert answer.status == 200
    assert "العربية" in answer.body.decode()  # type: ignore[attr-defined]


def test_any_other_host_is_misdirected(desk: DeskServer) -> None:
    assert ask(desk, host="127.0.0.1").status == 421
    assert ask(desk, host="rebound.example.org").status == 421
    assert ask(desk, host=f"localhost:{desk.server_address[1] + 1}").status == 421


@pytest.mark.parametrize("header", ["forwarded", "x_forwarded_for", "X_Forwarded_Host", "via"])
def test_forwarded_requests_are_refused(desk: DeskServer, header: str) -> None:
    assert ask(desk, **{header: "198.51.100.7"}).status == 403


@pytest.mark.parametrize("path", ["/", "/state.json", "/other/", "/other/state.json", "/desk.js"])
def test_nothing_lies_above_the_random_word(desk: DeskServer, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", desk.server_address[1], timeout=60)
    connection.request("GET", path, headers={"Host": desk.host})
    assert connection.getresponse().status == 404
    connection.close()


def test_another_page_cannot_press_the_buttons(desk: DeskServer) -> None:
    assert ask(desk, "office", method="POST").status == 403
    assert ask(desk, "office", method="POST", origin="http://localhost:1").status == 403
    assert ask(desk, "office", method="POST", origin="null").status == 403

    answer = ask(desk, "office", method="POST", origin=desk.origin)
    assert json.loads(answer.body) == {"address": "http://localhost:1/sign-in/abc"}  # type: ignore[attr-defined]


def test_the_page_may_load_its_own_and_frame_the_two_sites(desk: DeskServer) -> None:
    answer = ask(desk)
    policy = answer.headers["content-security-policy"]

    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-src 'self' http://localhost:1 http://localhost:2;" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "<style" not in answer.body.decode()  # type: ignore[attr-defined]


def test_a_mail_may_bring_its_styles_and_nothing_else(desk: DeskServer, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text("To: a@example.org\nContent-Type: text/html\n\n<script>x</script>", "utf-8")

    answer = ask(desk, "mails/a.eml")

    assert answer.status == 200
    assert "default-src 'none'; style-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert ask(desk, "mails/..%2fa.eml").status == 404


def test_the_state_is_told_while_the_site_is_away(desk: DeskServer) -> None:
    state = json.loads(ask(desk, "state.json").body)  # type: ignore[attr-defined]

    assert state["mails"] == {"total": 0, "latest": []}
    assert (state["counts"], state["crowd"], state["map"]) == ({}, None, "")


def test_no_two_parts_of_a_demo_are_given_one_port() -> None:
    """A port that was looked for is free until it is listened on, a moment later: nothing keeps it meanwhile."""
    ports = [free_port() for _ in range(100)]

    assert len(set(ports)) == 100
    assert max(ports) < 32_768  # where Linux begins with those of connections that go out
