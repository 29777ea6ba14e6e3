"""Several workers drain one inbox: nobody is taken twice, mailed twice or counted twice, and nothing is left behind."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connections

from clarion.campaigns.models import Campaign
from clarion.env import Env
from clarion.inbox.ends import open_reader, open_writer
from clarion.kernel.keys import Keys, read_key_ring
from clarion.kernel.links import sign_link
from clarion.kernel.sealing import BatchSealer, sealing_public_key
from clarion.kernel.submissions import Submission
from clarion.outbox.models import Mail
from clarion.privacy.models import SetAside
from clarion.signatures.models import Signature
from clarion.worker.draining import Drainer
from clarion.worker.opening import Opener
from clarion.worker.pulse import Pulse
from tests.figures import confirmed_count
from tests.make import HOUR, NOON, make_campaign, make_confirmation, make_signature, make_submission

pytestmark = pytest.mark.django_db(transaction=True)

ENV: Env = settings.ENV
ROUNDS = 20
WORKERS = 2


class Workers:
    """Intake's end of one inbox, and workers that drain it at the same moment."""

    def __init__(self, keys: Keys, countries: Path) -> None:
        self._keys = keys
        self._countries = countries
        self._ring = read_key_ring(ENV.data.keys, "inbox")
        self._links = read_key_ring(ENV.data.keys, "link")
        self._writer = open_writer(ENV.data.inbox, ENV.inbox_database)

    def put(self, submissions: Sequence[Submission], *, in_a_batch: int) -> None:
        """Append them as intake does."""
        for start in range(0, len(submissions), in_a_batch):
            sealer = BatchSealer(self._ring.current.number, sealing_public_key(self._ring.current))
            part = submissions[start : start + in_a_batch]
            rows = [(one.id, sealer.seal(one.to_bytes())) for one in part]
            self._writer.append(rows, sealer.key_number, sealer.sealed_key, at=part[0].at)

    def token(self, submission: Submission) -> str:
        """The token of its link, as the worker signed it."""
        assert submission.link
        return sign_link(self._links.current, submission.link)

    def drain(self) -> int:
        """Let them all drain from one moment on; gives how many rows are left."""
        gate = Barrier(WORKERS)
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda _: self._drain(gate.wait), range(WORKERS)))
        with closing(open_reader(ENV.data.inbox, ENV.database)) as reader:
            return reader.waiting()

    def _drain(self, start: Callable[[], object]) -> None:
        with closing(open_reader(ENV.data.inbox, ENV.database)) as reader:
            drainer = Drainer(reader, Opener(ENV.data.keys), self._keys, self._countries, Pulse())
            start()
            while drainer.step(NOON + HOUR):
                pass
        connections.close_all()

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def workers(data_folder: Path, keys: Keys, tmp_path: Path) -> Iterator[Workers]:
    with closing(Workers(keys, tmp_path / "no-countries.toml")) as workers:
        yield workers


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    monkeypatch.setattr("clarion.worker.draining.BATCH", 16)  # so that both have something to take
    return make_campaign()


def test_64_identical_forms_are_one_row_and_one_mail(campaign: Campaign, workers: Workers) -> None:
    for number in range(1, ROUNDS + 1):
        workers.put([make_submission(email=f"amina{number}@example.com") for _ in range(64)], in_a_batch=1)

        assert workers.drain() == 0
        assert (Signature.objects.count(), Mail.objects.count()) == (number, number)
    assert SetAside.objects.count() == 0


def test_many_links_of_one_address_count_once(campaign: Campaign, workers: Workers, keys: Keys) -> None:
    for number in range(1, ROUNDS + 1):
        rows = [make_signature(campaign, keys, email=f"bo{number}+{n}@example.com") for n in range(8)]
        presses = [make_confirmation(row) for row in rows for _ in range(4)]
        workers.put([replace(one, token=workers.token(one)) for one in presses], in_a_batch=1)

        assert workers.drain() == 0
        assert confirmed_count(campaign) == number
    assert Signature.objects.filter(state="confirmed").count() == ROUNDS
    assert SetAside.objects.count() == 0


def test_three_mails_at_the_most_reach_an_address_by_whichever_worker(campaign: Campaign, workers: Workers) -> None:
    forms = [make_submission(email="chidi@example.com", name=f"Name {n}") for n in range(64)]
    workers.put(forms, in_a_batch=1)

    assert workers.drain() == 0
    assert (Signature.objects.count(), Mail.objects.count()) == (3, 3)


def test_different_people_are_all_taken_once(campaign: Campaign, workers: Workers) -> None:
    workers.put([make_submission(email=f"signer{n}@example.com") for n in range(200)], in_a_batch=3)

    assert workers.drain() == 0
    assert Signature.objects.count() == Mail.objects.count() == 200
