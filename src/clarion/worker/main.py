"""The worker: four loops that never wait for each other, and a heartbeat."""

import gc
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from socket import gethostname
from time import monotonic

from django.db import Error, connections
from django_tasks_db.models import DBTaskResult

from clarion.env import Env
from clarion.gateways.mail import make_mailer
from clarion.inbox.ends import ReadingEnd, open_reader
from clarion.inbox.store import InboxBroken, InboxUnavailable
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.kernel.keys import read_keys
from clarion.machines.actions import hold_to_keys, note_heartbeat
from clarion.mirrors.lock import publish_lock
from clarion.outbox.queries import mail_backlog
from clarion.worker.draining import Drainer
from clarion.worker.loops import run_loop
from clarion.worker.mailing import Postman
from clarion.worker.opening import Opener
from clarion.worker.pulse import Beat, Pulse, write_beat
from clarion.worker.turns import Turn
from clarion.worker.watching import Watch

log = logging.getLogger("clarion.worker")

BEAT_SECONDS = 1.0
MEASURE_SECONDS = 3.0
STOP_SECONDS = 7.0


class LoopEnded(ClarionError):
    """A loop has ended by itself: a worker that lives on without it would look well, and do a part of its work."""


def run(env: Env, stop: threading.Event) -> None:
    """Run the loops until `stop`, then end within eight seconds.

    Raises what keeps it from starting at all, and `LoopEnded`: whoever started this worker starts another.
    """
    _collect_seldom()
    pulse = Pulse()
    if env.database:
        _refuse_what_harms_others(env)
    keys = read_keys(env.data.keys)
    settings_file = env.data.root / "countries.toml"
    reader = open_reader(env.data.inbox, env.database)
    compare = partial(hold_to_keys, env.data.keys, ("inbox", "link")) if env.database else lambda: None
    drainer = Drainer(reader, Opener(env.data.keys, compare), keys, settings_file, pulse)
    postman = Postman(env, partial(make_mailer, env), pulse, stop)
    drain = partial(run_loop, "inbox", drainer.step, idle_seconds=0.1, at_end=reader.close)
    mail = partial(run_loop, "mail", postman.step, idle_seconds=0.25, wanted=pulse.mail_wanted, at_end=postman.close)
    publish = partial(_publish, env)
    watch = partial(run_loop, "waves", Watch(env.wave_from).step, idle_seconds=1.0, wanted=pulse.waves_wanted)
    threads = [
        threading.Thread(target=partial(loop, pulse=pulse, stop=stop), name=name, daemon=True)
        for name, loop in (("inbox", drain), ("mail", mail), ("publish", publish), ("waves", watch))
    ]
    for thread in threads:
        thread.start()
    log.info("the worker runs")
    ended = _beat_until(stop, threads, env, pulse)
    stop.set()
    _end(threads, pulse)
    if ended:
        raise LoopEnded(f"A loop of the worker has ended by itself ({', '.join(ended)}); it must start again.")


def _collect_seldom() -> None:
    """Look for garbage in cycles seldom: ten thousand events read at once would else be walked through many times."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _refuse_what_harms_others(env: Env) -> None:
    """Raises `ClarionError` where this machine's keys are not the others', or pgbouncer stands before the database."""
    if env.database and env.database.is_pooled:
        raise ClarionError(
            "The worker needs lines of its own to PostgreSQL, for it holds locks on them: name the server itself, or a"
            " pool of sessions, in its CLARION_DATABASE_URL, without pgbouncer=true (docs/operate/scale.md)."
        )
    hold_to_keys(env.data.keys)


def _publish(env: Env, *, pulse: Pulse, stop: threading.Event) -> None:
    """Publish while nobody else does; where a command does, wait for it."""
    turn = Turn(env, pulse)
    while not stop.is_set():
        with publish_lock(env.data.publish_lock) as is_ours:
            if is_ours:
                run_loop(
                    "publish",
                    turn.step,
                    pulse=pulse,
                    stop=stop,
                    idle_seconds=0.4,
                    wanted=pulse.publish_wanted,
                    at_end=turn.close,
                )
        stop.wait(0.5)


def _end(threads: Sequence[threading.Thread], pulse: Pulse) -> None:
    """Wait for the loops, woken from their rest; one that is stuck (a mail host) is left behind."""
    pulse.mail_wanted.set()
    pulse.publish_wanted.set()
    pulse.waves_wanted.set()
    deadline = monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(deadline - monotonic(), 0.0))
    connections.close_all()
    log.info("the worker has stopped")


def _beat_until(stop: threading.Event, threads: Sequence[threading.Thread], env: Env, pulse: Pulse) -> list[str]:
    """Until `stop`, or until a loop ends; gives the names of those that have."""
    meter = _Meter(env, open_reader(env.data.inbox, env.database))
    try:
        while True:
            beat = meter.beat(pulse, utc_now())
            with suppress(OSError):
                write_beat(env.data.heartbeat, beat)
            if env.database:
                _tell_other_machines(env, beat)
            if stop.wait(BEAT_SECONDS):
                return []
            if ended := [thread.name for thread in threads if not thread.is_alive()]:
                return ended
    finally:
        meter.close()


def _tell_other_machines(env: Env, beat: Beat) -> None:
    """Office and `doctor` may be elsewhere; a database that is away is told with the next beat."""
    try:
        note_heartbeat(f"{gethostname()}:{env.data.root}", beat.to_json(), now=beat.at)
    except Error:
        connections.close_all()


class _Meter:
    """Measures what waits, less often than the heart beats: counting a long queue costs something."""

    def __init__(self, env: Env, inbox: ReadingEnd) -> None:
        self._addresses = (env.public_url, env.office_url)
        self._inbox = inbox
        self._measured_at: float | None = None
        self._waiting: tuple[int, datetime | None, int, int] = (0, None, 0, 0)

    def beat(self, pulse: Pulse, now: datetime) -> Beat:
        if self._measured_at is None or monotonic() - self._measured_at >= MEASURE_SECONDS:
            self._measured_at = monotonic()
            self._waiting = self._measure() or self._waiting
        inbox, oldest, mails, promises = self._waiting
        return Beat(now, inbox, oldest, pulse.mail_delay, mails, promises, pulse.codes(), *self._addresses)

    def _measure(self) -> tuple[int, datetime | None, int, int] | None:
        try:
            promises = DBTaskResult.objects.filter(status="READY").count()
            return self._inbox.waiting(), self._inbox.oldest_at(), mail_backlog().waiting, promises
        except (Error, InboxUnavailable, InboxBroken):
            connections.close_all()
            return None

    def close(self) -> None:
        self._inbox.close()
