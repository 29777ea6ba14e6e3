"""From a call to records, in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.calls.call import Call, Picture
from clarion.calls.check import Reading
from clarion.calls.compare import changed_since, hashes_of
from clarion.calls.known import is_owner, note_records
from clarion.calls.problems import Problem
from clarion.calls.stored import call_of
from clarion.campaigns.actions import (
    change_settings,
    note_launch,
    open_campaign,
    promise_pages,
    publish_campaign,
    save_updates,
    save_version,
    set_picture,
)
from clarion.campaigns.models import Campaign, Version
from clarion.campaigns.queries import campaign_by_slug
from clarion.campaigns.rules import SlugTaken
from clarion.donations.actions import save_give_pages
from clarion.events.actions import store_events
from clarion.events.models import Event
from clarion.kernel.errors import ClarionError
from clarion.organisers.actions import ensure_admin, ensure_team
from clarion.organisers.models import Team
from clarion.places.actions import VenueChanges, ensure_venue_list, save_venues
from clarion.places.rules import VenueRow


class OfficeChanged(ClarionError):
    """The office changed these files since the last launch; nothing was stored."""

    def __init__(self, slug: str, files: Sequence[str]) -> None:
        self.files = tuple(files)
        listed = "\n".join(f"  {name}" for name in self.files)
        super().__init__(
            f"The office changed the call since it was launched last:\n{listed}\n"
            f"See it with `clarion export --campaign {slug} --call DIR`, "
            "or launch with --replace to put the folder in its place."
        )


class AlreadyPublic(ClarionError):
    """A campaign that the public sees cannot be stored as a draft; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing a call did; `is_new`: there is a new version of the texts."""

    campaign: Campaign
    version: Version
    is_new: bool
    warnings: tuple[Problem, ...] = ()


@transaction.atomic
def launch_call(reading: Reading, *, by: Actor, now: datetime, replace: bool = False, draft: bool = False) -> Stored:
    """Store the call of a folder; its organiser is an admin then. Safe to repeat: the same folder changes nothing.

    Raises `CallWrong` with every mistake, `OfficeChanged` unless `replace`, `AlreadyPublic`; nothing is stored then.
    """
    note_records(reading)
    call = reading.checked_call
    campaign = campaign_by_slug(call.settings.slug)
    if campaign is not None and not replace:
        _refuse_office_changes(campaign, call)
    stored = store_call(call, by=by, now=now, draft=draft, warnings=reading.problems.warnings)
    ensure_admin(stored.campaign.team, call.settings.organiser_email, by=by, now=now)
    note_launch(stored.campaign, hashes_of(call_of(stored.campaign)), by=by, now=now)
    return stored


def _refuse_office_changes(campaign: Campaign, call: Call) -> None:
    changed = changed_since(campaign.launched_folder, hashes_of(call_of(campaign)), hashes_of(call))
    if changed:
        raise OfficeChanged(campaign.slug, changed)


@transaction.atomic
def store_call(
    call: Call,
    *,
    by: Actor,
    now: datetime,
    draft: bool = False,
    must_be_new: bool = False,
    team: Team | None = None,
    warnings: tuple[Problem, ...] = (),
) -> Stored:
    """Store a checked call, and publish it unless it is a `draft`. Safe to repeat: what is the same promises nothing.

    `must_be_new`: any campaign of this slug is in the way. `team`: whose a new campaign is; default: its organiser's.
    Raises `SlugTaken`, `AlreadyPublic`; nothing is stored then.
    """
    campaign = _campaign_for(call, by, now, draft=draft, must_be_new=must_be_new, team=team)
    store_venues(campaign, call.venues, by=by, now=now)
    version, is_new = save_version(campaign, call.statements, by=by, now=now)
    _store_picture(campaign, call.picture, by, now)
    save_updates(campaign, call.updates, by=by, now=now)
    save_give_pages(campaign, call.gives, by=by, now=now)
    store_events(campaign, call.events, origin=Event.Origin.LAUNCH, by=by, now=now)
    if not draft and not campaign.is_published:
        publish_campaign(campaign, by=by, now=now)
    return Stored(campaign, version, is_new, warnings)


def _campaign_for(
    call: Call, by: Actor, now: datetime, *, draft: bool, must_be_new: bool, team: Team | None
) -> Campaign:
    settings = call.settings
    campaign = campaign_by_slug(settings.slug)
    if campaign is None:
        team = team or ensure_team(settings.organiser_email, settings.organiser_name, by=by, now=now)
        return open_campaign(settings, team, by=by, now=now)
    if must_be_new or not is_owner(campaign, call):
        raise SlugTaken(f"The slug {campaign.slug} is taken.")
    if draft and campaign.is_published:
        raise AlreadyPublic(f"{campaign.slug} is public already: what is stored is published. Launch without --draft.")
    change_settings(campaign, settings, by=by, now=now)
    return campaign


@transaction.atomic
def store_venues(campaign: Campaign, rows: Sequence[VenueRow], *, by: Actor, now: datetime) -> VenueChanges:
    """Make these rows the campaign's own list, which carries its slug. Safe to repeat."""
    venue_list = ensure_venue_list(campaign.slug)
    used = Event.objects.filter(venue__venue_list=venue_list).values_list("venue_id", flat=True)
    campaign.venue_lists.add(venue_list)
    changes = save_venues(venue_list, rows, in_use={pk for pk in used if pk is not None})
    if changes:
        record(
            by, "changed-venues", "campaign", campaign.slug, now=now, campaign=campaign.slug,
            added=len(changes.added), changed=len(changes.changed), removed=len(changes.removed + changes.gone),
        )  # fmt: skip
        promise_pages(campaign)
    return changes


def _store_picture(campaign: Campaign, picture: Picture | None, by: Actor, now: datetime) -> None:
    """Store the picture; the stored one launched again, as an export wrote it, is not encoded once more."""
    present = bytes(campaign.picture) if campaign.picture else b""
    if picture is not None and hashlib.sha256(present).hexdigest() == picture.source_sha256:
        return
    set_picture(campaign, picture.jpeg if picture else None, by=by, now=now)
