"""Promise: the primary is killed under load, its synchronous standby promoted, and nothing acknowledged is lost."""

from pathlib import Path

import pytest

from scripts.failover_demo import rehearse
from tests.faults.conftest import Note

pytestmark = pytest.mark.faults


def test_nothing_acknowledged_is_lost_when_the_primary_dies(tmp_path: Path, note: Note) -> None:
    outcome = rehearse(tmp_path, rate=200, seconds=20)

    note(people=outcome.acknowledged, taken_again_after_s=outcome.until_taken_again)
    assert outcome.before_the_kill > 0
    assert outcome.counted == outcome.acknowledged
    assert outcome.is_whole
