"""What the clock asks for keeps nobody waiting."""

import sqlite3
from contextlib import closing
from time import monotonic

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import over_kept
from clarion.env import Env
from clarion.jobs.promises import promise
from clarion.kernel.keys import Keys
from clarion.places.countries import CountrySettingsError
from clarion.signatures.models import Signature
from clarion.worker.clock import SteadyClock
from clarion.worker.publishing import Publisher, PublishLoop, promised_work
from clarion.worker.pulse import Pulse
from clarion.worker.schedule import Schedule, truncate_records
from tests.make import DAY, MINUTE, NOON, SECOND, make_campaign, make_signature, make_team

ENV: Env = settings.ENV


@pytest.fixture
def over(keys: Keys) -> list[Campaign]:
    """Two campaigns that ended yesterday, with 401 signatures each."""
    ended = [make_campaign(slug, keep_until=NOON.date() - DAY) for slug in ("one", "two")]
    for campaign in ended:
        like = _like(make_signature(campaign, keys))
        Signature.objects.bulk_create(
            Signature(**like, campaign=campaign, public_id=f"{campaign.pk}-{n}") for n in range(400)
        )
    return ended


def held() -> int:
    """Of how many signatures personal data is held."""
    return Signature.objects.filter(box__isnull=False).count()


@pytest.mark.django_db
@pytest.mark.usefixtures("data_folder", "over")
def test_what_ends_all_at_once_is_erased_in_slices_between_which_others_are_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Millions may end on one day: counts, switches and events follow within seconds all the same."""
    monkeypatch.setattr("clarion.worker.schedule.SLICE_SECONDS", 0)
    loop = PublishLoop(ENV, Pulse(drained_until=NOON))

    left = []
    for second in range(3):
        promise("publish-root")
        loop.step(NOON + second * SECOND)
        assert promised_work() == []
        left.append(held())
    assert left == [302, 0, 0]


@pytest.mark.django_db
@pytest.mark.usefixtures("data_folder", "over")
def test_data_goes_in_time_whatever_cannot_be_published() -> None:
    (ENV.data.root / "countries.toml").write_text("hide = [")
    loop = PublishLoop(ENV, Pulse(drained_until=NOON))

    with pytest.raises(CountrySettingsError):
        loop.step(NOON)
    (ENV.data.root / "countries.toml").unlink()

    assert held() < 802


@pytest.mark.django_db
@pytest.mark.usefixtures("data_folder")
def test_a_closing_that_was_not_seen_for_an_error_is_seen_the_next_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    make_campaign(closes_at=NOON + SECOND)
    schedule = Schedule(Pulse(), SteadyClock(ENV.data.clock_mark))
    schedule.run(now=NOON)
    with monkeypatch.context() as broken:
        broken.setattr("clarion.worker.schedule.published_campaigns", lambda: 1 / 0)
        schedule.run(now=NOON + MINUTE)
    assert promised_work() == []

    schedule.run(now=NOON + 2 * MINUTE)

    assert [one.name for one in promised_work()] == ["publish-switches"]


@pytest.mark.django_db
@pytest.mark.usefixtures("data_folder")
def test_a_campaign_whose_figures_cannot_be_written_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for slug in ("broken", "whole"):
        make_campaign(slug)
    written: list[str] = []

    def write(slug: str, **_: object) -> None:
        if slug == "broken":
            raise OSError("no space left on device")
        written.append(slug)

    monkeypatch.setattr("clarion.pages.publishing.publish_count_pages", write)
    publisher = Publisher(ENV, Pulse())
    publisher.start(NOON)

    publisher.refresh(NOON)
    publisher.refresh(NOON + MINUTE)

    assert written == ["whole"]
    monkeypatch.setattr("clarion.pages.publishing.publish_count_pages", lambda slug, **_: written.append(slug))
    publisher.refresh(NOON + 2 * MINUTE)
    assert written == ["whole", "broken"]


@pytest.mark.django_db
@pytest.mark.usefixtures("data_folder")
def test_memory_is_given_back_once_nothing_is_left_to_publish_and_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[int] = []
    monkeypatch.setattr("clarion.worker.publishing.give_back", lambda: given.append(1))
    loop = PublishLoop(ENV, Pulse())

    for second in (0, 1, 2, 3):  # kept, then nothing; kept, then nothing
        if second in (0, 2):
            promise("publish-root")
        loop.step(NOON + second * SECOND)
    assert given == [1]
    loop.step(NOON + 2 * MINUTE)
    loop.step(NOON + 4 * MINUTE)
    assert given == [1, 1]


@pytest.mark.django_db
def test_looking_each_minute_for_what_is_kept_too_long_reads_no_picture(over: list[Campaign]) -> None:
    with CaptureQueriesContext(connection) as queries:
        found = over_kept(NOON)

    assert [campaign for campaign, _ in found] == over
    assert "picture" not in str(queries.captured_queries)


def _like(row: Signature) -> dict[str, object]:
    names = ("state", "version", "language", "consent", "country", "address_hash", "box", "signed_at")
    return {name: getattr(row, name) for name in names}


@pytest.mark.django_db(transaction=True)
def test_cutting_the_records_log_waits_for_no_backup_since_all_who_write_would_wait_too() -> None:
    """On PostgreSQL there is nothing to cut, and nobody to wait for."""
    make_team()
    path = str(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else ":memory:"
    with closing(sqlite3.connect(path, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM sqlite_master").fetchone()
        make_team(owner_email="other@example.org", name="Other")
        if connection.vendor == "sqlite":
            connection.cursor().execute("PRAGMA busy_timeout = 60000")  # what it would wait if it waited

        began = monotonic()
        assert truncate_records() is (connection.vendor != "sqlite")
        assert monotonic() - began < 30
    assert truncate_records()
