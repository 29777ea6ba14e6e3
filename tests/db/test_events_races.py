"""Two at once: moderators, presses of a button, an organiser and a moderator. Real threads on a real database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection

from clarion.events.actions import confirm_proposal, end_past_events, take_manage_form, take_proposal
from clarion.events.models import Event, Revision
from clarion.kernel.errors import Refusal
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.moderation.actions import decide_event, decide_revision, undo_decision
from clarion.moderation.models import Decision
from clarion.outbox.models import Mail
from clarion.worker.draining import Carrier
from tests.make import DAY, HOUR, NOON, make_campaign, make_event, make_organiser, make_proposal, make_submission

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act gave, or the refusal it met; all started in the same moment."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(results: list[object]) -> list[str]:
    """The codes of the refusals."""
    return [result.code for result in results if isinstance(result, Refusal)]


def manage(event: Event, do: str, **fields: str) -> Callable[[], object]:
    """Posting a manage page's form."""
    link = Link(LinkKind.MANAGE, event.campaign_id, event.public_id)  # type: ignore[arg-type]
    submission = make_submission("manage", link=link, at=NOON, do=do, **fields)
    return lambda: take_manage_form(submission, now=NOON)


@pytest.mark.parametrize("round_number", range(5))
def test_of_two_moderators_one_decides_and_one_is_told(keys: Keys, round_number: int) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    one, other = make_organiser(), make_organiser()

    results = at_once(
        lambda: decide_event(event.public_id, "keep", checked="known", by=one, now=NOON),
        lambda: decide_event(event.public_id, "refuse", reason="duplicate", by=other, now=NOON),
    )

    assert refusals(results) == ["already-decided"]
    decision = Decision.objects.get()
    assert Event.objects.get().state == {"keep": "kept", "refuse": "refused"}[decision.verb]
    assert Mail.objects.count() == 1


def test_a_change_is_decided_by_one_of_two_moderators(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)
    manage(event, "change", title="Jugs")()
    revision = Revision.objects.get()
    one, other = make_organiser(), make_organiser()

    results = at_once(
        lambda: decide_revision(revision.public_id, "keep", by=one, now=NOON),
        lambda: decide_revision(revision.public_id, "refuse", reason="other", by=other, now=NOON),
    )

    assert refusals(results) == ["already-decided"]
    kept = Revision.objects.get().state == "kept"
    assert Event.objects.get().title == ("Jugs" if kept else event.title)


def test_a_decision_is_undone_once(keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()
    decision = decide_event(event.public_id, "keep", checked="known", by=by, now=NOON)

    results = at_once(*[lambda: undo_decision(decision.public_id, by=by, now=NOON)] * 4)

    assert refusals(results) == ["cannot-undo"] * 3
    assert Event.objects.get().state == "waiting"


def test_a_button_pressed_four_times_at_once_confirms_once(keys: Keys) -> None:
    campaign = make_campaign()
    event = take_proposal(make_proposal(), keys=keys, now=NOON)
    assert event is not None
    link = Link(LinkKind.CONFIRM_EVENT, campaign.pk, event.public_id)  # type: ignore[arg-type]
    presses = [make_submission("confirm", link=link, answer="yes") for _ in range(4)]

    results = at_once(*[lambda press=press: confirm_proposal(press, keys=keys, now=NOON) for press in presses])

    assert sorted(results, key=bool) == [False, False, False, True]
    assert Mail.objects.filter(kind="event-received").count() == 1


def test_one_proposal_drained_by_four_at_once_is_one_event_and_one_mail(keys: Keys, tmp_path: Path) -> None:
    make_campaign()
    forms = [make_proposal() for _ in range(4)]
    carrier = Carrier(keys, tmp_path / "no-countries.toml")

    at_once(*[lambda form=form: carrier.carry_out([form], now=NOON) for form in forms])

    assert (Event.objects.count(), Mail.objects.count()) == (1, 1)


def test_a_text_that_changes_while_a_moderator_keeps_it_is_never_shown_unread(keys: Keys) -> None:
    """Either the old text is kept and the change waits, or the moderator is told to read again."""
    event = make_event(make_campaign(), keys, state="waiting")
    by = make_organiser()

    results = at_once(
        lambda: decide_event(event.public_id, "keep", checked="known", by=by, now=NOON, seen=event.sequence),
        manage(event, "change", title="Unread words"),
    )

    left = Event.objects.get()
    if refusals(results):
        assert (left.state, left.title) == ("waiting", "Unread words")
    else:
        assert (left.state, left.title) == ("kept", event.title)
        assert Revision.objects.get().fields == {"title": "Unread words"}


def test_an_event_ends_or_is_cancelled_but_not_both(keys: Keys) -> None:
    event = make_event(make_campaign(), keys)

    ended, cancelled = at_once(
        lambda: end_past_events(now=NOON + 10 * DAY + HOUR), manage(event, "cancel", city="Nairobi")
    )

    assert (ended, cancelled) in ((1, False), (0, True))
    assert Event.objects.get().state == ("ended" if ended else "cancelled")
