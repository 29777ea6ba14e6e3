"""GET and HEAD of the public process: published files, languages, headers, hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clarion.kernel.files import error_page
from tests.door import HOME, HOST, Door


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Intake with one published page."""
    opened = Door(tmp_path)
    opened.publish("clean-water/en/index.html", "<h1>Clean water</h1>")
    opened.publish("clean-water/index.html", "list of languages")
    opened.publish("index.html", "campaigns")
    yield opened
    opened.close()


def test_a_published_page_is_served_with_every_security_header(door: Door) -> None:
    reply = door.get(f"{HOME}/")

    assert (reply.status, reply.body) == (200, b"<h1>Clean water</h1>")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=5"
    assert reply.headers["referrer-policy"] == "same-origin"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert "permissions-policy" in reply.headers
    assert "strict-transport-security" not in reply.headers
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_over_https_the_browser_is_told_to_stay_there(tmp_path: Path) -> None:
    door = Door(tmp_path, CLARION_PUBLIC_URL=f"https://{HOST}")

    assert "strict-transport-security" in door.get("/").headers
    door.close()


def test_the_desk_of_the_demo_may_frame_the_pages_and_nobody_else(tmp_path: Path) -> None:
    door = Door(tmp_path, CLARION_FRAME_ANCESTOR="http://127.0.0.1:4242")

    assert "frame-ancestors http://127.0.0.1:4242" in door.get("/").headers["content-security-policy"]
    door.close()


def test_head_gives_the_headers_of_get_without_the_page(door: Door) -> None:
    whole, head = door.get(f"{HOME}/"), door.get(f"{HOME}/", method="HEAD")

    assert (head.status, head.headers, head.body) == (200, whole.headers, b"")


def test_the_smallest_encoding_that_the_browser_takes_is_sent(door: Door) -> None:
    door.publish("clean-water/en/index.html.br", b"brotli")
    door.publish("clean-water/en/index.html.gz", b"gzip")

    replies = [door.get(f"{HOME}/", accept_encoding=header) for header in ("gzip, deflate, br", "gzip", "br;q=0")]

    assert [reply.body for reply in replies] == [b"brotli", b"gzip", b"<h1>Clean water</h1>"]
    assert [reply.headers.get("content-encoding") for reply in replies] == ["br", "gzip", None]
    assert all(reply.headers["vary"] == "accept-encoding" for reply in replies)
    assert len({reply.headers["etag"] for reply in replies}) == 3


def test_a_page_that_the_browser_holds_is_not_sent_again(door: Door) -> None:
    etag = door.get(f"{HOME}/").headers["etag"]

    same, other = door.get(f"{HOME}/", if_none_match=f'W/"x", {etag}'), door.get(f"{HOME}/", if_none_match='"old"')

    assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag)
    assert other.status == 200


def test_a_page_published_anew_is_served_within_a_second(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert door.get(f"{HOME}/").body == b"<h1>Clean water</h1>"
    door.publish("clean-water/en/index.html", "<h1>Paused</h1>")
    monkeypatch.setattr("clarion.intake.files._LOOK_AGAIN", 0)

    assert door.get(f"{HOME}/").body == b"<h1>Paused</h1>"
    (door.data.site / "clean-water/en/index.html").unlink()
    assert door.get(f"{HOME}/").status == 404


def test_assets_named_by_their_content_are_kept_for_ever(door: Door) -> None:
    door.publish("-/site.0123abcdef.css", "body{}")

    reply = door.get("/-/site.0123abcdef.css")

    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("clean-water/counts.json", "application/json"),
        ("clean-water/events.geojson", "application/geo+json"),
        ("clean-water/events.ics", "text/calendar; charset=utf-8"),
        ("clean-water/en/feed.atom", "application/atom+xml"),
        ("clean-water/en/versions/1/statement.md", "text/markdown; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        (".well-known/security.txt", "text/plain; charset=utf-8"),
    ],
)
def test_data_is_served_as_what_it_is(door: Door, name: str, kind: str) -> None:
    door.publish(name, "data")

    assert door.get(f"/{name}").headers["content-type"] == kind


@pytest.mark.parametrize("path", ["/../keys/inbox-1.key", "/.hidden", "//example.org", "/clean-water/en/none/"])
def test_what_is_not_published_is_not_there(door: Door, path: str) -> None:
    assert door.get(path).status == 404


def test_not_found_has_a_page_in_the_language_of_the_address(door: Door) -> None:
    door.publish(error_page(404), "nothing here")
    door.publish(error_page(404, "clean-water", "ar"), "لا شيء هنا")

    assert door.get("/clean-water/ar/none/").body.decode() == "لا شيء هنا"
    assert door.get("/elsewhere/ar/none/").body == b"nothing here"
    assert door.get("/elsewhere/").headers["content-type"] == "text/html; charset=utf-8"
    assert door.get("/elsewhere/").headers["cache-control"] == "no-store"


def test_a_folder_without_its_slash_leads_to_it(door: Door) -> None:
    reply = door.get("/clean-water/en?from=poster")

    assert (reply.status, reply.location) == (301, f"{HOME}/?from=poster")


@pytest.mark.parametrize("path", ["/clean-water", "/clean-water/"])
def test_a_campaign_without_a_language_leads_to_the_visitors_own(door: Door, path: str) -> None:
    reply = door.get(path, accept_language="ar-EG,en;q=0.5")

    assert (reply.status, reply.location) == (302, "/clean-water/ar/")
    assert reply.headers["vary"] == "accept-language"
    assert reply.headers["cache-control"] == "no-store"
    assert door.get(path).location == f"{HOME}/"


def test_the_address_of_the_sign_form_leads_to_the_form_on_the_page(door: Door) -> None:
    assert (door.get(f"{HOME}/sign").status, door.get(f"{HOME}/sign").location) == (303, f"{HOME}/#sign")


@pytest.mark.parametrize("host", ["evil.example", "call.test.evil.example", "127.0.0.1", "", "call.test:8001"])
def test_it_answers_only_to_its_own_host(door: Door, host: str) -> None:
    assert door.get(f"{HOME}/", host=host).status == 421


def test_its_host_may_be_written_in_capitals_and_with_the_port_it_has_anyway(door: Door) -> None:
    assert door.get(f"{HOME}/", host="CALL.test:80").status == 200


def test_health_is_told_under_any_host(door: Door) -> None:
    reply = door.get("/healthz", host="127.0.0.1:8000")

    assert (reply.status, reply.body) == (200, b'{"ok":true}')


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused_by_name(door: Door, method: str) -> None:
    reply = door.get(f"{HOME}/", method=method)

    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_file_too_large_for_memory_is_served_all_the_same(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clarion.intake.files._LARGEST_KEPT", 10)
    door.publish("clean-water/events.geojson", "x" * 11)

    assert [len(door.get("/clean-water/events.geojson").body) for _ in range(2)] == [11, 11]


def test_memory_for_files_is_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clarion.intake.files._KEPT_BYTES", 100)
    for number in range(9):
        door.publish(f"clean-water/en/page{number}/index.html", "x" * 30)
        assert door.get(f"{HOME}/page{number}/").status == 200

    assert len(door.intake._site.files._kept) == 3


def test_a_folder_in_place_of_a_file_is_not_served(door: Door) -> None:
    (door.data.site / "odd.html").mkdir()

    assert door.get("/odd.html").status == 404


def test_a_page_that_may_not_be_read_is_not_there(door: Door) -> None:
    (door.data.site / "gone.html").symlink_to("/nowhere")

    assert door.get("/gone.html").status == 404
