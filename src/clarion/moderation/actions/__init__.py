"""Every write of moderation."""

from clarion.moderation.actions.decisions import (
    correct_event,
    decide_event,
    decide_revision,
    require_moderator,
    undo_decision,
)
from clarion.moderation.actions.digests import promise_digests
from clarion.moderation.actions.reports import erase_about, see_reports, take_report

__all__ = [
    "correct_event", "decide_event", "decide_revision", "erase_about", "promise_digests", "require_moderator",
    "see_reports", "take_report", "undo_decision",
]  # fmt: skip
