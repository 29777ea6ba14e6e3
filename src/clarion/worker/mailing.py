"""The second loop: promised mails are rendered by the apps that own them, and handed over.

A mail that was handed over is dropped in a commit that follows at once: a crash between the two sends it again, with
the same Message-ID.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from time import monotonic

from django.db import connection, transaction

from clarion.campaigns.queries import campaign_by_slug
from clarion.env import Env
from clarion.events.mails import RENDERERS as EVENT_RENDERERS
from clarion.events.mails import TO_HOST
from clarion.gateways.mail import (
    MailDoubted,
    Mailer,
    MailFailed,
    MailHostFailed,
    MailHungUp,
    MailRefused,
    MailSenderRefused,
)
from clarion.jobs.queries import events_promised
from clarion.kernel.clock import MINUTE, SECOND
from clarion.kernel.keys import read_key_ring
from clarion.kernel.links import sign_link
from clarion.kernel.logs import describe_error
from clarion.moderation.mails import DECISIONS
from clarion.moderation.mails import RENDERERS as MODERATION_RENDERERS
from clarion.organisers.mails import RENDERERS as ORGANISER_RENDERERS
from clarion.outbox.letters import BatchRenderer, Desk, Letter, one_by_one
from clarion.outbox.models import Mail
from clarion.outbox.queries import due_mails, mail_backlog
from clarion.privacy.mails import RENDERERS as PRIVACY_RENDERERS
from clarion.signatures.mails import RENDERERS as SIGNATURE_RENDERERS
from clarion.worker.domains import RestingDomains
from clarion.worker.faults import raise_trouble
from clarion.worker.outcomes import Outcome, settle
from clarion.worker.pulse import Pulse
from clarion.worker.senders import RefusedSenders

log = logging.getLogger("clarion.worker")

BATCH = 50  # so many may go out twice, with the same Message-ID, when the worker dies
_MEASURE_EVERY_SECONDS = 2.0
_REST = 20  # times as long as a measuring took: a million mails are counted in a second and more
_HELD_AT_MOST_SECONDS = 1800
# To an event's organiser: what they link to must be there first, else a good link would be answered as a bad one.
_LINK_TO_PAGES = TO_HOST | DECISIONS
_PAGES_OF_AN_EVENT = ("publish-manage", "publish-event")
_LONGEST_WAIT_FOR_A_PAGE = 5 * MINUTE  # since the mail was promised: where nothing can be published mails go on

KINDS: Mapping[str, BatchRenderer] = {
    **SIGNATURE_RENDERERS,
    **PRIVACY_RENDERERS,
    **{
        kind: one_by_one(renderer)
        for renderers in (EVENT_RENDERERS, MODERATION_RENDERERS, ORGANISER_RENDERERS)
        for kind, renderer in renderers.items()
    },
}


@dataclass(slots=True)
class Rate:
    """At most so many mails a minute, spread over it; 0: as fast as they are taken."""

    a_minute: int
    clock: Callable[[], float] = monotonic
    _free: float = 0.0
    _at: float | None = None

    def room(self) -> int:
        """How many may go now."""
        if not self.a_minute:
            return BATCH
        now = self.clock()
        gained = (now - self._at) * self.a_minute / 60 if self._at is not None else 1.0
        self._at = now
        self._free = min(self._free + gained, max(self.a_minute / 6, 1.0))
        return min(int(self._free), BATCH)

    def take(self, n: int) -> None:
        """So many have gone."""
        self._free -= n if self.a_minute else 0


@contextmanager
def mails_held() -> Iterator[None]:
    """Hold what `due_mails` gives until it is settled, so that no other worker sends it.

    Where the database can: there rows are locked by the transaction that reads them, and free again if this worker
    dies. On SQLite, which has one worker, no transaction stays open while a mail host is talked to.
    """
    if not connection.features.has_select_for_update_skip_locked:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:  # of a machine that vanished; a slow host takes less for a batch
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = %s", [f"{_HELD_AT_MOST_SECONDS}s"])
        yield


class Postman:
    """Sends what is due. For one thread."""

    def __init__(self, env: Env, mailer_of: Callable[[], Mailer], pulse: Pulse, stop: Event | None = None) -> None:
        self._env = env
        self._stop = stop or Event()
        self._mailer_of = mailer_of
        self._mailer: Mailer | None = None
        self._pulse = pulse
        self._rate = Rate(env.mail_rate)
        self._measures_at = 0.0  # monotonic
        self._unsettled: Outcome | None = None
        self._domains = RestingDomains()
        self._senders = RefusedSenders()
        self._sign = partial(sign_link, read_key_ring(env.data.keys, "link").current)
        self._field_keys = read_key_ring(env.data.keys, "field")

    def step(self, now: datetime) -> bool:
        """Send one batch; gives whether more may be due. Raises `MailHostFailed` after settling what was done.

        Nothing is sent while what became of the last batch cannot be put down: the same people would be mailed each
        time.
        """
        self._measure(now)
        self._pulse.refused_senders = self._senders.campaigns()
        self._settle_last(now)
        room = self._rate.room()
        with mails_held():
            mails = due_mails(room, now=now) if room else []
            if not mails:
                return False
            mailer = self._open()
            outcome = Outcome(resting=dict.fromkeys(_ahead_of_their_pages(mails, now), SECOND))
            letters = self._render([mail for mail in mails if mail not in outcome.resting], outcome, now)
            self._unsettled = outcome  # from here on letters leave
            self._send(mailer, letters, outcome)
            self._rate.take(len(outcome.attempted))
            settle(outcome, now=now)
        self._unsettled = None
        if outcome.host_failure:
            self.close()
            log.warning("the mail host fails: %s", outcome.host_failure.code)
            raise outcome.host_failure
        return len(mails) == room and not self._env.mail_rate

    def _settle_last(self, now: datetime) -> None:
        if self._unsettled is not None:
            settle(self._unsettled, now=now)
            self._unsettled = None

    def _open(self) -> Mailer:
        mailer = self._mailer or self._mailer_of()
        mailer.open()
        self._mailer = mailer
        return mailer

    def _render(self, mails: Sequence[Mail], outcome: Outcome, now: datetime) -> list[tuple[Mail, Letter]]:
        """The letters in the order of `mails`; those with nothing to say are over."""
        env = self._env
        desk = Desk(env.public_url, env.office_url, self._field_keys, self._sign, now, strings=env.data.root / "locale")
        by_kind: dict[str, list[Mail]] = defaultdict(list)
        for mail in mails:
            by_kind[mail.kind].append(mail)
        written: dict[int, Letter] = {}
        for kind, some in by_kind.items():
            for mail, letter in _rendered(kind, some, desk, outcome):
                written[mail.pk] = letter
        return [(mail, written[mail.pk]) for mail in mails if mail.pk in written]

    def _send(self, mailer: Mailer, letters: Sequence[tuple[Mail, Letter]], outcome: Outcome) -> None:
        senders: dict[str, str] = {}
        for mail, letter in letters:
            if self._stop.is_set():  # what has left can still be put down; the rest stays due
                return
            if mail.campaign in outcome.refused_senders:
                continue
            if mail.campaign not in senders:
                senders[mail.campaign] = self._sender(mail.campaign)
            if rest := self._domains.rest_of(letter.to):
                outcome.resting[mail] = rest
                continue
            self._send_one(mailer, mail, letter, senders[mail.campaign], outcome)
            if outcome.host_failure:
                return

    def _send_one(self, mailer: Mailer, mail: Mail, letter: Letter, sender: str, outcome: Outcome) -> None:
        began = monotonic()
        try:
            mailer.send(letter, mail.message_id, sender)
        except MailHungUp as error:  # perhaps this letter is why: the next try begins with the others
            outcome.later.append(mail)
            outcome.host_failure = error
        except MailHostFailed as error:
            outcome.host_failure = error
            return
        except MailSenderRefused as error:
            log.warning("the mail host does not take the sender of %s: %s", mail.campaign, error)
            outcome.refused_senders.add(mail.campaign)
            self._senders.note_refused(mail.campaign)
            return
        except MailFailed as error:
            _note_failure(mail, error, outcome)
        except Exception as error:  # noqa: BLE001 - else the whole batch would fail, and go out again and again
            log.error("a mail of kind %s cannot be sent: %s", mail.kind, describe_error(error))
            mailer.close()  # whatever it was in the midst of
            outcome.later.append(mail)
        else:
            self._senders.note_taken(mail.campaign)
            outcome.sent += 1
            outcome.over.append(mail)
        outcome.attempted.append(mail)
        self._domains.note(letter.to, monotonic() - began, hung_up=outcome.host_failure is not None)

    def _sender(self, slug: str) -> str:
        if self._env.mail_from:
            return self._env.mail_from
        campaign = campaign_by_slug(slug)
        host = self._env.public_host.rpartition(":")[0] or self._env.public_host
        return campaign.organiser_email if campaign else f"clarion@{host}"

    def _measure(self, now: datetime) -> None:
        """How long a confirmation takes now: the age of the oldest that waits, or what the rate makes of the queue."""
        began_at = monotonic()
        if began_at < self._measures_at:
            return
        backlog = mail_backlog()
        self._measures_at = began_at + max(_MEASURE_EVERY_SECONDS, _REST * (monotonic() - began_at))
        age = max(now - backlog.oldest_confirmation, timedelta()) if backlog.oldest_confirmation else timedelta()
        queue = timedelta(minutes=backlog.waiting / self._env.mail_rate) if self._env.mail_rate else timedelta()
        self._pulse.mail_delay = max(age, queue)

    def close(self) -> None:
        """Let the connection go."""
        if self._mailer is not None:
            self._mailer.close()
            self._mailer = None


def _ahead_of_their_pages(mails: Sequence[Mail], now: datetime) -> list[Mail]:
    """Those that link to pages which are still to be published."""
    linking = [mail for mail in mails if mail.kind in _LINK_TO_PAGES]
    young = [mail for mail in linking if abs(now - mail.promised_at) < _LONGEST_WAIT_FOR_A_PAGE]
    promised = events_promised(_PAGES_OF_AN_EVENT, {mail.record for mail in young}) if young else set()
    return [mail for mail in young if mail.record in promised]


def _rendered(kind: str, mails: list[Mail], desk: Desk, outcome: Outcome) -> list[tuple[Mail, Letter]]:
    """The letters of one kind. Where a batch fails, each is tried alone, and the one at fault comes later."""
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            letters = KINDS[kind](mails, desk)
    except Exception as error:  # noqa: BLE001 - one mail that cannot be written must not hold up the others
        raise_trouble(error)
        if len(mails) > 1:
            return [pair for mail in mails for pair in _rendered(kind, [mail], desk, outcome)]
        log.error("a mail of kind %s cannot be written: %s", kind, describe_error(error))
        outcome.later.extend(mails)
        return []
    outcome.over.extend(mail for mail, letter in zip(mails, letters, strict=True) if letter is None)
    return [(mail, letter) for mail, letter in zip(mails, letters, strict=True) if letter is not None]


def _note_failure(mail: Mail, error: MailFailed, outcome: Outcome) -> None:
    log.warning("a mail of kind %s was not taken: %s", mail.kind, type(error).__name__)
    match error:
        case MailRefused():
            outcome.over.append(mail)
        case MailDoubted():
            outcome.doubted.append(mail)
        case _:
            outcome.later.append(mail)
