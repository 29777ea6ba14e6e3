"""The first loop: take rows out of the inbox, carry out what they say, count. Exactly once, in batches.

A row leaves the inbox after the records hold it; one that comes again finds its receipt and is passed over.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from clarion.campaigns.models import Campaign
from clarion.events import actions as events
from clarion.inbox.ends import ReadingEnd
from clarion.inbox.reader import SealedRow
from clarion.kernel.clock import MINUTE, has_passed
from clarion.kernel.forms import NO_COUNTRY
from clarion.kernel.keys import Keys
from clarion.kernel.logs import describe_error
from clarion.kernel.sealing import hashed_address
from clarion.kernel.submissions import Submission, SubmissionBroken
from clarion.moderation.actions import take_report
from clarion.places.countries import CODES, CountrySettings, load_country_settings
from clarion.privacy import actions as privacy
from clarion.privacy.queries import confirmed_hosts
from clarion.signatures import actions as signatures
from clarion.signatures.queries import addresses_confirmed_here
from clarion.worker.faults import raise_trouble
from clarion.worker.holding import hold_addresses
from clarion.worker.opening import Opener
from clarion.worker.pulse import Pulse

log = logging.getLogger("clarion.worker")

BATCH = 400
COPY_EVERY = timedelta(seconds=5)
TRUNCATE_EVERY = timedelta(minutes=20)
_COUNTRIES = CODES | {NO_COUNTRY}
# A form may be accepted a moment before its row is on disk.
_IN_FLIGHT = MINUTE


@dataclass(frozen=True, slots=True)
class Opened:
    """A row with what it says."""

    row: SealedRow
    submission: Submission


class Drainer:
    """Drains one inbox. For one thread."""

    def __init__(
        self,
        reader: ReadingEnd,
        opener: Opener,
        keys: Keys,
        country_settings: Path,
        pulse: Pulse,
    ) -> None:
        self._reader = reader
        self._opener = opener
        self._work = Carrier(keys, country_settings)
        self._pulse = pulse
        self._copied_at: datetime | None = None
        self._truncated_at: datetime | None = None

    def step(self, now: datetime) -> bool:
        """Drain one batch; gives whether more may wait."""
        rows = self._reader.take(BATCH)
        if rows:
            try:
                self._drain(rows, now)
            except Exception:
                self._reader.release()  # whoever tries next may have them
                raise
            self._reader.remove([row.seq for row in rows])
            self._pulse.mail_wanted.set()
            self._pulse.publish_wanted.set()
        if len(rows) < BATCH:
            self._note_drained(now)
        self._copy_if_due(now)
        self._truncate_if_due(now)
        return len(rows) >= BATCH

    def _note_drained(self, now: datetime) -> None:
        """Nothing more is to be had; what another worker holds is not drained yet."""
        oldest = self._reader.oldest_at()
        self._pulse.drained_until = min(now, oldest or now) - _IN_FLIGHT

    def _drain(self, rows: Sequence[SealedRow], now: datetime) -> None:
        opened = list(self._open(rows, now))
        try:
            self._work.carry_out([one.submission for one in opened], now=now)
        except Exception as error:  # noqa: BLE001 - one row that nothing can be made of must not hold up the others
            raise_trouble(error)
            log.warning("a batch failed, its rows are tried one by one: %s", describe_error(error))
            for one in opened:
                self._carry_out_alone(one, now)

    def _carry_out_alone(self, one: Opened, now: datetime) -> None:
        try:
            self._work.carry_out([one.submission], now=now)
        except Exception as error:  # noqa: BLE001 - see above
            raise_trouble(error)
            self._set_aside(one.row, error, now)

    def _open(self, rows: Sequence[SealedRow], now: datetime) -> Iterable[Opened]:
        self._opener.begin_batch()
        for row in rows:
            try:
                submission = self._opener.open(row)
            except Exception as error:  # noqa: BLE001 - a public node in other hands can say anything
                self._set_aside(row, error, now)
            else:
                yield Opened(row, submission)

    def _set_aside(self, row: SealedRow, error: Exception, now: datetime) -> None:
        log.error("a row of the inbox is set aside: %s", describe_error(error))
        form = privacy.SealedForm(row.submission, row.key_number, row.sealed_key, row.body)
        privacy.set_aside(form, type(error).__name__, now=now)

    def _copy_if_due(self, now: datetime) -> None:
        if has_passed(COPY_EVERY, self._copied_at, now):
            self._reader.copy_log()
            self._copied_at = now

    def _truncate_if_due(self, now: datetime) -> None:
        """Removed rows lie in the log until it is cut; where a reader holds it, try again with the next batch."""
        if has_passed(TRUNCATE_EVERY, self._truncated_at, now) and self._reader.truncate_log():
            self._truncated_at = now


class Carrier:
    """Carries out what submissions say."""

    def __init__(self, keys: Keys, country_settings: Path) -> None:
        self._keys = keys
        self._country_settings = country_settings

    @transaction.atomic
    def carry_out(self, submissions: Sequence[Submission], *, now: datetime) -> int:
        """Carry out those that were never drained, in one transaction; gives how many. Safe to repeat."""
        hold_addresses(submissions, keys=self._keys)
        fresh = privacy.accept_submissions(submissions, now=now)
        self._refuse_strangers(fresh)
        signatures.hold_sums_of(fresh)
        countries = load_country_settings(self._country_settings)
        for run in runs_of(fresh):
            if run[0].form == "sign":
                signatures.take_signatures(run, keys=self._keys, now=now, hosts=confirmed_hosts, countries=countries)
            elif is_vote(run[0]):
                signatures.confirm_signatures(run, keys=self._keys, now=now)
            else:
                self._carry_out_one(run[0], countries, now)
        return len(fresh)

    def _refuse_strangers(self, submissions: Sequence[Submission]) -> None:
        """Raises `SubmissionBroken` where a campaign is not here: the row is set aside, not lost.

        So too for a country that is none. Intake refuses it, but may be in other hands, and no page could name it.
        """
        slugs = {one.campaign for one in submissions}
        if slugs - set(Campaign.objects.filter(slug__in=slugs).values_list("slug", flat=True)):
            raise SubmissionBroken("unknown campaign")
        if {one.fields.get("country", NO_COUNTRY) for one in submissions} - _COUNTRIES:
            raise SubmissionBroken("unknown country")

    def _carry_out_one(self, submission: Submission, countries: CountrySettings, now: datetime) -> None:
        keys = self._keys
        match submission.form:
            case "confirm" if submission.fields.get("answer") == "not-me":
                privacy.deny(submission, keys=keys, now=now)
            case "confirm" if submission.fields.get("answer") == "yes":
                events.confirm_proposal(submission, keys=keys, now=now)
            case "withdraw":
                privacy.withdraw(submission, keys=keys, now=now)
            case "my-data":
                privacy.take_my_data(submission, keys=keys, now=now)
            case "host":
                has_signed = bool(addresses_confirmed_here([hashed_address(submission.fields["email"], keys)]))
                events.take_proposal(submission, keys=keys, now=now, has_signed=has_signed, countries=countries)
            case "report":
                take_report(submission, now=now)
            case "manage":
                events.take_manage_form(submission, now=now)


def is_vote(submission: Submission) -> bool:
    """Whether this is a press of "confirm" on a signature's link."""
    link = submission.link
    says_yes = submission.form == "confirm" and submission.fields.get("answer") == "yes"
    return says_yes and link is not None and not link.kind.confirms_event


def runs_of(submissions: Iterable[Submission]) -> Iterable[list[Submission]]:
    """What is carried out together: sign forms, then presses of "confirm", each in bulk; all else alone, in order.

    Between two that are carried out alone, forms and presses may change places: no press can answer a form whose
    mail has not gone.
    """
    forms: list[Submission] = []
    votes: list[Submission] = []
    for one in submissions:
        if one.form == "sign":
            forms.append(one)
        elif is_vote(one):
            votes.append(one)
        else:
            yield from (run for run in (forms, votes) if run)
            yield [one]
            forms, votes = [], []
    yield from (run for run in (forms, votes) if run)
