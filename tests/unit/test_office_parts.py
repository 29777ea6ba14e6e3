"""The office's small decisions: cells, addresses, sentences, comparisons."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from ipaddress import ip_network
from pathlib import Path

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

import clarion
from clarion.events.rules import Flag
from clarion.kernel.forms import REPORT_REASONS
from clarion.moderation.models import Decision
from clarion.moderation.rules import CHECKED, CORRECTABLE
from clarion.office import forms as office_forms
from clarion.office.accounts import client_address
from clarion.office.csv_cells import BOM, csv_pieces, safe_cell
from clarion.office.forms.events import EventForm
from clarion.office.sentences import ACTS, FIELDS, FLAGS, REPORTS, STATES, VERBS
from clarion.office.sentences import CHECKED as CHECKED_WORDS
from clarion.office.views.versions import compare

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1"])
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "safe"),
    [("Amina;=1+1", "Amina;'=1+1"), ('a";\t"@x', 'a";\t"\'@x'), ("two\n-1", "two\n'-1"), (";=1", ";'=1")],
)
def test_a_separator_within_a_cell_begins_no_formula(cell: str, safe: str) -> None:
    """Half of the world's spreadsheets read a semicolon where ours read a comma."""
    assert safe_cell(cell) == safe


@pytest.mark.parametrize("cell", ["Amina", "2 + 2", "", "a=b", 5])
def test_a_harmless_cell_stays_as_it_is(cell: object) -> None:
    assert safe_cell(cell) == str(cell)


@given(st.text())
def test_no_cell_ever_begins_with_a_formula(text: str) -> None:
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_table_is_given_piece_by_piece() -> None:
    """An export of millions never lies in memory."""
    asked: list[int] = []

    def rows() -> Iterator[tuple[object, ...]]:
        for n in range(1200):
            asked.append(n)
            yield (n, "=x")

    pieces = csv_pieces(("n", "cell"), rows())

    assert next(pieces) == f"{BOM}n,cell\r\n"
    assert asked == []
    assert next(pieces).startswith("0,'=x\r\n1,'=x\r\n")
    assert len(asked) < 1200
    assert "".join(pieces).endswith("1199,'=x\r\n")


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy() -> None:
    assert client_address("203.0.113.9", "198.51.100.1", LOOPBACK) == "203.0.113.9"
    assert client_address("127.0.0.1", "198.51.100.1", LOOPBACK) == "198.51.100.1"
    assert client_address("127.0.0.1", "6.6.6.6, 198.51.100.1", LOOPBACK) == "198.51.100.1"
    assert client_address("127.0.0.1", "not an address", LOOPBACK) == "127.0.0.1"


def recorded_verbs() -> Iterator[str]:
    """Every verb that the sources put into the log."""
    yield from Decision.Verb.values
    yield from ("released-wave", "voided-wave", "undid-wave", "stored-event")  # chosen by what was decided or found
    for source in Path(clarion.__file__).parent.rglob("*.py"):
        yield from _RECORDED.findall(source.read_text())


_RECORDED = re.compile(
    r'\b_?(?:record|record_on_team|record_on_account|switch)\(\s*[\w.]+,(?: organiser,)? "([a-z-]+)"'
)


def test_every_code_that_the_office_shows_has_words() -> None:
    assert set(FLAGS) == set(Flag)
    assert set(VERBS) == set(Decision.Verb)
    assert set(REPORTS) == set(REPORT_REASONS)
    assert set(CHECKED_WORDS) == set(CHECKED)
    assert set(FIELDS) >= CORRECTABLE
    assert set(ACTS) == set(recorded_verbs())
    assert len(STATES) == 9


def test_a_comparison_leaves_out_what_is_far_from_a_change() -> None:
    before = "\n".join(f"line {n}" for n in range(20))
    after = before.replace("line 10", "another line")

    kinds = [line.kind for line in compare(before, after)]

    assert kinds == ["skipped", "same", "same", "gone", "added", "same", "same", "skipped"]
    assert compare(before, before) == []


def typed_fields() -> Iterator[tuple[str, forms.Field]]:
    """Every field of the office's own forms into which something is typed."""
    names = [one.name for one in pkgutil.iter_modules(office_forms.__path__) if one.name != "sign_in"]
    for name in names:
        for form in vars(import_module(f"clarion.office.forms.{name}")).values():
            if isinstance(form, type) and issubclass(form, forms.Form) and form.__module__.startswith("clarion."):
                for at, field in form.base_fields.items():
                    if isinstance(field, forms.CharField) and not field.widget.is_hidden:
                        yield f"{form.__name__}.{at}", field


TYPED = dict(typed_fields())


@pytest.mark.parametrize("hidden", ["\x00", "\x0b", "\x7f", "\u200b", "\u202e", "\u2028", "\ufeff"])
@pytest.mark.parametrize("name", TYPED)
def test_a_hidden_character_is_refused_wherever_something_is_typed(name: str, hidden: str) -> None:
    with pytest.raises(forms.ValidationError):
        TYPED[name].clean(f"a{hidden}b")


def test_a_hidden_character_is_named_with_its_place() -> None:
    with pytest.raises(forms.ValidationError, match=r"\(U\+000B\) stands after “Cups on”"):
        EventForm.base_fields["title"].clean("Cups on\x0b the steps")
    with pytest.raises(forms.ValidationError, match=r"2 hidden characters stand here, the first \(U\+202E\) at the"):
        EventForm.base_fields["bring"].clean("\u202ecup\u202e")


def test_what_is_typed_is_tidied_like_what_the_public_sends() -> None:
    assert EventForm.base_fields["title"].clean(" Cafe\u0301\t and\n cake ") == "Café and cake"
    assert EventForm.base_fields["bring"].clean("A cup \r\nA jug\r\n") == "A cup\nA jug"
    assert TYPED["UpdateForm.body"].clean("Two blanks  \r\nbreak a line") == "Two blanks  \nbreak a line"
