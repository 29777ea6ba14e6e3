"""Pure parts of intake: reading forms, choosing languages and encodings, naming files."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.intake.choosing import choose_language
from clarion.intake.files import accepted_encodings, is_named_by_content, path_of
from clarion.intake.forms import Garbled, parse_form

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.dictionaries(text.filter(bool), text, max_size=8))
def test_what_a_browser_encodes_is_read_back(fields: dict[str, str]) -> None:
    assert parse_form(FORM, urlencode(fields).encode()) == (fields, set())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_garbled(body: bytes) -> None:
    try:
        values, _ = parse_form(FORM, body)
    except Garbled:
        return
    assert all("\0" not in value for value in values.values())


def test_of_a_repeated_field_the_first_counts_and_its_name_is_told() -> None:
    assert parse_form(FORM, b"a=1&a=1&b=") == ({"a": "1", "b": ""}, {"a"})


def test_a_percent_sign_that_escapes_nothing_stands_for_itself() -> None:
    assert parse_form(FORM, b"name=100%+%zz") == ({"name": "100% %zz"}, set())


@pytest.mark.parametrize("body", [b"name=%ff", b"name=\xff", b"name=%00", b"na%00me=x", b"&".join([b"a=b"] * 101)])
def test_what_cannot_be_read_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        parse_form(FORM, body)


@pytest.mark.parametrize("kind", ["", "multipart/form-data; boundary=x", "application/json", "text/plain"])
def test_only_urlencoded_forms_are_read(kind: str) -> None:
    with pytest.raises(Garbled):
        parse_form(kind, b"a=b")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("ar", "ar"), ("pt-BR,pt;q=0.9", "pt"), ("xx, AR;q=0.1", "ar"), ("zh-CN, fr;q=0.5", "zh-Hant"),
        ("ar;q=0, pt;q=0.2", "pt"), ("*", "en"), ("en;q=oops", "en"), ("pt;q=0.4, ar;q=0.9", "ar"),
    ],
)  # fmt: skip
def test_the_nearest_language_is_chosen(header: str, language: str) -> None:
    assert choose_language(header, ("en", "ar", "pt", "zh-Hant"), "en") == language


@pytest.mark.parametrize(
    "address",
    [
        "/../records/records.sqlite3", "/a/../../x", "//evil.example", "/.git/config", "/a/.hidden", "/a\\b", "/a%2fb",
        "/a/./b", "/.well-known/../x", "/a\0b", "/a\n", "/page.html.br", "/é", "/x/.well-known/y", "/" + "a" * 500,
    ],
)  # fmt: skip
def test_no_address_leads_out_of_the_site_or_to_a_hidden_file(address: str) -> None:
    assert path_of(address) is None


def test_addresses_name_files() -> None:
    assert path_of("/") == "index.html"
    assert path_of("/clean-water/zh-Hant/") == "clean-water/zh-Hant/index.html"
    assert path_of("/-/site.0123abcd.css") == "-/site.0123abcd.css"
    assert path_of("/.well-known/security.txt") == ".well-known/security.txt"


def test_only_files_named_by_their_content_are_kept_for_ever() -> None:
    assert is_named_by_content("-/site.0123abcd.css")
    assert not is_named_by_content("-/cities/ke.json")
    assert not is_named_by_content("clean-water/site.0123abcd.css")


@pytest.mark.parametrize(
    ("header", "encodings"),
    [("", ()), ("gzip, deflate, br", ("br", "gzip")), ("br;q=0, gzip;q=0.5", ("gzip",)), ("GZIP", ("gzip",))],
)
def test_encodings_are_ours_and_allowed(header: str, encodings: tuple[str, ...]) -> None:
    assert accepted_encodings(header) == encodings
