"""What events mail: to their organisers at each step, and to moderators when one is cancelled.

The mails of a moderator's decisions are `moderation.mails`; they are built with `host_letter`, too.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from clarion.campaigns.queries import call_title
from clarion.events.models import Event
from clarion.events.queries import event_by_public_id, is_public
from clarion.events.rules import UNCONFIRMED_LIFE, Flag, manage_link
from clarion.kernel.ids import RecordId
from clarion.kernel.links import Link, LinkKind
from clarion.kernel.sealing import unlock_fields
from clarion.locale.marking import N_
from clarion.locale.voice import Voice, voice
from clarion.organisers.queries import organiser_by_id
from clarion.outbox.letters import Desk, Letter, Renderer
from clarion.outbox.models import Mail
from clarion.outbox.queries import denied_hashes
from clarion.outbox.rendering import render_letter
from clarion.places.countries import CODES, country_name
from clarion.places.gazetteer import find_city

_SUBJECTS: Mapping[str, str] = {
    "event-received": N_("Your event waits for a moderator: {title}"),
    "change-waiting": N_("Your change waits for a moderator: {title}"),
    "change-taken-back": N_("Your change was taken back: {title}"),
    "event-moved": N_("Your event has a new place or time: {title}"),
    "cancel-wrong-city": N_("Nothing was cancelled: {title}"),
    "event-cancelled": N_("Your event is cancelled: {title}"),
    "event-uncancelled": N_("Your event takes place after all: {title}"),
    "manage-link": N_("Your new link: {title}"),
}
TO_HOST = frozenset(_SUBJECTS)  # kinds of which the record is the event
_NEUTRAL_SUBJECT = N_("About your event")


def confirm_event(mail: Mail, desk: Desk) -> Letter | None:
    """Asks the owner of the address to confirm. Says what was understood, in no word that a stranger chose."""
    event = event_by_public_id(mail.record)
    if event is None or event.host_box is None or event.state != Event.State.UNCONFIRMED:
        return None
    speak = voice(mail.language, desk.strings)
    title = call_title(event.campaign, mail.language)
    named = speak.gettext("Confirm your event: {title}").format(title=title)
    url = f"{_base(event, mail, desk)}/confirm/{desk.sign(confirm_link(event, desk.now))}"
    return render_letter(
        "events/confirm-event",
        speak,
        to=_host(event, desk)["email"],
        subject=speak.gettext("Please confirm your e-mail address") if event.campaign.is_discreet else named,
        sender_name=event.campaign.organiser_name,
        call_title=title,
        facts=[_when(event, speak), (speak.gettext("Where"), _known_place(event, speak, mail.language))],
        is_shifted=Flag.CLOCK_CHANGE in event.flags,
        confirm_url=url,
        not_me_url=f"{url}?not-me",
    )


def confirm_link(event: Event, now: datetime) -> Link:
    """The link by which the owner of the address confirms an event, or says that it was not they; for seven days."""
    is_denied = event.host_hash is not None and bool(denied_hashes([bytes(event.host_hash)], now=now))
    kind = LinkKind.CONFIRM_EVENT_TYPED if is_denied else LinkKind.CONFIRM_EVENT
    expires_at = int((now + UNCONFIRMED_LIFE).timestamp())
    return Link(kind, event.campaign_id, RecordId(event.public_id), expires_at=expires_at)


def host_letter(template: str, subject: str, mail: Mail, desk: Desk, **more: Any) -> Letter | None:
    """The letter of `template` to an event's organiser; None where the contact is not held any more.

    `subject`: untranslated, with `{title}`. The templates get what the event says and the organiser's links.
    """
    event = event_by_public_id(mail.record)
    if event is None or event.host_box is None:
        return None
    speak = voice(mail.language, desk.strings)
    subject = _NEUTRAL_SUBJECT if event.campaign.is_discreet else subject
    return render_letter(
        template,
        speak,
        to=_host(event, desk)["email"],
        subject=speak.gettext(subject).format(title=event.title),
        sender_name=event.campaign.organiser_name,
        call_title=call_title(event.campaign, mail.language),
        facts=facts_of(event, speak, mail.language),
        manage_url=manage_url(event, mail, desk),
        event_url=f"{_base(event, mail, desk)}/events/{event.public_id}/" if is_public(event) else "",
        city=event.city,
        **more,
    )


def _to_host(kind: str, mail: Mail, desk: Desk) -> Letter | None:
    return host_letter(f"events/{kind}", _SUBJECTS[kind], mail, desk)


def event_cancelled_notice(mail: Mail, desk: Desk) -> Letter | None:
    """Tells a moderator that an event was cancelled: a link and a country, nothing else."""
    organiser, event = organiser_by_id(mail.record), event_by_public_id(mail.detail["event"])
    if organiser is None or not organiser.is_active or event is None or event.state != Event.State.CANCELLED:
        return None
    speak = voice(mail.language, desk.strings)
    country = place_name(event.country, mail.language)
    return render_letter(
        "events/event-cancelled-notice",
        speak,
        to=organiser.email,
        subject=speak.gettext("An event was cancelled ({country})").format(country=country),
        sender_name=event.campaign.organiser_name,
        country=country,
        office_url=f"{desk.office_url}/c/{event.campaign.slug}/events/{event.public_id}/",
    )


def manage_url(event: Event, mail: Mail, desk: Desk) -> str:
    """The organiser's personal link, of the present generation."""
    token = desk.sign(manage_link(event.campaign_id, event.public_id, event.generation))
    return f"{_base(event, mail, desk)}/events/{event.public_id}/manage/{token}"


def facts_of(event: Event, speak: Voice, language: str) -> list[tuple[str, str]]:
    """What, when and where, each with its label."""
    country = place_name(event.country, language)
    where = speak.listed(_venue_name(event), event.address, event.city, country)
    return [(speak.gettext("What"), event.title), _when(event, speak), (speak.gettext("Where"), where)]


def place_name(country: str, language: str) -> str:
    """The country's name, empty for what is no country."""
    return country_name(country, language) if country in CODES else ""


def _when(event: Event, speak: Voice) -> tuple[str, str]:
    """Day with weekday, wall time, zone."""
    starts = datetime.fromisoformat(event.starts_local)
    clock = speak.time_of_day(starts)
    if event.ends_local:
        ends = datetime.fromisoformat(event.ends_local)
        there = "" if ends.date() == starts.date() else speak.weekday_and_day(ends.date())
        clock = f"{clock} – {speak.listed(there, speak.time_of_day(ends))}"
    zone = speak.zone_name(event.starts_at, event.zone)
    when = speak.listed(speak.weekday_and_day(starts.date()), clock)
    return speak.gettext("When"), f"{when} ({speak.listed(zone, event.zone)})"


def _known_place(event: Event, speak: Voice, language: str) -> str:
    """Where, in names from our lists alone: venue, city, country."""
    known = find_city(event.city, event.country)
    city = known.name if known else ""
    return speak.listed(_venue_name(event), city, place_name(event.country, language))


def _venue_name(event: Event) -> str:
    return event.venue.name if event.venue else ""


def _host(event: Event, desk: Desk) -> dict[str, str]:
    return unlock_fields(desk.field_keys, bytes(event.host_box or b""))


def _base(event: Event, mail: Mail, desk: Desk) -> str:
    return f"{desk.public_url}/{event.campaign.slug}/{mail.language}"


RENDERERS: Mapping[str, Renderer] = {
    "confirm-event": confirm_event,
    "event-cancelled-notice": event_cancelled_notice,
    **{kind: partial(_to_host, kind) for kind in _SUBJECTS},
}
