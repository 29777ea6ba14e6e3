"""What happens at the same moment: real threads, each with a connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connections

from clarion.audit.actions import HOST
from clarion.kernel.keys import Keys
from clarion.kernel.submissions import Submission
from clarion.outbox.models import Mail
from clarion.signatures.actions import decide_wave, settle_waves
from clarion.signatures.models import Signature
from clarion.worker.draining import Carrier
from tests.figures import confirmed_count
from tests.make import (
    HOUR,
    MINUTE,
    NOON,
    make_campaign,
    make_confirmation,
    make_signature,
    make_submission,
    make_wave,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]

ROUNDS = 3


def at_once(work: Sequence[Callable[[], object]]) -> None:
    """Run all of `work`, each in a thread, from one moment on."""
    barrier = Barrier(len(work))

    def run(one: Callable[[], object]) -> None:
        barrier.wait()
        try:
            one()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(run, work))


@pytest.fixture
def carrier(keys: Keys, tmp_path: Path) -> Carrier:
    return Carrier(keys, tmp_path / "no-countries.toml")


def carry(carrier: Carrier, submission: Submission) -> Callable[[], object]:
    return lambda: carrier.carry_out([submission], now=NOON + HOUR)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_64_identical_forms_at_once_are_one_row_and_one_mail(carrier: Carrier, round_: int) -> None:
    make_campaign()

    at_once([carry(carrier, make_submission()) for _ in range(64)])

    assert (Signature.objects.count(), Mail.objects.count()) == (1, 1)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_two_links_of_one_address_opened_together_count_once(carrier: Carrier, keys: Keys, round_: int) -> None:
    campaign = make_campaign()
    rows = [make_signature(campaign, keys, email=f"amina+{n}@example.com") for n in range(8)]

    at_once([carry(carrier, make_confirmation(row)) for row in rows for _ in range(2)])

    assert confirmed_count(campaign) == 1
    assert Signature.objects.filter(state="confirmed").count() == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_not_me_wins_over_confirming_at_the_same_moment(carrier: Carrier, keys: Keys, round_: int) -> None:
    campaign = make_campaign()
    row = make_signature(campaign, keys)
    presses = [make_confirmation(row) for _ in range(8)]

    at_once([carry(carrier, one) for one in (*presses, make_confirmation(row, answer="not-me", at=NOON + MINUTE))])

    assert Signature.objects.get().state == "denied"
    assert confirmed_count(campaign) == 0


def test_one_batch_drained_by_two_at_once_is_carried_out_once(carrier: Carrier) -> None:
    campaign = make_campaign()
    batch = [make_submission(email=f"signer{n}@example.com") for n in range(20)]

    at_once([lambda: carrier.carry_out(batch, now=NOON) for _ in range(4)])

    assert Signature.objects.filter(campaign=campaign).count() == Mail.objects.count() == 20


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_wave_is_released_while_its_people_withdraw_and_others_confirm_in_two_campaigns(
    carrier: Carrier, keys: Keys, round_: int
) -> None:
    """Whoever needs people and sums takes them in one order: else the database ends one of two that wait."""
    waves = [make_wave(make_campaign(slug), keys, count=20) for slug in ("one", "two")]
    one, two = ([*wave.signature_set.order_by("pk")] for wave in waves)
    fresh = [
        make_signature(wave.campaign, keys, email=f"{wave.pk}-{n}@example.com") for wave in waves for n in range(6)
    ]
    for wave in waves:
        decide_wave(wave.campaign, wave.public_id, "release", seen="held", by=HOST, now=NOON + HOUR)

    def answers(confirming: Sequence[Signature], denying: Sequence[Signature]) -> list[Submission]:
        return [*map(make_confirmation, confirming), *(make_confirmation(row, answer="not-me") for row in denying)]

    batches = [
        answers(fresh[:6], [row for pair in zip(one[9::-1], two[:10], strict=True) for row in pair]),
        answers(fresh[6:], [row for pair in zip(two[:9:-1], one[10:], strict=True) for row in pair]),
    ]
    at_once([
        *(lambda batch=batch: carrier.carry_out(batch, now=NOON + HOUR) for batch in batches),
        lambda: settle_waves(now=NOON + HOUR),
    ])  # fmt: skip
    settle_waves(now=NOON + HOUR)

    assert Signature.objects.filter(state="denied").count() == 40
    assert [confirmed_count(wave.campaign) for wave in waves] == [6, 6]
