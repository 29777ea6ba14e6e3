"""A long publication lets by what is urgent."""

import pytest
from django.db import transaction

from clarion.audit.actions import HOST
from clarion.campaigns.actions import pause_campaign, resume_campaign
from clarion.events.models import Event
from clarion.jobs.promises import promise
from clarion.kernel.keys import Keys
from clarion.kernel.policy import read_policy
from clarion.pages import publishing as pages
from clarion.pages.pausing import Overtaken
from clarion.pages.press import Press
from clarion.settings import ENV
from clarion.worker import publishing
from clarion.worker.publishing import Publisher, promised_work
from clarion.worker.pulse import Pulse
from tests.make import NOON, make_campaign, make_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch, data_folder: object) -> Publisher:
    """A publisher that looks up at every chance."""
    monkeypatch.setattr(publishing, "_LOOK_UP_SECONDS", 0.0)
    return Publisher(ENV, Pulse())


def _promise(name: str, **arguments: str) -> None:
    with transaction.atomic():
        promise(name, **arguments)


def policy_state() -> str:
    """What intake is told of the campaign."""
    return read_policy((ENV.data.policy / "policy.json").read_text()).campaigns["clean-water"].state


def test_new_figures_are_out_before_a_long_one_ends(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    make_campaign()
    order: list[str] = []
    real_counts, real_policy = pages.publish_counts, pages.write_policy

    def counts(slug: str, **more: object) -> None:
        order.append("counts")
        real_counts(slug, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "publish_counts", counts)
    monkeypatch.setattr(pages, "publish_cities", lambda *_: order.append("whole"))
    _promise("publish-campaign", campaign="clean-water")

    def policy(press: Press) -> None:
        real_policy(press)
        _promise("publish-counts", campaign="clean-water")

    monkeypatch.setattr(pages, "write_policy", policy)
    publisher.keep_one(NOON)
    assert order == ["counts", "whole"]
    assert promised_work() == []


def test_a_publication_that_an_event_overtook_starts_again(
    publisher: Publisher, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    event = make_event(campaign, keys, state=Event.State.WAITING)
    _promise("publish-campaign", campaign="clean-water")
    kept = False

    def keep_meanwhile(_: object) -> None:
        nonlocal kept
        if not kept:
            kept = True
            Event.objects.update(state=Event.State.KEPT)
            _promise("publish-event", campaign="clean-water", event=event.public_id)

    monkeypatch.setattr(pages, "write_policy", keep_meanwhile)
    publisher.keep_one(NOON)
    assert [one.name for one in promised_work()] == ["publish-campaign"]
    page = ENV.data.site / "clean-water" / "en" / "events" / event.public_id / "index.html"
    assert page.exists()
    publisher.keep_one(NOON)
    assert promised_work() == []
    assert page.exists()


def test_a_publication_is_not_overtaken_for_ever(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    make_campaign()
    for _ in range(3):
        _promise("publish-switches", campaign="clean-water")
        with pytest.raises(Overtaken):
            publisher.pause()
        publisher._restarts += 1
    _promise("publish-switches", campaign="clean-water")
    publisher.pause()
    assert [one.name for one in promised_work()] == ["publish-switches"]


def test_a_pause_is_obeyed_while_a_publication_that_may_not_start_again_goes_on(publisher: Publisher) -> None:
    """Promise: forms obey a switch within three seconds, however many publications wait."""
    campaign = make_campaign()
    _promise("publish-campaign", campaign="clean-water")
    publisher.keep_one(NOON)
    assert policy_state() == "open"
    publisher._restarts = 3
    pause_campaign(campaign, by=HOST, now=NOON)
    _promise("publish-event", campaign="clean-water", event="0" * 22)

    assert publisher.is_pause_wanted()
    publisher.pause()

    assert policy_state() == "paused"
    assert [one.name for one in promised_work()] == ["publish-switches", "publish-event"]
    assert not publisher.is_pause_wanted()  # it lets the same switch by once
    resume_campaign(campaign, by=HOST, now=NOON)
    publisher.pause()
    assert policy_state() == "open"


def test_a_promise_of_a_newer_version_holds_up_no_publication(publisher: Publisher) -> None:
    """The old wheel was installed again: what it does not know waits, and is no more urgent than what it does."""
    make_campaign()
    _promise("publish-campaign", campaign="clean-water")
    _promise("publish-what-is-new", campaign="clean-water")

    publisher.keep_one(NOON)

    assert policy_state() == "open"
    assert [one.name for one in promised_work()] == ["publish-what-is-new"]
