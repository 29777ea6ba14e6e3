"""Every way in which a form may be refused has words of its own."""

import pytest

from clarion.kernel.forms import FORMS, FieldRefusal, all_refusals
from clarion.locale.voice import voice
from clarion.pages.labels import event_kind_names, field_label, field_labels, report_reason_names
from clarion.pages.refusals import explain

REFUSALS = list(all_refusals())


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: f"{one.form}-{one.field}-{one.code}")
def test_every_refusal_names_its_field_and_says_what_would_be_right(refusal: FieldRefusal) -> None:
    explanation = explain(refusal, voice("en"))

    assert explanation.label == field_labels(refusal.form, voice("en"))[refusal.field]
    assert explanation.sentence.endswith(".")


def test_what_is_too_long_is_told_the_room_there_is() -> None:
    assert "120 characters" in explain(FieldRefusal("sign", "name", "too-long"), voice("en")).sentence
    assert "500 characters" in explain(FieldRefusal("report", "note", "too-long"), voice("en")).sentence


def test_only_a_proposal_can_come_too_late() -> None:
    """What a change asks for is answered alike whatever it is."""
    assert [(one.form, one.field) for one in REFUSALS if one.code == "past"] == [("host", "date")]
    assert "look at the year" in explain(FieldRefusal("host", "date", "past"), voice("en")).sentence


def test_only_the_hidden_fields_mean_that_the_page_is_too_old() -> None:
    stale = {(one.form, one.field) for one in REFUSALS if explain(one, voice("en")).is_stale}

    assert stale == {("sign", "version"), ("sign", "consent"), ("host", "consent")}


def test_a_code_that_no_form_gives_has_no_words() -> None:
    with pytest.raises(KeyError):
        explain(FieldRefusal("sign", "name", "odd"), voice("en"))
    with pytest.raises(KeyError):
        explain(FieldRefusal("sign", "name", "shape"), voice("en"))


def test_a_field_that_no_form_has_has_no_label() -> None:
    with pytest.raises(KeyError):
        field_label("sign", "shoe-size", voice("en"))


def test_every_choice_of_a_form_has_a_name() -> None:
    assert tuple(event_kind_names(voice("en"))) == FORMS["host"].field("kind").choices
    assert tuple(report_reason_names(voice("en"))) == FORMS["report"].field("reason").choices
