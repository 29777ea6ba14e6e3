"""What a decision needs, and when moderators are reminded."""

from datetime import UTC, datetime, timedelta

import pytest

from clarion.moderation.rules import (
    REASONS,
    REASONS_FOR,
    VERBS,
    CheckMissing,
    ReasonMissing,
    check_decision,
    is_digest_due,
)

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_every_reason_has_a_sentence_and_a_verb() -> None:
    offered = {reason for verb in VERBS for reason in REASONS_FOR[verb]}

    assert offered == set(REASONS)


def test_keeping_needs_to_say_how_it_was_checked() -> None:
    with pytest.raises(CheckMissing):
        check_decision("keep", reason="", checked="")
    check_decision("keep", reason="", checked="spoken")
    check_decision("keep", reason="", checked="", is_revision=True)


@pytest.mark.parametrize("verb", ["ask-for-changes", "refuse", "hide"])
def test_every_other_decision_needs_one_of_its_reasons(verb: str) -> None:
    for reason in ("", "unheard-of"):
        with pytest.raises(ReasonMissing):
            check_decision(verb, reason=reason, checked="")  # type: ignore[arg-type]
    check_decision(verb, reason="other", checked="")  # type: ignore[arg-type]


def test_a_moderator_is_reminded_at_once_then_every_few_hours_with_news_and_daily_without() -> None:
    assert is_digest_due(None, NOON, NOON)
    assert not is_digest_due(NOON, NOON + HOUR, NOON + 2 * HOUR)
    assert is_digest_due(NOON, NOON + HOUR, NOON + 4 * HOUR)
    assert not is_digest_due(NOON, NOON - HOUR, NOON + 23 * HOUR)
    assert is_digest_due(NOON, NOON - HOUR, NOON + 24 * HOUR)
