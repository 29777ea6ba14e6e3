"""Whether a campaign takes forms: its switches and its dates together."""

import pytest

from clarion.kernel.policy import CampaignState, Hours, Stage

NOW = 1_000.0


@pytest.mark.parametrize(
    ("switched", "opens_at", "closes_at", "stage"),
    [
        ("open", None, None, "open"),
        ("open", NOW, NOW + 1, "open"),
        ("open", NOW + 1, None, "ahead"),
        ("open", NOW - 2, NOW, "closed"),
        ("paused", None, None, "paused"),
        ("paused", NOW + 1, None, "paused"),
        ("paused", None, NOW, "closed"),
        ("closed", NOW + 1, NOW + 2, "closed"),
    ],
)
def test_what_shuts_a_campaign_for_longer_is_said_first(
    switched: CampaignState, opens_at: float | None, closes_at: float | None, stage: Stage
) -> None:
    """A call that was closed before it opened asks nobody to come back."""
    hours = Hours(state=switched, opens_at=opens_at, closes_at=closes_at)

    assert hours.stage_at(NOW) == stage
    assert hours.state_at(NOW) == ("paused" if stage == "ahead" else stage)
