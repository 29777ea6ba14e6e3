"""The mail that lists what is held about an address, with the links that change or end it."""

from collections.abc import Mapping
from dataclasses import dataclass

from clarion.campaigns.queries import call_title, campaign_by_slug
from clarion.events.mails import confirm_link
from clarion.events.models import Event
from clarion.events.rules import manage_link
from clarion.kernel.sealing import unlock_fields
from clarion.locale.voice import Voice, voice
from clarion.outbox.letters import BatchRenderer, Desk, Letter, one_by_one
from clarion.outbox.models import Mail
from clarion.outbox.rendering import render_letter
from clarion.privacy.models import MyDataMail
from clarion.privacy.queries import held_about
from clarion.signatures.mails import withdraw_link
from clarion.signatures.models import Signature


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is held: what, since when, and the link that belongs to it."""

    title: str
    language: str
    since: str
    is_confirmed: bool
    url: str


def my_data(mail: Mail, desk: Desk) -> Letter | None:
    """Lists signatures with their withdraw links and events with their present manage links."""
    asked = MyDataMail.objects.filter(public_id=mail.record).first()
    if asked is None or not asked.box:
        return None
    address = unlock_fields(desk.field_keys, bytes(asked.box))["email"]
    held = held_about(address, bytes(asked.address_hash), desk.field_keys)
    speak = voice(mail.language, desk.strings)
    campaign = campaign_by_slug(mail.campaign)
    return render_letter(
        "privacy/my-data",
        speak,
        to=address,
        subject=speak.gettext("What we hold about you"),
        sender_name=campaign.organiser_name if campaign else "",
        signatures=[_signature(row, speak, desk) for row in held.signatures],
        events=[_event(row, speak, desk) for row in held.events],
    )


def _signature(row: Signature, speak: Voice, desk: Desk) -> Line:
    url = f"{desk.public_url}/{row.campaign.slug}/{row.language}/withdraw/{desk.sign(withdraw_link(row))}"
    title = call_title(row.campaign, row.language)
    return Line(title, row.language, speak.moment(row.signed_at), row.confirmed_at is not None, url)


def _event(row: Event, speak: Voice, desk: Desk) -> Line:
    """An event nobody confirmed may be a stranger's: not its words but the call's title, and the way to say so."""
    base = f"{desk.public_url}/{row.campaign.slug}/{row.host_language}"
    proposed = speak.moment(row.proposed_at)
    if row.state == Event.State.UNCONFIRMED:
        url = f"{base}/confirm/{desk.sign(confirm_link(row, desk.now))}?not-me"
        return Line(call_title(row.campaign, row.host_language), row.host_language, proposed, False, url)
    token = desk.sign(manage_link(row.campaign_id, row.public_id, row.generation))
    return Line(row.title, row.language, proposed, True, f"{base}/events/{row.public_id}/manage/{token}")


RENDERERS: Mapping[str, BatchRenderer] = {"my-data": one_by_one(my_data)}
