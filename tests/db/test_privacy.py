"""What is held about a person goes when it must, stays gone after a restore, and is told to its owner alone."""

import resource
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from clarion.campaigns.models import Campaign
from clarion.events.actions import confirm_proposal, erase_host, take_proposal
from clarion.events.models import Event
from clarion.kernel.clock import DAY
from clarion.kernel.ids import RecordId
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.kernel.sealing import hashed_address
from clarion.kernel.submissions import Submission
from clarion.outbox.models import AddressMark
from clarion.privacy.actions import (
    accept_submissions,
    deny,
    erase_again,
    erase_expired,
    forget_passed,
    take_my_data,
    withdraw,
)
from clarion.privacy.erased import (
    ErasuresNotNoted,
    merge_lists,
    note_erased,
    note_kept,
    read_erased,
    read_kept,
)
from clarion.privacy.models import MyDataMail, Receipt
from clarion.privacy.queries import confirmed_hosts, held_about
from clarion.signatures.actions import confirm_signatures, take_signatures
from clarion.signatures.models import Signature
from tests.figures import confirmed_count
from tests.make import (
    HOUR,
    MINUTE,
    NOON,
    make_campaign,
    make_confirmation,
    make_event,
    make_proposal,
    make_signature,
    make_submission,
    make_withdrawal,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def test_a_submission_is_accepted_once(campaign: Campaign) -> None:
    one, two = make_submission(), make_submission()

    assert accept_submissions([one, one, two], now=NOON) == [one, two]
    assert accept_submissions([two, one], now=NOON) == []
    assert Receipt.objects.count() == 2


def test_the_list_of_erased_records_only_grows(tmp_path: Path) -> None:
    path = tmp_path / "erased.txt"
    note_erased(path, ["b" * 32])
    note_erased(path, [])
    note_erased(path, ["a" * 32, "b" * 32])

    assert list(read_erased(path)) == ["b" * 32, "a" * 32, "b" * 32]
    assert path.stat().st_mode & 0o077 == 0


def test_a_list_of_erased_records_that_is_cut_by_a_full_disk_loses_no_id_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "erased.txt"
    with room_in_files(40), pytest.raises(ErasuresNotNoted, match="No space left"):
        note_erased(path, ["a" * 32, "b" * 32])
    note_erased(path, ["c" * 32])

    assert path.read_text(encoding="ascii").splitlines() == ["a" * 32, "b" * 7, "c" * 32]
    assert list(read_erased(path)) == ["a" * 32, "c" * 32]


def test_lists_of_erasures_are_never_held_in_memory(tmp_path: Path) -> None:
    """They hold whoever was ever erased, and a restore is done on what machine there is."""
    here, there = tmp_path / "here", tmp_path / "there"
    ids = [f"{number:032x}" for number in range(60_000)]
    note_erased(here, ids[:40_000])
    note_kept(there, ids[20_000:])
    note_erased(there, ids[20_000:])
    tracemalloc.start()
    try:
        merge_lists(here, [there], tmp_path)
        counted = (sum(1 for _ in read_erased(here)), sum(1 for _ in read_kept(here)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert counted == (60_000, 40_000)
    assert peak < 4_000_000


@contextmanager
def room_in_files(size_bytes: int) -> Iterator[None]:
    """No file grows beyond this: the system takes what fits, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_held_is_told_to_its_own_spelling_alone(campaign: Campaign, keys: Keys) -> None:
    row = make_signature(campaign, keys, email="amina@example.com")
    found_by = hashed_address("amina+x@example.com", keys)

    assert held_about("AMINA@example.com", found_by, keys.field).signatures == (row,)
    assert not held_about("amina+x@example.com", found_by, keys.field)


def test_marks_receipts_and_asked_addresses_go_in_their_time(campaign: Campaign, keys: Keys) -> None:
    take_signatures([make_submission()], keys=keys, now=NOON)
    accept_submissions([make_submission()], now=NOON)
    address_hash = Signature.objects.get().address_hash
    MyDataMail.objects.create(address_hash=address_hash, box=b"sealed", at=NOON, public_id="m" * 32)

    forget_passed(now=NOON + HOUR)
    assert bytes(MyDataMail.objects.get().box) == b""
    forget_passed(now=NOON + DAY)
    assert not MyDataMail.objects.exists()
    assert AddressMark.objects.exists()
    forget_passed(now=NOON + 7 * DAY)
    assert not AddressMark.objects.exists()
    assert Receipt.objects.exists()
    forget_passed(now=NOON + 90 * DAY)
    assert not Receipt.objects.exists()


def test_a_restored_backup_brings_nobody_back(campaign: Campaign, keys: Keys) -> None:
    withdrawn, denied, stays = (make_signature(campaign, keys, email=f"{name}@example.com") for name in "wds")
    confirm_signatures([make_confirmation(row) for row in (withdrawn, denied, stays)], keys=keys, now=NOON)
    backup = list(Signature.objects.values())
    withdraw(make_withdrawal(withdrawn, "w@example.com"), keys=keys, now=NOON + HOUR)
    deny(make_confirmation(denied, answer="not-me"), keys=keys, now=NOON + HOUR)
    assert confirmed_count(campaign) == 1

    for row in backup:
        Signature.objects.filter(pk=row["id"]).update(**row)
    campaign.tallies.update(count=3)

    assert erase_again(now=NOON + 2 * HOUR) == 2
    assert erase_again(now=NOON + 2 * HOUR) == 0
    assert confirmed_count(campaign) == 1
    assert Signature.objects.filter(box__isnull=False).get() == stays


def test_after_keep_until_a_restore_erases_data_again_and_keeps_the_count(keys: Keys) -> None:
    campaign = make_campaign(keep_until=NOON.date())
    row = make_signature(campaign, keys)
    confirm_signatures([make_confirmation(row)], keys=keys, now=NOON)
    box = Signature.objects.get().box
    erase_expired(drained_until=NOON, now=NOON + DAY)
    assert list(read_kept(settings.ENV.data.erased)) == [row.public_id]

    Signature.objects.update(box=box)
    erase_again(now=NOON + 2 * DAY)

    assert Signature.objects.get().box is None
    assert confirmed_count(campaign) == 1


def test_a_day_of_erasing_that_was_set_after_a_backup_takes_no_count_away_in_a_restore(keys: Keys) -> None:
    """The records that come back know a later day alone; the list says whose count stays."""
    campaign = make_campaign(keep_until=(NOON + 99 * DAY).date())
    stays, withdrawn = (make_signature(campaign, keys, email=f"{name}@example.com") for name in "sw")
    event = make_event(campaign, keys)
    confirm_signatures([make_confirmation(row) for row in (stays, withdrawn)], keys=keys, now=NOON)
    backup, figures = list(Signature.objects.values()), list(campaign.tallies.values())
    host = Event.objects.values("host_box", "host_hash", "consent").get()
    withdraw(make_withdrawal(withdrawn, "w@example.com"), keys=keys, now=NOON)
    Campaign.objects.update(keep_until=NOON.date())
    erase_expired(drained_until=NOON, now=NOON + DAY)
    assert confirmed_count(campaign) == 1

    Campaign.objects.update(keep_until=campaign.keep_until)
    for row in backup:
        Signature.objects.filter(pk=row["id"]).update(**row)
    for row in figures:
        campaign.tallies.filter(pk=row["id"]).update(**row)
    Event.objects.update(**host)

    assert erase_again(now=NOON + 2 * DAY) == 3
    assert erase_again(now=NOON + 2 * DAY) == 0
    assert confirmed_count(campaign) == 1
    assert dict(Signature.objects.values_list("public_id", "state")) == {
        stays.public_id: "confirmed",
        withdrawn.public_id: "withdrawn",
    }
    assert not Signature.objects.exclude(box=None, address_hash=None).exists()
    assert (Event.objects.get().host_box, Event.objects.get().title) == (None, event.title)


def test_who_withdrew_before_the_day_of_erasing_does_not_count_again_after_a_restore(keys: Keys) -> None:
    campaign = make_campaign(keep_until=NOON.date())
    row = make_signature(campaign, keys, email="w@example.com")
    confirm_signatures([make_confirmation(row)], keys=keys, now=NOON)
    backup, figures = Signature.objects.values().get(), campaign.tallies.values().get()
    withdraw(make_withdrawal(row, "w@example.com"), keys=keys, now=NOON)

    Signature.objects.update(**backup)
    campaign.tallies.update(**figures)
    erase_again(now=NOON + 2 * DAY)

    assert confirmed_count(campaign) == 0


def test_after_keep_until_nobody_knows_who_organised_an_event(keys: Keys) -> None:
    """Though it takes place later; and a restore does not take the event for one that was erased."""
    campaign = make_campaign(keep_until=NOON.date())
    event = make_event(campaign, keys)
    before = Event.objects.values().get()

    erase_expired(drained_until=NOON, now=NOON + HOUR)
    assert Event.objects.get().host_box is not None
    erase_expired(drained_until=NOON, now=NOON + DAY)
    assert (Event.objects.get().host_box, Event.objects.get().state) == (None, "kept")

    Event.objects.update(**before)
    erase_again(now=NOON + 2 * DAY)
    assert (Event.objects.get().host_box, Event.objects.get().title) == (None, event.title)


def event_press(event: Event, answer: str) -> Submission:
    expires_at = int((NOON + DAY).timestamp())
    link = Link(LinkKind.CONFIRM_EVENT, event.campaign_id, RecordId(event.public_id), expires_at=expires_at)
    return make_submission("confirm", link=link, answer=answer, at=NOON + MINUTE)


def test_not_me_takes_an_event_too(campaign: Campaign, keys: Keys) -> None:
    event = take_proposal(make_proposal(email="amina@example.com"), keys=keys, now=NOON)
    assert event is not None
    press = event_press(event, "yes")
    assert confirm_proposal(press, keys=keys, now=NOON + MINUTE)
    found_by = hashed_address("amina@example.com", keys)
    assert confirmed_hosts({found_by, b"other"}) == {found_by}

    assert deny(event_press(event, "not-me"), keys=keys, now=NOON + HOUR) == 1

    assert Event.objects.get().state == "denied"
    assert list(read_erased(settings.ENV.data.erased)) == [event.public_id]


def test_the_mark_of_a_my_data_mail_goes_with_the_last_that_is_held_of_its_address(
    campaign: Campaign, keys: Keys
) -> None:
    """Its hash would else be all that is left of somebody who withdrew, or said "not me", or never confirmed."""
    row = make_signature(campaign, keys, email="amina@example.com")
    event = make_event(campaign, keys, email="amina@example.com")
    assert take_my_data(make_submission("my-data", email="amina@example.com"), keys=keys, now=NOON)
    withdraw(make_withdrawal(row, "amina@example.com"), keys=keys, now=NOON)
    forget_passed(now=NOON + MINUTE)
    assert MyDataMail.objects.exists()  # the event is still theirs

    erase_host([event.public_id])
    forget_passed(now=NOON + MINUTE)
    assert not MyDataMail.objects.exists()


def test_no_sealed_address_stays_longer_because_the_clock_was_set_back(campaign: Campaign, keys: Keys) -> None:
    row = make_signature(campaign, keys, email="amina@example.com")
    make_signature(campaign, keys, email="bo@example.com")
    withdraw(make_withdrawal(row, "amina@example.com"), keys=keys, now=NOON)
    take_my_data(make_submission("my-data", email="bo@example.com"), keys=keys, now=NOON)
    forget_passed(now=NOON - MINUTE)  # another machine's clock, a little behind
    assert Signature.objects.get(pk=row.pk).box
    assert MyDataMail.objects.get().box

    forget_passed(now=NOON - DAY)

    assert Signature.objects.get(pk=row.pk).box is None
    assert not MyDataMail.objects.exists()
