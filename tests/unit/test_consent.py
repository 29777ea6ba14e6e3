"""What people agree to: it says what is stored, why, how long, and who may agree."""

from datetime import UTC, date, datetime

import pytest

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import kept_until
from clarion.locale.voice import voice
from clarion.pages.consent import consent_id, consent_sentence, controller_of, wording_id, wordings_of

ENGLISH = voice("en")


def make_call(**fields: object) -> Campaign:
    return Campaign(**{"organiser_name": "Water Committee", **fields})


def plain(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def test_signing_says_who_stores_what_why_and_until_when() -> None:
    campaign = make_call(keep_until=date(2028, 3, 1), minimum_age=14)

    sentence = plain(consent_sentence(campaign, ENGLISH, "sign"))

    assert "Water Committee stores my name, e-mail address, country" in sentence
    assert "to count me once" in sentence
    assert "March 1, 2028" in sentence
    assert "Only numbers are shown" in sentence
    assert "at least 14 years old" in sentence


def test_without_an_end_the_data_goes_twelve_months_after_signing() -> None:
    assert "twelve months later" in consent_sentence(make_call(), ENGLISH, "sign")


def test_hosting_says_that_the_event_is_published_and_the_contact_is_not() -> None:
    sentence = plain(consent_sentence(make_call(), ENGLISH, "host"))

    assert "publishes the event" in sentence
    assert "Only moderators see these two" in sentence
    assert "30 days after the event" in sentence
    assert "at least 18 years old" in sentence


def test_the_legal_name_answers_where_it_is_known() -> None:
    assert controller_of(make_call(controller_name="Water Committee, registered")) == "Water Committee, registered"
    assert controller_of(make_call()) == "Water Committee"


@pytest.mark.parametrize(
    ("closes_at", "last_day"),
    [
        (datetime(2027, 3, 1, 23, 0, tzinfo=UTC), date(2028, 3, 1)),
        (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), date(2029, 2, 28)),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), date(2027, 12, 31)),
    ],
)
def test_data_is_kept_twelve_months_after_the_close(closes_at: datetime, last_day: date) -> None:
    assert kept_until(make_call(closes_at=closes_at)) == last_day


def test_a_day_that_was_chosen_wins_over_the_close() -> None:
    closes_at = datetime(2027, 3, 1, tzinfo=UTC)

    assert kept_until(make_call(keep_until=date(2027, 4, 1), closes_at=closes_at)) == date(2027, 4, 1)


def test_another_form_language_or_text_is_another_wording() -> None:
    ids = {
        wording_id(*key) for key in [("sign", "en", "a"), ("host", "en", "a"), ("sign", "fr", "a"), ("sign", "en", "b")]
    }

    assert len(ids) == 4
    assert all(len(one) <= 32 for one in ids)


def test_the_wordings_kept_are_those_at_the_buttons() -> None:
    campaign = make_call()

    kept = {one.form: one for one in wordings_of(campaign, ENGLISH)}

    assert kept["sign"].wording_id == consent_id(campaign, ENGLISH, "sign")
    assert kept["host"].text == consent_sentence(campaign, ENGLISH, "host")
