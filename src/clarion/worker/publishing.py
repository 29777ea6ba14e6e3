"""The third loop: what was promised is published, by one publisher at a time; and work that the clock asks for."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from time import monotonic
from typing import Any
from uuid import UUID

from django.db.models import Case, When
from django_tasks_db.models import DBTaskResult

from clarion.campaigns.queries import published_campaigns
from clarion.env import Env
from clarion.jobs.promises import carry_out
from clarion.kernel.clock import DAY, MINUTE, SECOND, doubled, has_passed, utc_now
from clarion.kernel.memory import give_back
from clarion.machines.actions import hold_to_keys
from clarion.mirrors.lock import publish_lock
from clarion.pages import publishing as pages
from clarion.pages.pausing import Overtaken, Pause
from clarion.pages.policy import write_policy
from clarion.pages.press import Press
from clarion.worker.clock import SteadyClock
from clarion.worker.pulse import Pulse
from clarion.worker.roads import NoRoad, Road, open_road
from clarion.worker.schedule import Schedule

log = logging.getLogger("clarion.worker")

TICK = MINUTE
_READY = "READY"
_AT_ONCE = 2000

# What a promised name means, what must be out first standing first. The long one lets the others by.
NAMES: Mapping[str, Callable[[Mapping[str, Any], Press, Pause], None]] = {
    "publish-switches": lambda said, press, _: pages.publish_switches(said["campaign"], desk=press),
    "publish-counts": lambda said, press, _: pages.publish_counts(said["campaign"], desk=press),
    "publish-manage": lambda said, press, _: pages.publish_manage(said["campaign"], said["event"], desk=press),
    "publish-event": lambda said, press, _: pages.publish_events(said["campaign"], said["event"], desk=press),
    "publish-campaign": lambda said, press, pause: pages.publish_campaign(said["campaign"], desk=press, pause=pause),
    "publish-root": lambda _, press, __: pages.publish_root(desk=press),
}
_RANK = {name: rank for rank, name in enumerate(NAMES)}
_LONG = _RANK["publish-campaign"]
_SWITCHES = "publish-switches"
_TOGETHER = "publish-event"  # promises of which many are kept at once, for what lists one event lists the others
_MOST_TOGETHER = 200
_LOOK_UP_SECONDS = 0.5
_LONGEST_REST = 5 * MINUTE  # before a promise is tried again; what lies farther off comes from a clock set back since
# Figures must follow within five seconds; publishing them after each batch took half of the worker's time.
COUNTS_EVERY = timedelta(seconds=2)
_MOST_RESTARTS = 3  # after that a long publication lets by only what does not make it old, so that it ends


@dataclass(frozen=True, slots=True)
class Promised:
    """One piece of work, and the rows that promise it: identical promises are carried out once."""

    name: str
    arguments: Mapping[str, str]
    rows: tuple[UUID, ...]

    @property
    def key(self) -> str:
        """The same for identical promises."""
        return json.dumps([self.name, dict(self.arguments)], sort_keys=True)


def promised_work() -> list[Promised]:
    """What waits to be carried out, the most urgent first, the oldest first among equals."""
    rows = DBTaskResult.objects.filter(status=_READY, task_path=carry_out.module_path).annotate(rank=_IN_ORDER)
    found: dict[str, tuple[str, dict[str, Any], list[UUID]]] = {}
    for pk, said in rows.order_by("rank", "enqueued_at").values_list("id", "args_kwargs")[:_AT_ONCE]:
        name, arguments = said["kwargs"]["name"], said["kwargs"]["arguments"]
        key = json.dumps([name, arguments], sort_keys=True)
        found.setdefault(key, (name, arguments, []))[2].append(pk)
    return [Promised(name, arguments, tuple(pks)) for name, arguments, pks in found.values()]


_IN_ORDER = Case(*(When(args_kwargs__kwargs__name=name, then=rank) for name, rank in _RANK.items()), default=len(_RANK))


@dataclass(slots=True)
class Failures:
    """Promises that could not be kept: they stay, and are tried again later, each time after a longer rest."""

    until: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Whether it failed when it was last tried."""
        return key in self.until

    def is_resting(self, key: str, now: datetime) -> bool:
        """Whether it is too early to try again."""
        return key in self.until and now < self.until[key][1] <= now + _LONGEST_REST

    def note(self, key: str, now: datetime) -> None:
        """It failed."""
        times = self.until.get(key, (0, now))[0] + 1
        self.until[key] = (times, now + doubled(SECOND, times, _LONGEST_REST))

    def forget(self, key: str) -> None:
        """It succeeded."""
        self.until.pop(key, None)


def _said(work: Sequence[Promised]) -> Mapping[str, Any]:
    """The arguments of what is kept in one go: of events all ids."""
    said = work[0].arguments
    return {**said, "event": [one.arguments["event"] for one in work]} if work[0].name == _TOGETHER else said


class Publisher:
    """Publishes what was promised. Only for who holds the lock, and the right to send on by `road`."""

    def __init__(self, env: Env, pulse: Pulse, counts_every: timedelta = timedelta(), road: Road | None = None) -> None:
        self._env = env
        self._road = road or NoRoad()
        self._pulse = pulse
        self._counts_every = counts_every
        self._counted_at: dict[str, datetime] = {}  # by promise
        self._failures = Failures()
        self._stale: set[str] = set()  # campaigns whose slower pages show older figures
        self._delay_shown: int | None = None
        self._restarts = 0
        self._let_by: set[UUID] = set()  # rows of switches that forms obey, but not yet every page
        self._looked_up_at = 0.0

    def press(self, now: datetime) -> Press:
        """The surroundings of one publication.

        A key that was added is noted before a policy names it, so that no other worker takes what is sealed to it.
        """
        env = self._env
        if env.database:
            hold_to_keys(env.data.keys, ("inbox", "link"))
        return Press(env.data, env.public_url, env.office_url, now, env.frame_ancestor, self._pulse.mail_delay)

    def start(self, now: datetime) -> None:
        """Write the policy and what belongs to no campaign; what was counted while nobody published follows."""
        write_policy(self.press(now))
        pages.publish_root(desk=self.press(now))
        pages.make_ready(desk=self.press(now))
        self._stale = set(published_campaigns().values_list("slug", flat=True))

    def keep_one(self, now: datetime) -> bool:
        """Keep the most urgent promise, with those of its kind; gives whether there was one.

        No more at a time, so that new figures never wait behind a long list.
        """
        work = next(self._batches(self._due(now)), None)
        if work is None:
            return False
        self._keep(work, now)
        return True

    def _due(self, now: datetime) -> list[Promised]:
        """What waits, but for what failed lately, and figures that were published a moment ago."""
        return [
            one
            for one in promised_work()
            if not self._failures.is_resting(one.key, now)
            and not abs(now - self._counted_at.get(one.key, datetime.min.replace(tzinfo=UTC))) < self._counts_every
        ]

    def _batches(self, due: Iterable[Promised]) -> Iterator[list[Promised]]:
        """What is kept in one go: the events of a campaign together, but one that failed before by itself."""
        for (name, _, has_failed), alike in groupby(due, key=self._kind):
            waiting = list(alike)
            at_once = _MOST_TOGETHER if name == _TOGETHER and not has_failed else 1
            yield from (waiting[first : first + at_once] for first in range(0, len(waiting), at_once))

    def _kind(self, one: Promised) -> tuple[str, str, bool]:
        return one.name, one.arguments.get("campaign", ""), self._failures.has(one.key)

    def _keep(self, work: Sequence[Promised], now: datetime) -> None:
        name = work[0].name
        try:
            NAMES[name](_said(work), self.press(now), Pause(self.pause, self.is_pause_wanted))
            self._road.send()  # a promise is kept when every machine can have it
        except Overtaken:
            self._restarts += 1  # the promise stays, and is kept from the start
            return
        except Exception:
            log.exception("%s failed", name)
            for one in work:
                self._failures.note(one.key, now)
            return
        self._note_kept(work, now)

    def _note_kept(self, work: Sequence[Promised], now: datetime) -> None:
        for one in work:
            self._failures.forget(one.key)
            if _RANK.get(one.name, len(_RANK)) == _LONG:
                self._restarts = 0
            if one.name == "publish-counts":
                self._counted_at[one.key] = now
                self._stale.add(one.arguments["campaign"])
        rows = [pk for one in work for pk in one.rows]
        self._let_by.difference_update(rows)
        DBTaskResult.objects.filter(pk__in=rows).delete()

    def is_pause_wanted(self) -> bool:
        """Whether anything waits that is more urgent than a long publication. Looks now and then only."""
        if monotonic() - self._looked_up_at < _LOOK_UP_SECONDS:
            return False
        self._looked_up_at = monotonic()
        self._road.send()
        return bool(self._urgent(utc_now()))

    def _urgent(self, now: datetime) -> list[Promised]:
        urgent = [one for one in self._due(now) if _RANK.get(one.name, len(_RANK)) < _LONG]
        return [one for one in urgent if self._may_pass(one)] if self._must_end else urgent

    @property
    def _must_end(self) -> bool:
        """Whether a long publication was started again so often that nothing may make it old now."""
        return self._restarts >= _MOST_RESTARTS

    def _may_pass(self, one: Promised) -> bool:
        return one.name == "publish-counts" or (one.name == _SWITCHES and not self._let_by.issuperset(one.rows))

    def pause(self) -> None:
        """Keep what is more urgent than the long publication that calls this; raises `Overtaken` if that is old now."""
        now = utc_now()
        urgent = self._urgent(now)
        for work in self._batches(urgent):
            if self._must_end and work[0].name == _SWITCHES:
                self._let_switches_by(work[0], now)
            else:
                self._keep(work, now)
        if not self._must_end and any(one.name != "publish-counts" for one in urgent):
            raise Overtaken

    def _let_switches_by(self, one: Promised, now: datetime) -> None:
        """Forms obey at once; the promise stays, for the long publication may yet write a page as it was before."""
        try:
            pages.publish_switches_first(one.arguments["campaign"], desk=self.press(now))
            self._road.send()
        except Exception:
            log.exception("%s failed", one.name)
            self._failures.note(one.key, now)
            return
        self._let_by.update(one.rows)

    def refresh(self, now: datetime) -> None:
        """Bring the slower pages up to date: those that show figures, and how long mails take.

        And the policy file: the key by which networks are marked is a new one each day.
        """
        write_policy(self.press(now))
        for slug in sorted(self._stale):
            self._refresh_counts(slug, now)
        minutes = None if self._pulse.mail_delay is None else -(-self._pulse.mail_delay // MINUTE)
        if minutes != self._delay_shown:
            self._delay_shown = minutes
            for slug in published_campaigns().values_list("slug", flat=True):
                pages.publish_mail_delay(slug, desk=self.press(now))

    def _refresh_counts(self, slug: str, now: datetime) -> None:
        """A campaign whose pages are overtaken, or cannot be written, stays stale until the next minute."""
        try:
            pages.publish_count_pages(slug, desk=self.press(now), pause=Pause(self.pause, self.is_pause_wanted))
        except Overtaken:
            self._restarts += 1  # else a busy moderator would keep the last languages from ever being reached
        except Exception:
            log.exception("the figures of a campaign's pages could not be brought up to date")
        else:
            self._restarts = 0
            self._stale.discard(slug)

    @property
    def is_failing(self) -> bool:
        """Whether any promise waits for another try."""
        return bool(self._failures.until)


class PublishLoop:
    """The worker's own publisher: keeps promises as they come, and looks at the clock each minute."""

    def __init__(self, env: Env, pulse: Pulse, road: Road | None = None) -> None:
        self._pulse = pulse
        self._publisher = Publisher(env, pulse, COUNTS_EVERY, road)
        self._schedule = Schedule(pulse, SteadyClock(env.data.clock_mark))
        self._press_started = False
        self._ticked_at: datetime | None = None
        self._root_at: datetime | None = None
        self._is_full = False  # of what a publication left
        self._given_back_at: datetime | None = None

    def step(self, now: datetime) -> bool:
        """Keep one promise, and do a part of what the minute asks for; gives whether more may wait."""
        is_tick = has_passed(TICK, self._ticked_at, now)
        self._look_at_the_clock(now, is_tick=is_tick)
        if not self._press_started:
            self._publisher.start(now)
            self._press_started, self._root_at = True, now
        has_kept = self._publisher.keep_one(now)
        self._pulse.has_unkept_promises = self._publisher.is_failing
        if is_tick:
            self._refresh(now)
        self._is_full = self._is_full or has_kept
        if not has_kept:
            self._give_memory_back(now)
        return has_kept

    def _give_memory_back(self, now: datetime) -> None:
        """After a publication, once nothing is to be done: it may have taken as much again as the worker itself."""
        if self._is_full and has_passed(MINUTE, self._given_back_at, now):
            give_back()
            self._is_full, self._given_back_at = False, now

    def _look_at_the_clock(self, now: datetime, *, is_tick: bool) -> None:
        """First, and whatever cannot be published: data goes in time."""
        if is_tick:
            self._ticked_at = now
            self._schedule.run(now=now)
        else:
            self._schedule.go_on(now)

    def _refresh(self, now: datetime) -> None:
        self._publisher.refresh(now)
        if has_passed(DAY, self._root_at, now):
            pages.publish_root(desk=self._publisher.press(now))
            self._root_at = now


def publish_now(env: Env) -> bool:
    """Keep every promise here and now; gives whether that was done: not where another process publishes."""
    with publish_lock(env.data.publish_lock) as is_ours, closing(open_road(env)) as road:
        if not (is_ours and road.take()):
            return False
        publisher = Publisher(env, Pulse(), road=road)
        now = utc_now()
        write_policy(publisher.press(now))
        while publisher.keep_one(utc_now()):
            pass
        road.send()
        return not publisher.is_failing
