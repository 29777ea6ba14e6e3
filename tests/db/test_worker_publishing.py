"""Promises are kept: the urgent first, identical ones once, by one publisher at a time."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from clarion.env import Env
from clarion.jobs.promises import promise
from clarion.kernel.clock import DAY, SECOND, utc_now
from clarion.kernel.keys import Keys
from clarion.kernel.policy import read_policy
from clarion.mirrors.lock import publish_lock
from clarion.pages import publishing as pages
from clarion.signatures.actions import confirm_signatures
from clarion.worker import publishing
from clarion.worker.clock import SteadyClock
from clarion.worker.publishing import COUNTS_EVERY, Publisher, PublishLoop, promised_work, publish_now
from clarion.worker.pulse import Pulse
from clarion.worker.schedule import Schedule
from tests.make import MINUTE, NOON, make_campaign, make_confirmation, make_event, make_signature

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

ENV: Env = settings.ENV


@transaction.atomic
def promise_all(*names: str) -> None:
    for name in names:
        promise(name, campaign="clean-water")


def test_identical_promises_are_one_piece_of_work_and_urgent_ones_come_first() -> None:
    promise_all("publish-campaign", "publish-counts", "publish-counts", "publish-switches")

    work = promised_work()

    assert [one.name for one in work] == ["publish-switches", "publish-counts", "publish-campaign"]
    assert [len(one.rows) for one in work] == [1, 2, 1]


def test_a_counted_signature_stands_in_counts_json_at_once_and_on_other_pages_within_a_minute(
    data_folder: Path, keys: Keys
) -> None:
    campaign = make_campaign()
    loop = PublishLoop(ENV, Pulse())
    loop.step(NOON)
    signature = make_signature(campaign, keys)
    confirm_signatures([make_confirmation(signature)], keys=keys, now=NOON)
    loop.step(NOON + MINUTE / 10)

    counts = json.loads((data_folder / "site/clean-water/counts.json").read_text())
    assert counts["total"] == 1
    assert promised_work() == []
    page = data_folder / "site/clean-water/en/counts/index.html"
    before = page.read_bytes()
    loop.step(NOON + MINUTE)
    assert page.read_bytes() != before


def test_figures_that_were_published_a_moment_ago_wait_and_hold_up_nothing_else(data_folder: Path) -> None:
    """Publishing them after each batch took half of the worker's time."""
    make_campaign()
    promise_all("publish-counts")
    publisher = Publisher(ENV, Pulse(), COUNTS_EVERY)
    assert publisher.keep_one(NOON)
    promise_all("publish-counts", "publish-switches")

    assert publisher.keep_one(NOON + COUNTS_EVERY / 2)
    assert not publisher.keep_one(NOON + COUNTS_EVERY / 2)
    assert [one.name for one in promised_work()] == ["publish-counts"]
    assert publisher.keep_one(NOON + COUNTS_EVERY)


def test_a_promise_that_cannot_be_kept_waits_and_holds_up_no_other(data_folder: Path) -> None:
    make_campaign()
    with transaction.atomic():
        promise("publish-switches")  # says no campaign: nothing can be made of it
    promise_all("publish-counts")
    publisher = Publisher(ENV, Pulse())

    assert publisher.keep_one(NOON)
    assert publisher.is_failing
    assert publisher.keep_one(NOON)
    assert not publisher.keep_one(NOON)
    assert [one.name for one in promised_work()] == ["publish-switches"]
    assert publisher.keep_one(NOON + MINUTE)


def promise_events(*ids: str) -> None:
    with transaction.atomic():
        for event_id in ids:
            promise("publish-event", campaign="clean-water", event=event_id)


def test_what_lists_events_is_published_once_for_all_that_wait(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moderator keeps fifty in a minute: each has its page at once, and ten thousand others are listed once."""
    campaign = make_campaign()
    events = [make_event(campaign, title=f"Number {n}") for n in range(3)]
    runs: list[list[str]] = []
    real = pages.publish_events

    def publish(slug: str, ids: list[str], **more: Any) -> None:
        runs.append(ids)
        real(slug, ids, **more)

    monkeypatch.setattr(pages, "publish_events", publish)
    ids = [event.public_id for event in events]
    promise_events(*ids, ids[0])

    assert Publisher(ENV, Pulse()).keep_one(NOON)

    assert runs == [ids]
    assert promised_work() == []
    listed = (data_folder / "site/clean-water/en/events/index.html").read_text()
    assert all(f"Number {n}" in listed for n in range(3))
    assert all((data_folder / f"site/clean-water/en/events/{event_id}/index.html").is_file() for event_id in ids)


def test_an_event_that_cannot_be_published_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are tried together first, and then each by itself."""
    make_campaign()
    promise_events("good", "bad", "other")

    def publish(_: str, ids: list[str], **__: Any) -> None:
        if "bad" in ids:
            raise ValueError(ids)

    monkeypatch.setattr(pages, "publish_events", publish)
    publisher = Publisher(ENV, Pulse())

    assert publisher.keep_one(NOON)
    assert not publisher.keep_one(NOON)
    while publisher.keep_one(NOON + MINUTE):
        pass
    assert [one.arguments["event"] for one in promised_work()] == ["bad"]


def test_figures_do_not_wait_behind_thousands_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """All events of a day may end in one hour."""
    monkeypatch.setattr(publishing, "_AT_ONCE", 5)
    promise_events(*(f"event-{n}" for n in range(10)))
    promise_all("publish-counts")

    assert promised_work()[0].name == "publish-counts"


def test_a_command_publishes_only_while_nobody_else_does(data_folder: Path) -> None:
    make_campaign()
    promise_all("publish-campaign")
    with publish_lock(ENV.data.publish_lock) as is_ours:
        assert is_ours
        assert not publish_now(ENV)

    assert publish_now(ENV)
    assert promised_work() == []
    policy = read_policy((data_folder / "policy/policy.json").read_text())
    assert set(policy.campaigns) == {"clean-water"}
    assert (data_folder / "site/clean-water/en/index.html").is_file()


def test_a_worker_that_was_away_tells_of_calls_that_closed_meanwhile() -> None:
    make_campaign(closes_at=NOON - 3 * DAY)
    schedule = Schedule(Pulse(), SteadyClock(ENV.data.clock_mark))

    schedule.run(now=NOON)
    schedule.run(now=NOON + MINUTE)

    assert [one.name for one in promised_work()] == ["publish-switches"]


def test_the_form_stands_on_the_page_within_a_minute_of_the_opening(data_folder: Path) -> None:
    make_campaign(opens_at=NOON + SECOND)
    promise_all("publish-campaign")
    loop = PublishLoop(ENV, Pulse())
    call = data_folder / "site/clean-water/en/index.html"

    loop.step(NOON)
    assert ("Signing opens on" in call.read_text(), 'data-form="sign"' in call.read_text()) == (True, False)
    loop.step(NOON + MINUTE)
    assert ("Signing opens on" in call.read_text(), 'data-form="sign"' in call.read_text()) == (False, True)


def test_sessions_that_are_over_go(client: Client) -> None:
    client.session.save()
    Schedule(Pulse(), SteadyClock(ENV.data.clock_mark)).run(now=utc_now())
    assert Session.objects.count() == 1

    Schedule(Pulse(), SteadyClock(ENV.data.clock_mark)).run(now=utc_now() + 2 * DAY)
    assert Session.objects.count() == 0
