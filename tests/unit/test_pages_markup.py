"""What people wrote, as pages show it: its beginning, its size, its lines."""

import pytest
from markupsafe import Markup

from clarion.pages.markup import beginning, one_line, sized, unbroken


@pytest.mark.parametrize(
    ("title", "size"),
    [
        ("Clean water in every school by 2030", ""),
        ("Clean water in every school by 2030, and in every clinic", ' class="long"'),
        ("Clean water in every school, in every clinic and in every village of the valley by 2030", ' class="longer"'),
        ("水" * 24, ""),
        ("水" * 25, ' class="long"'),
    ],
)
def test_a_long_headline_is_set_smaller(title: str, size: str) -> None:
    """A Chinese character is as wide as two letters."""
    assert sized(title) == size


def test_a_text_begins_with_plain_words_and_ends_between_them() -> None:
    assert beginning("A *cup* & a [jug](https://example.org).") == "A cup & a jug."
    start = beginning("Water for all. " * 30)
    assert len(start) < 210
    assert start.endswith((" for…", " all.…", "Water…"))


def test_words_spread_over_lines_become_one_and_stay_escaped() -> None:
    assert one_line(Markup("\n1 event.\n  Two &amp; more.\n")) == "1 event. Two &amp; more."
    assert isinstance(one_line(Markup("a\nb")), Markup)


def test_no_line_ends_in_the_middle_of_e_mail() -> None:
    assert unbroken("Ihre E-Mail-Adresse") == "Ihre E-\u2060Mail-Adresse"
    assert unbroken("a wire-mail") == "a wire-mail"
    assert isinstance(unbroken(Markup("an e-mail")), Markup)
