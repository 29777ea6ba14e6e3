"""What only the records can tell of a call: a taken slug, a translation of an older text, rows that are gone."""

from collections.abc import Iterator

from clarion.calls.call import Call
from clarion.calls.check import Reading, line_of
from clarion.calls.folder import SETTINGS
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import campaign_by_slug, hashes_by_version, latest_version
from clarion.campaigns.rules import first_appearance, has_changed, is_behind
from clarion.events.models import Event
from clarion.events.queries import fields_of
from clarion.events.rules import EventFields, EventRow, same_event_key
from clarion.organisers.rules import tidy_address
from clarion.places.queries import venues_of

_STANDING = (Event.State.KEPT, Event.State.ENDED)


def note_records(reading: Reading) -> None:
    """Note the mistakes and doubts of a call beside what is stored."""
    call = reading.call
    campaign = campaign_by_slug(call.settings.slug) if call else None
    if call is None:
        return
    if campaign is not None and not is_owner(campaign, call):
        reading.problems.wrong(
            SETTINGS, reading.lines.get("slug", 1), f"The slug {campaign.slug} belongs to another organiser.",
            "Choose another one, or launch with the e-mail of its organiser.",
        )  # fmt: skip
        return
    _note_translations(reading, call, campaign)
    if campaign is not None:
        _note_venues(reading, call, campaign)
        _note_events(reading, call, campaign)


def is_owner(campaign: Campaign, call: Call) -> bool:
    """Whether the call's organiser is the campaign's, by e-mail address."""
    return tidy_address(campaign.organiser_email) == tidy_address(call.settings.organiser_email)


def _note_translations(reading: Reading, call: Call, campaign: Campaign | None) -> None:
    hashes = hashes_by_version(campaign) if campaign else {}
    coming = _coming_version(call, campaign)
    original = dict(hashes.get(call.settings.default_language, {}))
    if call.settings.default_language in call.by_language:
        original[coming] = call.by_language[call.settings.default_language].sha256
    for statement in call.statements:
        translates = statement.translates
        file = f"statement.{statement.language}.md"
        if translates is None:
            translates = first_appearance(statement.sha256, hashes.get(statement.language, {}), coming)
        line = line_of(statement.raw, b"translates:")
        if translates > coming:
            reading.problems.wrong(
                file,
                line,
                f"`translates` is {translates}, but the newest version is {coming}.",
                f"Write {coming}, or leave it out.",
            )
        elif statement.language != call.settings.default_language and is_behind(translates, original):
            reading.problems.doubtful(
                file, line, f"This translates version {translates}; the text has changed since.", "It is marked so."
            )


def _coming_version(call: Call, campaign: Campaign | None) -> int:
    present = latest_version(campaign) if campaign else None
    if present is None:
        return 1
    known = {statement.language: statement.sha256 for statement in present.statements.all()}
    return present.number + 1 if has_changed(known, call.statements) else present.number


def _note_venues(reading: Reading, call: Call, campaign: Campaign) -> None:
    refs = {venue.ref for venue in call.venues}
    used = venues_of(campaign).filter(pk__in=campaign.events.exclude(venue=None).values("venue_id"))
    for venue in used:
        if venue.ref not in refs:
            reading.problems.doubtful(
                "venues.csv", 1, f"The venue {venue.ref} is gone, but events name it.", "It stays with them only."
            )


def _note_events(reading: Reading, call: Call, campaign: Campaign) -> None:
    rows = {row.row for row in call.events if row.row}
    places = {_key(row) for row in call.events}
    for event, said in _launched(campaign):
        is_there = event.row in rows if event.row else _key(said) in places
        named = f"The event {event.row or event.title!r}"
        if is_there and event.state not in _STANDING:
            reading.problems.doubtful(
                "events.csv", 1, f"{named} is {event.state}.", "It stays so, whatever its row says."
            )
        elif not is_there and event.state == Event.State.KEPT:
            reading.problems.doubtful(
                "events.csv", 1, f"{named} is gone.", "It stays: cancel it in the office if it is off."
            )


def _launched(campaign: Campaign) -> Iterator[tuple[Event, EventFields]]:
    events = campaign.events.filter(origin__in=(Event.Origin.LAUNCH, Event.Origin.OFFICE)).select_related("venue")
    return ((event, fields_of(event)) for event in events.order_by("pk"))


def _key(row: EventRow | EventFields) -> tuple[str, ...]:
    return same_event_key(venue=row.venue, city=row.city, address=row.address, title=row.title)
