"""QR codes on posters: what is drawn is the code, also where many are drawn at once."""

import re

import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.pages.qr_codes import qr_code, qr_code_of_many

IDS = st.text("0123456789abcdef", min_size=32, max_size=32)


def modules(svg: str) -> list[list[int]]:
    """The modules that a drawing darkens, without its border."""
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    drawn = [[0] * size for _ in range(size)]
    for line in re.findall(r"M0 (\d+)\.5([^M\"]*)", svg):
        at = 0
        for gap, length in re.findall(r"m(\d+) 0h(\d+)", line[1]):
            at += int(gap)
            drawn[int(line[0])][at : at + int(length)] = [1] * int(length)
            at += int(length)
    return [row[2:-2] for row in drawn[2:-2]]


def test_every_dark_module_is_drawn_and_no_other() -> None:
    url = "https://call.example.org/clean-water/en/events/0002eba24d7edf60e7924ccc238dab8e/"

    code = segno.make(url, micro=False, error="m", boost_error=False, mask=2)

    assert modules(qr_code(url)) == [list(row) for row in code.matrix]


@given(IDS, st.sampled_from(["en", "ar", "zh-Hant"]), st.sampled_from(["", "?from=poster"]))
@settings(max_examples=40)
def test_one_of_many_is_drawn_as_if_it_were_the_only_one(event: str, language: str, end: str) -> None:
    url = f"https://call.example.org/clean-water/{language}/events/{event}/{end}"

    assert qr_code_of_many(url) == qr_code(url)


def test_an_address_without_an_id_has_a_code_too() -> None:
    assert qr_code_of_many("https://call.example.org/") == qr_code("https://call.example.org/")
