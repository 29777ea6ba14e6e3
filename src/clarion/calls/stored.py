"""The call that the records hold, as values: for editing, comparing and writing out."""

from dataclasses import fields

from clarion.calls.call import Call, Picture
from clarion.calls.problems import Problems
from clarion.calls.texts import read_statement
from clarion.campaigns.models import Campaign, Statement
from clarion.campaigns.queries import latest_version, statements_in
from clarion.campaigns.rules import CampaignSettings, StatementText, UpdateText
from clarion.donations.actions import as_text
from clarion.donations.queries import stored_give_pages
from clarion.events.models import Event
from clarion.events.queries import fields_of
from clarion.events.rules import EventFields, EventRow
from clarion.places.models import Venue
from clarion.places.queries import venues_of
from clarion.places.rules import VenueRow

# What strangers proposed is no part of the call; what was cancelled or hidden must not come back elsewhere.
_OWN = (Event.Origin.LAUNCH, Event.Origin.OFFICE)
_SHOWN = (Event.State.KEPT, Event.State.ENDED)


def call_of(campaign: Campaign) -> Call:
    """The call as the records have it now."""
    version = latest_version(campaign)
    statements = statements_in(version, campaign).values() if version else ()
    own_events = campaign.events.filter(origin__in=_OWN, state__in=_SHOWN).select_related("venue")
    return Call(
        settings=settings_of(campaign),
        statements=tuple(statement_text(statement) for statement in statements),
        venues=tuple(venue_row(venue) for venue in venues_of(campaign)),
        events=tuple(event_row(event) for event in own_events.order_by("starts_at", "pk")),
        gives=tuple(as_text(page) for page in stored_give_pages(campaign).values()),
        updates=tuple(UpdateText(one.posted_on, one.language, one.title, one.body) for one in campaign.updates.all()),
        picture=Picture.stored(bytes(campaign.picture)) if campaign.picture else None,
    )


def settings_of(campaign: Campaign) -> CampaignSettings:
    """A campaign's settings as `campaign.toml` has them."""
    values = {field.name: getattr(campaign, field.name) for field in fields(CampaignSettings)}
    return CampaignSettings(**{**values, "never_shown": tuple(campaign.never_shown)})


def statement_text(statement: Statement) -> StatementText:
    """A stored statement as it was written: what its bytes say."""
    raw = bytes(statement.raw)
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    read = read_statement(f"statement.{statement.language}.md", raw, text, Problems())
    if read is None:
        raise ValueError(f"{statement.language} was a language when it was stored")
    return read


def venue_row(venue: Venue) -> VenueRow:
    """A stored venue as its row was written."""
    return VenueRow(**{field.name: getattr(venue, field.name) for field in fields(VenueRow)})


def event_row(event: Event) -> EventRow:
    """A stored event as its row would be written; its venue must have been fetched."""
    said = fields_of(event)
    return EventRow(row=event.row, **{field.name: getattr(said, field.name) for field in fields(EventFields)})
