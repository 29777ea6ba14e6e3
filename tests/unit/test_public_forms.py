"""What the public forms take, judged by one moment."""

from datetime import UTC, datetime

import pytest

from clarion.kernel.clock import SECOND
from clarion.kernel.forms import FORMS, FieldRefusal, Known, check_form, tidied
from tests.door import HOSTING

MIDNIGHT = datetime(2026, 12, 10, tzinfo=UTC)
KNOWN = Known({"KE"}, 1, (), ())


def refused(day: str, at: datetime) -> FieldRefusal | None:
    posted = HOSTING | {"date": day}
    return check_form(FORMS["host"], posted, tidied(FORMS["host"], posted), (), KNOWN, at)


@pytest.mark.parametrize(
    ("day", "at"),
    [("2026-12-09", MIDNIGHT), ("2026-12-08", MIDNIGHT - SECOND), ("2026-12-10", MIDNIGHT), ("2199-12-31", MIDNIGHT)],
)
def test_a_day_that_is_not_over_somewhere_on_earth_is_taken(day: str, at: datetime) -> None:
    """On Baker Island it is yesterday until noon UTC."""
    assert refused(day, at) is None


@pytest.mark.parametrize("day", ["2026-12-08", "2026-11-30", "2025-12-10", "2000-01-01"])
def test_a_day_that_is_over_everywhere_is_refused(day: str) -> None:
    assert refused(day, MIDNIGHT) == FieldRefusal("host", "date", "past")
