"""A stranger proposes an event, and proves the address, or its owner says that it was not they."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from clarion.campaigns.models import Campaign
from clarion.events.actions.promises import mail_host, promise_manage_page, promise_pages
from clarion.events.actions.settling import settle
from clarion.events.models import Event
from clarion.events.queries import fields_of, has_confirmed_event, venue_of
from clarion.events.rules import MOVES, SAME_PROPOSAL_WITHIN, UNCONFIRMED_LIFE, EventFields, city_name, wall_times
from clarion.kernel.addresses import canonical
from clarion.kernel.keys import Keys
from clarion.kernel.sealing import hashed_address, keyed_hash, lock_fields, unlock_fields
from clarion.kernel.submissions import Submission
from clarion.outbox.actions import MailPromise, note_capped_mails, note_denial, promise_mails, take_back_mails
from clarion.outbox.models import Mail
from clarion.outbox.queries import mail_cap
from clarion.places.countries import NO_SETTINGS, CountrySettings, merged

_AT_ONCE = 200


@transaction.atomic
def take_proposal(
    submission: Submission,
    *,
    keys: Keys,
    now: datetime,
    has_signed: bool = False,
    countries: CountrySettings = NO_SETTINGS,
) -> Event | None:
    """Store a proposed event, unconfirmed, and promise its confirmation mail.

    None, and nothing stored, where it is here already, where the same was proposed within an hour, and where the
    cap on mails holds its mail back. Safe to repeat; the caller keeps others from this address meanwhile.
    `has_signed`: a signature of this address is confirmed here.
    """
    campaign = Campaign.objects.filter(slug=submission.campaign).first()
    if campaign is None or _is_here(campaign, submission, keys):
        return None
    address_hash = hashed_address(submission.fields["email"], keys)
    if not _may_mail(address_hash, campaign, has_signed=has_signed, now=now):
        return None
    event = _add_event(campaign, submission, address_hash, keys, countries, now)
    lane = Mail.Lane.SLOW if submission.is_slow else Mail.Lane.CONFIRMATIONS
    promise = MailPromise("confirm-event", event.public_id, event.host_language, campaign.slug, lane)
    promise_mails([promise], now=now)
    return event


def _same_hash(submission: Submission, keys: Keys) -> bytes:
    said = {name: value for name, value in submission.fields.items() if name != "consent"}
    said["email"] = canonical(said["email"])
    parts = (part for name in sorted(said) for part in (name, said[name]))
    return keyed_hash(keys.dedupe.current, "event", submission.campaign, *parts)


def _is_here(campaign: Campaign, submission: Submission, keys: Keys) -> bool:
    """Whether this submission was taken, or the same proposal within an hour of it (denied ones aside)."""
    if Event.objects.filter(public_id=submission.id).exists():
        return True
    around = (submission.accepted_at - SAME_PROPOSAL_WITHIN, submission.accepted_at + SAME_PROPOSAL_WITHIN)
    same = Event.objects.filter(campaign=campaign, same_hash=_same_hash(submission, keys), proposed_at__range=around)
    return same.exclude(state=Event.State.DENIED).exists()


def _may_mail(address_hash: bytes, campaign: Campaign, *, has_signed: bool, now: datetime) -> bool:
    """Whether the cap lets one more mail to this address go; if so, it is noted."""
    is_known = has_signed or has_confirmed_event(address_hash)
    cap = mail_cap([address_hash], confirmed_here={address_hash} if is_known else (), now=now)
    may = cap.take(address_hash, campaign.slug)
    note_capped_mails(cap, now=now)
    return may


def _add_event(
    campaign: Campaign,
    submission: Submission,
    address_hash: bytes,
    keys: Keys,
    countries: CountrySettings,
    now: datetime,
) -> Event:
    posted = submission.fields
    settled = settle(campaign, _proposed(campaign, submission, countries), now=now)
    return Event.objects.create(
        public_id=submission.id,
        campaign=campaign,
        origin=Event.Origin.PROPOSAL,
        state=Event.State.UNCONFIRMED,
        host_box=lock_fields(keys.field, {"name": posted["name"], "email": posted["email"]}),
        host_hash=address_hash,
        host_language=submission.language,
        consent=posted.get("consent") or _present_consent(campaign, submission.language),
        same_hash=_same_hash(submission, keys),
        proposed_at=submission.accepted_at,
        **settled.columns,
    )


def _proposed(campaign: Campaign, submission: Submission, countries: CountrySettings) -> EventFields:
    """What the form says. A venue of the list wins over a place in words; one that is unknown by now is none."""
    posted = submission.fields
    starts, ends = wall_times(posted["date"], posted["time"], posted.get("end", ""))
    venue = posted.get("venue", "") if venue_of(campaign, posted.get("venue", "")) else ""
    country = "" if venue else merged(posted.get("country", ""), countries)
    return EventFields(
        title=posted["title"],
        starts_local=starts,
        ends_local=ends,
        language=posted["language"],
        kind=posted["kind"],
        venue=venue,
        country=country,
        city="" if venue else city_name(posted.get("city", ""), country),
        address=posted.get("address", ""),
        bring=posted.get("bring", ""),
        accessibility=posted.get("accessibility", ""),
        public_contact=posted.get("public_contact", ""),
    )


def _present_consent(campaign: Campaign, language: str) -> str:
    wordings = campaign.consent_wordings.filter(form="host", language=language).order_by("-first_used_at")
    return wordings.values_list("wording_id", flat=True).first() or ""


@transaction.atomic
def confirm_proposal(submission: Submission, *, keys: Keys, now: datetime) -> bool:
    """Put a proposal into the moderators' queue; gives whether that is new. Safe to repeat.

    The link of the submission must be good; its expiry is judged by the time at which intake accepted it.
    """
    event = _event_of_link(submission, keys)
    if event is None or event.state not in MOVES["confirm"].sources:
        return False
    flags = settle(event.campaign, fields_of(event), now=now, event=event).flags
    Event.objects.filter(pk=event.pk).update(
        state=MOVES["confirm"].target, confirmed_at=submission.accepted_at, flags=list(flags)
    )
    mail_host(event, "event-received", now=now)
    promise_manage_page(event)
    return True


@transaction.atomic
def deny_proposal(submission: Submission, *, keys: Keys, now: datetime) -> list[str]:
    """The owner of the address says that it was not they: the event goes, published or not, and its id stays denied.

    Gives the ids of what was erased, for the caller to note. Safe to repeat; "not me" always wins.
    """
    event = _event_of_link(submission, keys)
    if event is None or event.state == Event.State.DENIED:
        return []
    if event.host_hash is not None:
        note_denial(bytes(event.host_hash), event.campaign.slug, now=now)
    promise_pages(event)
    erase_words([event.public_id], state=Event.State.DENIED)
    return [event.public_id]


@transaction.atomic
def erase_events(public_ids: Collection[str]) -> list[str]:
    """Erase these once more (after a restore), whatever state they came back in; gives those that held anything."""
    events = Event.objects.select_for_update(of=("self",)).select_related("campaign").filter(public_id__in=public_ids)
    found = list(events.exclude(state=Event.State.DENIED))
    for event in found:
        promise_pages(event)
    ids = [event.public_id for event in found]
    erase_words(ids, state=Event.State.DENIED)
    return ids


def _event_of_link(submission: Submission, keys: Keys) -> Event | None:
    """The event whose confirmation link was used; None where the link is of no use or the address typed is wrong."""
    link = submission.link
    if link is None or not link.kind.confirms_event or link.is_expired(submission.accepted_at):
        return None
    found = Event.objects.select_for_update(of=("self",)).select_related("campaign__team", "venue")
    event = found.filter(public_id=link.record, campaign_id=link.campaign).first()
    if event is None or (link.kind.is_typed and not _is_typed_right(event, submission.fields.get("email", ""), keys)):
        return None
    return event


def _is_typed_right(event: Event, typed: str, keys: Keys) -> bool:
    if event.host_box is None:
        return False
    held: str = unlock_fields(keys.field, bytes(event.host_box))["email"]
    return canonical(typed) == canonical(held)


def erase_words(public_ids: Collection[str], *, state: str) -> None:
    """Leave nothing of these events but their ids and moments; mails still promised for them go too."""
    events = Event.objects.filter(public_id__in=public_ids)
    events.update(
        state=state, checked="", title="", language="", kind="", venue=None, country="", city="", address="",
        lat=None, lon=None, is_centre=False, starts_local="", ends_local="", zone="",
        bring="", accessibility="", public_contact="", host_box=None, host_hash=None, host_language="",
        consent="", same_hash=None, moved={}, flags=[], row="",
    )  # fmt: skip
    for event in events:
        event.revisions.all().delete()
    take_back_mails(Mail.objects.filter(record__in=public_ids))


@transaction.atomic
def erase_unconfirmed(*, drained_until: datetime) -> list[str]:
    """Erase the proposals that nobody confirmed within seven days of the last attempt to mail.

    Gives their ids, for the caller to note (at most 200: call again). `drained_until`: all that intake accepted before
    this moment has been drained, so none of these was confirmed in time. One whose first mail still waits is left.
    """
    late = drained_until - UNCONFIRMED_LIFE
    stale = Event.objects.select_for_update().filter(state=Event.State.UNCONFIRMED)
    unmailed = stale.filter(last_mailed_at=None, proposed_at__lte=late)
    unmailed = unmailed.filter(~Exists(Mail.objects.filter(kind="confirm-event", record=OuterRef("public_id"))))
    mailed = stale.filter(last_mailed_at__lte=late)
    ids = list(mailed.values_list("public_id", flat=True)[:_AT_ONCE])
    ids += unmailed.values_list("public_id", flat=True)[: _AT_ONCE - len(ids)]
    take_back_mails(Mail.objects.filter(record__in=ids))
    Event.objects.filter(public_id__in=ids).delete()
    return ids


def note_mailed(public_ids: Collection[str], *, now: datetime) -> None:
    """An attempt was made to send the confirmation mails of these proposals: their seven days begin anew."""
    Event.objects.filter(public_id__in=public_ids, state=Event.State.UNCONFIRMED).update(last_mailed_at=now)
