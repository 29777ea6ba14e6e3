"""What the clock asks for: events end, campaigns open and close, data goes, moderators are reminded, logs are cut."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q

from clarion.campaigns.queries import published_campaigns
from clarion.events.actions import end_past_events
from clarion.jobs.promises import promise
from clarion.kernel.clock import has_passed
from clarion.moderation.actions import promise_digests
from clarion.outbox.actions import hurry_mails
from clarion.privacy.actions import erase_expired, forget_passed
from clarion.signatures.actions import forget_wave_marks
from clarion.worker.clock import SteadyClock
from clarion.worker.pulse import Pulse

log = logging.getLogger("clarion.worker")

TRUNCATE_EVERY = timedelta(minutes=20)
SLICE_SECONDS = 0.2
_LOCKED_AT_MOST_MS = 200  # nobody writes while this waits for who reads: a backup may read for minutes


class Schedule:
    """Runs each piece of scheduled work; one that fails is reported and does not keep the others from running.

    What may be much (a campaign of millions ends, the worker was away for weeks) is done in slices: whoever calls
    this also publishes, and counts, switches and events may wait for a slice, but for no more.
    """

    def __init__(self, pulse: Pulse, clock: SteadyClock) -> None:
        self._pulse = pulse
        self._clock = clock
        self._left: list[str] = []
        self._looked_until: datetime | None = None  # at opening hours, with success
        self._truncated_at: datetime | None = None

    def run(self, *, now: datetime) -> None:
        """Do what is due at `now`. Safe to repeat.

        Of what may be much the first slice: `go_on` does the others.
        """
        self._try("hurry mails", lambda: hurry_mails(now=now))
        self._try("open and close", lambda: self._open_and_close(now))
        self._left = ["end events"]
        if self._try("look at the clock", lambda: self._clock.is_believed(now)):
            self._try("forget", lambda: forget_passed(now=now))
            self._left = list(self._slices())
        self.go_on(now)
        self._try("remind moderators", lambda: promise_digests(now=now))
        self._try("end sessions", lambda: _forget_sessions(now))
        self._try("cut the log", lambda: self._truncate_if_due(now))

    def go_on(self, now: datetime) -> None:
        """A slice of each work that is not done, and more of them while there is time."""
        ends_at = monotonic() + SLICE_SECONDS
        slices = self._slices()
        while self._left:
            self._left = [what for what in self._left if self._try(what, partial(slices[what], now))]
            if monotonic() >= ends_at:
                return

    def _slices(self) -> Mapping[str, Callable[[datetime], int]]:
        """Each does some hundreds or thousands, and gives how many: nothing is left once it gives none."""
        return {
            "end events": lambda now: end_past_events(now=now),
            "erase": self._erase,
            "forget marks": lambda now: forget_wave_marks(now=now),
        }

    def _try(self, what: str, work: Callable[[], object]) -> object:
        try:
            return work()
        except Exception:
            log.exception("scheduled work failed: %s", what)
            return None

    def _erase(self, now: datetime) -> int:
        drained_until = self._pulse.drained_until
        return 0 if drained_until is None else erase_expired(drained_until=min(drained_until, now), now=now)

    def _open_and_close(self, now: datetime) -> None:
        """A look that failed is made up for by the next."""
        _note_opening_hours(self._looked_until, now)
        self._looked_until = now

    def _truncate_if_due(self, now: datetime) -> None:
        if has_passed(TRUNCATE_EVERY, self._truncated_at, now) and truncate_records():
            self._truncated_at = now


def truncate_records() -> bool:
    """Move the records' log into the file and cut it, so that what was erased is gone; False: try again.

    PostgreSQL has no such log of ours: its own housekeeping overwrites what is dead (docs/operate/postgresql.md).
    """
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual_ms: int = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {_LOCKED_AT_MOST_MS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy: int = cursor.fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")
    return not is_busy


def _forget_sessions(now: datetime) -> None:
    """The office's sessions that are over."""
    Session.objects.filter(expire_date__lte=now).delete()


@transaction.atomic
def _note_opening_hours(since: datetime | None, now: datetime) -> None:
    """Campaigns that opened or closed by their dates since the last look: their pages say so.

    At a start nobody knows how long the worker was away, so every date that has passed counts.
    """
    since = since or datetime.min.replace(tzinfo=UTC)
    passed = Q(opens_at__gt=since, opens_at__lte=now) | Q(closes_at__gt=since, closes_at__lte=now)
    for slug in published_campaigns().filter(passed).values_list("slug", flat=True):
        promise("publish-switches", campaign=slug)
