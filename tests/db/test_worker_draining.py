"""The inbox is drained exactly once, whatever comes twice, broken, or in the middle of a crash."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings

from clarion.campaigns.models import Campaign
from clarion.env import Env
from clarion.events.models import Event
from clarion.inbox.ends import open_reader, open_writer
from clarion.kernel.ids import new_id
from clarion.kernel.keys import Key, Keys, read_key_ring
from clarion.kernel.links import sign_link
from clarion.kernel.sealing import BatchSealer, sealing_public_key
from clarion.kernel.submissions import Submission
from clarion.machines.actions import hold_to_keys
from clarion.machines.rules import OtherKeys
from clarion.outbox.models import AddressMark, Mail
from clarion.places.countries import CountrySettingsError
from clarion.privacy.actions import erase_again
from clarion.privacy.erased import ErasuresNotNoted, note_erased, read_erased
from clarion.privacy.models import MyDataMail, Receipt, SetAside
from clarion.signatures.models import Signature
from clarion.worker.clock import SteadyClock
from clarion.worker.draining import Drainer, runs_of
from clarion.worker.mailing import Postman
from clarion.worker.opening import Opener
from clarion.worker.pulse import Pulse
from clarion.worker.schedule import Schedule
from tests.fakes import FakeMailer
from tests.figures import confirmed_count
from tests.make import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    make_campaign,
    make_confirmation,
    make_proposal,
    make_submission,
    make_withdrawal,
)

pytestmark = pytest.mark.django_db

ENV: Env = settings.ENV


class Inbox:
    """An inbox with both its ends."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self.pulse = Pulse()
        self.writer, self.reader = open_writer(path, ENV.inbox_database), open_reader(path, ENV.database)
        ring = read_key_ring(ENV.data.keys, "inbox")
        self._ring = ring
        self._link_ring = read_key_ring(ENV.data.keys, "link")
        countries = path.parent / "no-countries.toml"
        self.drainer = Drainer(self.reader, Opener(ENV.data.keys), keys, countries, self.pulse)

    def put(self, *submissions: Submission) -> None:
        self.seal(*((one.id, self._signed(one).to_bytes()) for one in submissions), at=submissions[0].at)

    def seal(self, *rows: tuple[str, bytes], at: float = NOON.timestamp(), key: Key | None = None) -> None:
        """Whatever it says."""
        key = key or self._ring.current
        sealer = BatchSealer(key.number, sealing_public_key(key))
        sealed = [(submission, sealer.seal(plain)) for submission, plain in rows]
        self.writer.append(sealed, sealer.key_number, sealer.sealed_key, at=at)

    def _signed(self, one: Submission) -> Submission:
        """With the token of its link, unless the test gave another."""
        return replace(one, token=sign_link(self._link_ring.current, one.link)) if one.link and not one.token else one

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


@pytest.fixture
def inbox(data_folder: Path, keys: Keys) -> Iterator[Inbox]:
    inbox = Inbox(ENV.data.inbox, keys)
    yield inbox
    inbox.close()


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def test_a_row_leaves_the_inbox_once_records_hold_it(campaign: Campaign, inbox: Inbox) -> None:
    inbox.put(make_submission(), make_submission(email="bo@example.com"))
    inbox.drainer.step(NOON + MINUTE)

    assert inbox.reader.waiting() == 0
    assert Signature.objects.count() == Mail.objects.count() == Receipt.objects.count() == 2


def test_a_worker_without_a_key_that_another_has_leaves_what_is_sealed_to_it(
    campaign: Campaign, inbox: Inbox, keys: Keys, tmp_path: Path
) -> None:
    """A key may be added while workers run. What is sealed to it would be set aside as a stranger's bytes."""
    first, second = (Path(shutil.copytree(ENV.data.keys, tmp_path / name)) for name in ("first", "second"))
    compare = partial(hold_to_keys, second, ("inbox", "link"))
    late = Drainer(inbox.reader, Opener(second, compare), keys, tmp_path / "no-countries.toml", Pulse())
    (first / "inbox-2.key").write_text("ab" * 32, encoding="ascii")
    hold_to_keys(first, ("inbox", "link"))
    form = make_submission()
    inbox.seal((form.id, form.to_bytes()), key=read_key_ring(first, "inbox").current)

    with pytest.raises(OtherKeys):
        late.step(NOON)
    assert (SetAside.objects.count(), inbox.reader.waiting()) == (0, 1)

    shutil.copy(first / "inbox-2.key", second)
    late.step(NOON)
    assert Signature.objects.get().public_id == form.id


def test_a_row_that_comes_again_is_passed_over(campaign: Campaign, inbox: Inbox) -> None:
    form = make_submission()
    for _ in range(3):
        inbox.put(form, form)
        inbox.drainer.step(NOON + MINUTE)

    assert Signature.objects.count() == Mail.objects.count() == 1
    assert inbox.reader.waiting() == 0


def test_a_restored_inbox_brings_nobody_back_who_was_erased_since(campaign: Campaign, inbox: Inbox) -> None:
    """Their forms waited there when the backup was made: the records of it do not know them yet."""
    erased, proposed, stays = make_submission(), make_proposal(), make_submission(email="bo@example.com")
    inbox.put(erased, proposed, stays)
    note_erased(ENV.data.erased, [erased.id, proposed.id])

    erase_again(now=NOON)
    erase_again(now=NOON)  # a restore that is done once more
    inbox.drainer.step(NOON + MINUTE)

    assert Signature.objects.get().public_id == stays.id
    assert not Event.objects.exists()


def test_a_held_back_form_leaves_its_submission_id_alone(campaign: Campaign, inbox: Inbox) -> None:
    for hour in range(4):
        inbox.put(make_submission(at=NOON + hour * HOUR))
        inbox.drainer.step(NOON + hour * HOUR)

    assert (Signature.objects.count(), Receipt.objects.count()) == (3, 4)


def test_a_row_that_does_not_open_is_set_aside_and_blocks_nobody(campaign: Campaign, inbox: Inbox) -> None:
    good = make_submission()
    inbox.writer.append([(new_id(), b"garbage")], 1, b"not a key")
    inbox.writer.append([(new_id(), b"garbage")], 99, b"not a key")
    inbox.put(good, make_submission(campaign="no-such-call"), make_submission("my-data"))
    inbox.drainer.step(NOON)

    assert Signature.objects.get().public_id == good.id
    assert sorted(SetAside.objects.values_list("error", flat=True)) == [
        "BoxBroken", "BoxBroken", "KeyError", "SubmissionBroken",
    ]  # fmt: skip
    assert inbox.reader.waiting() == 0


NESTED = b"[" * 8_000
ENDLESS = {"a": 10**400}


@pytest.mark.parametrize(
    "poison",
    [NESTED, ENDLESS, {"a": 1e300}, {"f": ["sign"]}, {"v": {"country": "<b>"}}, {"v": None}, {"c": {"a": 1}}],
    ids=lambda poison: str(poison)[:20],
)
def test_a_public_node_in_other_hands_can_say_nothing_that_stops_the_draining(
    campaign: Campaign, inbox: Inbox, poison: bytes | dict[str, object]
) -> None:
    """It can seal whatever it likes; its rows are set aside, each alone, and everybody's forms go on."""
    row = {**json.loads(make_submission().to_bytes()), **(poison if isinstance(poison, dict) else {})}
    if isinstance(said := row["v"], dict):
        row["v"] = {"name": "N", "email": "n@example.com", "country": "KE", **said}
    good = make_submission()
    inbox.seal((new_id(), poison if isinstance(poison, bytes) else json.dumps(row).encode()))
    inbox.put(good)
    inbox.drainer.step(NOON)

    assert Signature.objects.get().public_id == good.id
    assert SetAside.objects.count() == 1
    assert inbox.reader.waiting() == 0


def test_a_key_that_is_added_while_the_worker_runs_opens_what_is_sealed_to_it(
    campaign: Campaign, inbox: Inbox, keys: Keys, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ENV.data.keys, tmp_path / "keys"))
    drainer = Drainer(inbox.reader, Opener(folder), keys, tmp_path / "no-countries.toml", Pulse())
    drainer.step(NOON)
    (folder / "inbox-2.key").write_text("ab" * 32, encoding="ascii")
    forms = [make_submission(email=f"{name}@example.com") for name in ("old", "new")]
    for form, key in zip(forms, read_key_ring(folder, "inbox").keys, strict=True):
        inbox.seal((form.id, form.to_bytes()), key=key)
    drainer.step(NOON)

    assert Signature.objects.count() == 2
    assert not SetAside.objects.exists()


def test_a_row_that_the_records_refuse_holds_up_no_other(campaign: Campaign, inbox: Inbox) -> None:
    """As a constraint may after a restore: the same id with another form."""
    stored, good = make_submission(), make_submission(email="bo@example.com")
    inbox.put(stored)
    inbox.drainer.step(NOON)
    Receipt.objects.all().delete()

    inbox.put(make_submission(submission_id=stored.id, email="chidi@example.com"), good)
    inbox.drainer.step(NOON + HOUR)

    assert {row.public_id for row in Signature.objects.all()} == {stored.id, good.id}
    assert SetAside.objects.get().error == "IntegrityError"
    assert inbox.reader.waiting() == 0


def test_a_link_that_the_worker_did_not_sign_changes_nothing(campaign: Campaign, inbox: Inbox) -> None:
    """Whoever takes intake over can seal what they like, and knows the ids of events and of what was sent since."""
    inbox.put(make_submission())
    inbox.drainer.step(NOON)
    press = make_confirmation(Signature.objects.get())
    assert press.link
    inbox.put(replace(press, token=sign_link(Key(1, b"f" * 32), press.link)))
    inbox.drainer.step(NOON + MINUTE)

    assert confirmed_count(campaign) == 0
    assert SetAside.objects.get().error == "SubmissionBroken"


def test_confirm_not_me_and_withdraw_take_the_same_road(campaign: Campaign, inbox: Inbox) -> None:
    forms = [make_submission(email=f"{name}@example.com") for name in ("amina", "bo", "chidi")]
    inbox.put(*forms)
    inbox.drainer.step(NOON)
    amina, bo, chidi = (Signature.objects.get(public_id=form.id) for form in forms)
    inbox.put(*(make_confirmation(row) for row in (amina, bo, chidi)))
    inbox.put(make_confirmation(bo, answer="not-me"), make_confirmation(bo))
    inbox.put(make_withdrawal(chidi, "chidi@example.com"), make_withdrawal(amina, "wrong@example.com"))
    inbox.drainer.step(NOON + HOUR)

    states = dict(Signature.objects.values_list("public_id", "state"))
    assert states == {amina.public_id: "confirmed", bo.public_id: "denied", chidi.public_id: "withdrawn"}
    assert confirmed_count(campaign) == 1
    assert list(read_erased(ENV.data.erased)) == [bo.public_id, chidi.public_id]


def test_a_withdrawal_waits_for_room_on_the_disk_and_is_not_set_aside(campaign: Campaign, inbox: Inbox) -> None:
    inbox.put(make_submission())
    inbox.drainer.step(NOON)
    inbox.put(make_withdrawal(Signature.objects.get(), "amina@example.com"))
    ENV.data.erased.mkdir()
    with pytest.raises(ErasuresNotNoted):
        inbox.drainer.step(NOON + HOUR)
    assert Signature.objects.get().state == "pending"

    ENV.data.erased.rmdir()
    inbox.drainer.step(NOON + HOUR)
    assert Signature.objects.get().state == "withdrawn"
    assert not SetAside.objects.exists()


def test_no_form_is_set_aside_for_a_mistake_in_the_hosts_country_settings(campaign: Campaign, inbox: Inbox) -> None:
    inbox.put(make_submission())
    settings_file = ENV.data.inbox.parent / "no-countries.toml"
    settings_file.write_text("first = [", encoding="ascii")
    with pytest.raises(CountrySettingsError):
        inbox.drainer.step(NOON)

    settings_file.unlink()
    inbox.drainer.step(NOON)
    assert Signature.objects.count() == 1


def test_forms_between_rare_ones_are_carried_out_in_bulk() -> None:
    forms = [make_submission() for _ in range(4)]
    rare = make_submission("my-data", email="a@example.com")

    assert list(runs_of([*forms[:2], rare, *forms[2:]])) == [forms[:2], [rare], forms[2:]]


def test_nothing_is_erased_while_a_confirmation_may_wait_in_the_inbox(campaign: Campaign, inbox: Inbox) -> None:
    inbox.put(make_submission())
    inbox.drainer.step(NOON)
    Signature.objects.update(last_mailed_at=NOON)
    in_time = make_confirmation(Signature.objects.get(), at=NOON + 7 * DAY - MINUTE)
    inbox.put(in_time)
    Schedule(inbox.pulse, SteadyClock(ENV.data.clock_mark)).run(now=NOON + 9 * DAY + MINUTE)

    assert Signature.objects.get().state == "pending"
    inbox.drainer.step(NOON + 9 * DAY)
    Schedule(inbox.pulse, SteadyClock(ENV.data.clock_mark)).run(now=NOON + 9 * DAY + MINUTE)
    assert Signature.objects.get().state == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_two_hours_after_withdrawing_no_file_holds_the_person(inbox: Inbox, data_folder: Path) -> None:
    """Words and hash, in every file of the data folder: records, inbox, their logs. The three-mails mark aside."""
    make_campaign()
    said = {"name": "Zqxcanary Name", "email": "zqxcanary@example.com", "postcode": "ZQXPOST"}
    inbox.put(make_submission(**said))
    inbox.drainer.step(NOON)
    row = Signature.objects.get()
    words = [value.encode() for value in said.values()] + [bytes(row.address_hash or b"")]
    inbox.put(make_confirmation(row))
    inbox.drainer.step(NOON + MINUTE)
    box = bytes(Signature.objects.get().box or b"")
    inbox.put(make_submission("my-data", email=said["email"]))
    inbox.drainer.step(NOON + 2 * MINUTE)
    assert bytes(MyDataMail.objects.get().address_hash) == words[-1]
    inbox.put(make_withdrawal(row, said["email"]))
    inbox.drainer.step(NOON + 2 * MINUTE)
    Postman(ENV, FakeMailer, inbox.pulse).step(NOON + 3 * MINUTE)
    schedule = Schedule(inbox.pulse, SteadyClock(ENV.data.clock_mark))
    for minute in range(4, 124, 10):
        inbox.drainer.step(NOON + minute * MINUTE)
        schedule.run(now=NOON + minute * MINUTE)
    AddressMark.objects.all().delete()  # it may stay for seven days
    schedule.run(now=NOON + 3 * HOUR)

    for file in (path for path in data_folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        assert not [word for word in [*words, box] if word in content], file
