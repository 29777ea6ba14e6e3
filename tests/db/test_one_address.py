"""A hall behind one address signs and is counted; a flood from one delays nobody else's mail."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode

import pytest

from clarion.campaigns.models import Campaign
from clarion.inbox.ends import open_reader
from clarion.kernel.clock import utc_now
from clarion.kernel.keys import Keys
from clarion.kernel.links import LinkKind
from clarion.outbox.models import Mail
from clarion.signatures.models import Signature
from clarion.worker.draining import Drainer
from clarion.worker.opening import Opener
from clarion.worker.pulse import Pulse
from tests.door import HOME, SIGN, Door
from tests.figures import confirmed_count
from tests.make import make_campaign

pytestmark = pytest.mark.django_db
FORM = {"content_type": "application/x-www-form-urlencoded"}
HANDS = 150  # forms under way at once; so many are let in however slow the disk is
HALL, ELSEWHERE = "192.0.2.1", "198.51.100.1"


class Road:
    """From the door to the records, with the real inbox between them."""

    def __init__(self, root: Path, campaign: Campaign, keys: Keys) -> None:
        self.door = Door(root, policy={"number": campaign.pk})
        self._reader = open_reader(self.door.data.inbox, self.door.env.inbox_database)
        opener = Opener(self.door.data.keys)
        self._drainer = Drainer(self._reader, opener, keys, root / "no-countries.toml", Pulse())

    def post(self, forms: list[tuple[str, dict[str, str]]], client: str) -> list[int]:
        """Send these forms, many at once, and drain them; gives the statuses."""

        async def many_at_once() -> list[int]:
            hands = asyncio.Semaphore(HANDS)

            async def one(path: str, form: dict[str, str]) -> int:
                async with hands:
                    return (await self.door.asked("POST", path, urlencode(form).encode(), FORM, client)).status

            return await asyncio.gather(*(one(path, form) for path, form in forms))

        statuses = asyncio.run(many_at_once())
        while self._reader.waiting():
            self._drainer.step(utc_now())
        return statuses

    def close(self) -> None:
        """Let the inbox go."""
        self._reader.close()
        self.door.close()


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def road(tmp_path: Path, campaign: Campaign, keys: Keys) -> Iterator[Road]:
    road = Road(tmp_path, campaign, keys)
    yield road
    road.close()


def signs(count: int, domain: str) -> list[tuple[str, dict[str, str]]]:
    """The sign forms of so many people."""
    return [(f"{HOME}/sign", SIGN | {"email": f"p{number}@{domain}"}) for number in range(count)]


def test_five_hundred_people_behind_one_address_are_all_accepted_and_counted(road: Road, campaign: Campaign) -> None:
    signed = road.post(signs(500, "example.org"), HALL)
    people = Signature.objects.values_list("public_id", flat=True)
    tokens = [road.door.token(LinkKind.CONFIRM, record=one, campaign=campaign.pk) for one in people]
    confirmed = road.post([(f"{HOME}/confirm/{token}", {"answer": "yes"}) for token in tokens], HALL)

    assert signed == confirmed == [303] * 500
    assert Mail.objects.filter(lane=Mail.Lane.SLOW).count() == 0
    assert confirmed_count(campaign) == 500


def test_a_flood_from_one_network_waits_and_shuts_no_mail_provider_out(road: Road) -> None:
    """The mails of a flood stand in a lane of their own, whatever the provider; those of others do not."""
    began = monotonic()
    for part in range(3):
        road.post(signs(400, f"flood{part}.example"), HALL)
    seconds = monotonic() - began
    road.post(signs(20, "flood0.example.org"), ELSEWHERE)

    lanes = list(Mail.objects.order_by("pk").values_list("lane", flat=True))
    assert len(lanes) == 1_220
    assert lanes[-20:] == [Mail.Lane.CONFIRMATIONS] * 20
    # Six hundred go at once, and meanwhile two more a second.
    assert 600 - 2 * seconds - 1 <= lanes.count(Mail.Lane.SLOW) <= 600
