"""Every write to campaigns and their texts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.campaigns.models import Campaign, ConsentWording, Draft, Statement, Update, Version
from clarion.campaigns.queries import hashes_by_version, latest_version
from clarion.campaigns.rules import (
    CampaignSettings,
    NoStatement,
    SlugTaken,
    StatementText,
    UpdateText,
    Wording,
    first_appearance,
    has_changed,
)
from clarion.jobs.promises import promise
from clarion.organisers.actions import notify_admins
from clarion.organisers.models import Team
from clarion.organisers.rules import Notice
from clarion.places.actions import drop_venue_lists


@transaction.atomic
def open_campaign(settings: CampaignSettings, team: Team, *, by: Actor, now: datetime) -> Campaign:
    """Make a campaign, not published yet; raises `SlugTaken`."""
    if Campaign.objects.filter(slug=settings.slug).exists():
        raise SlugTaken(f"The slug {settings.slug} is taken.")
    campaign = Campaign.objects.create(team=team, created_at=now, **_columns(settings))
    _record(campaign, "opened", by, now)
    return campaign


@transaction.atomic
def change_settings(campaign: Campaign, settings: CampaignSettings, *, by: Actor, now: datetime) -> list[str]:
    """Bring the settings up to date; gives the names of those that changed. The slug stays.

    Every other admin is mailed when the campaign closes, and when the ways to give are shown or hidden.
    """
    columns = _columns(settings)
    changed = sorted(name for name, value in columns.items() if getattr(campaign, name) != value)
    if changed:
        Campaign.objects.filter(pk=campaign.pk).update(**{name: columns[name] for name in changed})
        campaign.refresh_from_db(fields=changed)
        _record(campaign, "changed-settings", by, now, settings=changed)
        for notice in _notices_of(campaign, changed, now):
            notify_admins(campaign.team, notice, by=by, now=now, campaign=campaign.slug)
        promise_pages(campaign)
    return changed


def _notices_of(campaign: Campaign, changed: Collection[str], now: datetime) -> Iterator[Notice]:
    """What the other admins are told of changed settings: a day that has passed closes like the switch."""
    if "closes_at" in changed:
        yield "closed" if campaign.closes_at and campaign.closes_at <= now else "closing-changed"
    if "takes_gifts" in changed:
        yield "give-changed"


def _columns(settings: CampaignSettings) -> dict[str, Any]:
    return {**asdict(settings), "never_shown": list(settings.never_shown)}


@transaction.atomic
def save_version(
    campaign: Campaign, statements: Sequence[StatementText], *, by: Actor, now: datetime
) -> tuple[Version, bool]:
    """Make the next version of the texts if any byte changed; gives the present one and whether it is new.

    Safe to repeat. Raises `NoStatement` without one in the default language; nothing is stored then.
    """
    if campaign.default_language not in {one.language for one in statements}:
        raise NoStatement(f"There is no statement in the default language, {campaign.default_language}.")
    _hold(campaign)  # one version at a time
    present = latest_version(campaign)
    if present and not has_changed({s.language: s.sha256 for s in present.statements.all()}, statements):
        return present, False
    version = _add_version(campaign, present.number + 1 if present else 1, statements, now)
    _record(campaign, "saved-version", by, now, version=version.number)
    promise_pages(campaign)
    return version, True


def _add_version(campaign: Campaign, number: int, statements: Sequence[StatementText], now: datetime) -> Version:
    hashes = hashes_by_version(campaign)
    version = Version.objects.create(campaign=campaign, number=number, created_at=now)
    Statement.objects.bulk_create(
        _statement(version, one, first_appearance(one.sha256, hashes.get(one.language, {}), number))
        for one in statements
    )
    return version


def _statement(version: Version, text: StatementText, since: int) -> Statement:
    return Statement(
        version=version, language=text.language, raw=text.raw, sha256=text.sha256, title=text.title,
        summary=text.summary, body=text.body, demands=[asdict(demand) for demand in text.demands],
        dated_on=text.dated_on, translator=text.translator, status=text.status,
        translates=text.translates or since, picture_alt=text.picture_alt,
    )  # fmt: skip


def _hold(campaign: Campaign) -> None:
    """Keep others from these texts until the commit; what people send in goes on."""
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)


@transaction.atomic
def keep_draft(campaign: Campaign, language: str, text: str, *, by: Actor, now: datetime) -> None:
    """Keep a statement as it is being written; what the public sees does not change."""
    Draft.objects.update_or_create(
        campaign=campaign, language=language, defaults={"text": text, "changed_at": now, "by": by.id}
    )


@transaction.atomic
def drop_drafts(campaign: Campaign, drafts: Mapping[str, str]) -> None:
    """Forget these drafts, text by language; one that says something else by now stays."""
    for language, text in drafts.items():
        campaign.drafts.filter(language=language, text=text).delete()


@transaction.atomic
def save_updates(campaign: Campaign, updates: Sequence[UpdateText], *, by: Actor, now: datetime) -> bool:
    """Make these the campaign's updates; gives whether anything changed. Safe to repeat."""
    _hold(campaign)
    new = {(one.posted_on, one.language): (one.title, one.body) for one in updates}
    old = {(one.posted_on, one.language): (one.title, one.body) for one in campaign.updates.all()}
    if new == old:
        return False
    campaign.updates.all().delete()
    Update.objects.bulk_create(
        Update(campaign=campaign, posted_on=one.posted_on, language=one.language, title=one.title, body=one.body)
        for one in updates
    )
    _record(campaign, "changed-updates", by, now, updates=len(new))
    promise_pages(campaign)
    return True


@transaction.atomic
def set_picture(campaign: Campaign, jpeg: bytes | None, *, by: Actor, now: datetime) -> bool:
    """Set the picture (already encoded anew) or take it away; gives whether that changed anything."""
    old = bytes(campaign.picture) if campaign.picture is not None else None
    if old == jpeg:
        return False
    campaign.picture = jpeg
    campaign.save(update_fields=["picture"])
    _record(campaign, "changed-picture", by, now)
    promise_pages(campaign)
    return True


@transaction.atomic
def publish_campaign(campaign: Campaign, *, by: Actor, now: datetime) -> None:
    """Show the campaign to the public, or bring all its pages up to date. Safe to repeat."""
    if not campaign.is_published:
        campaign.is_published = True
        campaign.save(update_fields=["is_published"])
        _record(campaign, "published", by, now)
    promise("publish-campaign", campaign=campaign.slug)


@transaction.atomic
def discard_campaign(campaign: Campaign, *, by: Actor, now: datetime) -> bool:
    """Take away a campaign that the public has never seen, and free its slug; gives whether it went.

    Venue lists that no other campaign names go with it. One that is published stays: people may have signed it. The
    team's log keeps that it was.
    """
    is_draft = Campaign.objects.select_for_update().filter(pk=campaign.pk, is_published=False).exists()
    if is_draft:
        slug, team = campaign.slug, str(campaign.team.pk)
        lists = list(campaign.venue_lists.values_list("pk", flat=True))
        campaign.delete()
        used = Campaign.objects.filter(venue_lists__in=lists).values_list("venue_lists", flat=True)
        drop_venue_lists(set(lists) - set(used))
        record(by, "discarded", "campaign", slug, now=now, team=team)
    return is_draft


@transaction.atomic
def note_launch(campaign: Campaign, hashes: Mapping[str, str], *, by: Actor, now: datetime) -> None:
    """Remember what a launched folder held (file name to SHA-256)."""
    campaign.launched_at = now
    campaign.launched_folder = dict(hashes)
    campaign.save(update_fields=["launched_at", "launched_folder"])
    _record(campaign, "launched", by, now, files=len(hashes))


@transaction.atomic
def pause_campaign(campaign: Campaign, *, by: Actor, now: datetime) -> None:
    """Stop new signatures and proposals for now; confirming, withdrawing and managing go on."""
    _switch(campaign, "paused", "paused_at", now, by=by, now=now)


@transaction.atomic
def resume_campaign(campaign: Campaign, *, by: Actor, now: datetime) -> None:
    """Take signatures and proposals again."""
    _switch(campaign, "resumed", "paused_at", None, by=by, now=now)


@transaction.atomic
def close_campaign(campaign: Campaign, *, by: Actor, now: datetime) -> None:
    """Stop new signatures and proposals; every other admin is mailed."""
    if _switch(campaign, "closed", "closed_at", now, by=by, now=now):
        notify_admins(campaign.team, "closed", by=by, now=now, campaign=campaign.slug)


@transaction.atomic
def reopen_campaign(campaign: Campaign, *, by: Actor, now: datetime) -> None:
    """Take back a close."""
    _switch(campaign, "reopened", "closed_at", None, by=by, now=now)


def _switch(campaign: Campaign, verb: str, column: str, value: datetime | None, *, by: Actor, now: datetime) -> bool:
    """Set a switch unless it stands so already; gives whether it moved."""
    waiting = Campaign.objects.filter(pk=campaign.pk, **{f"{column}__isnull": value is not None})
    moved = waiting.update(**{column: value}) == 1
    campaign.refresh_from_db(fields=[column])
    if moved:
        _record(campaign, verb, by, now)
        promise("publish-switches", campaign=campaign.slug)
    return moved


@transaction.atomic
def set_notice(campaign: Campaign, notice: Mapping[str, str], *, by: Actor, now: datetime) -> None:
    """Show one sentence in each language on call, forms and lists; an empty mapping takes it away."""
    kept = {language: text.strip() for language, text in notice.items() if text.strip()}
    if kept == campaign.notice:
        return
    campaign.notice = kept
    campaign.save(update_fields=["notice"])
    _record(campaign, "set-notice", by, now, languages=sorted(kept))
    promise("publish-switches", campaign=campaign.slug)


def record_consent_wordings(campaign: Campaign, wordings: Iterable[Wording], now: datetime) -> None:
    """Keep the wordings that the pages show, each once and for good. Safe to repeat."""
    known = set(campaign.consent_wordings.values_list("wording_id", flat=True))
    fresh = [wording for wording in wordings if wording.wording_id not in known]
    ConsentWording.objects.bulk_create(
        (ConsentWording(campaign=campaign, first_used_at=now, **asdict(wording)) for wording in fresh),
        ignore_conflicts=True,
    )


def promise_pages(campaign: Campaign) -> None:
    """Promise all pages of a campaign that the public sees; must run in the transaction that changed it."""
    if campaign.is_published:
        promise("publish-campaign", campaign=campaign.slug)


def _record(campaign: Campaign, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
    record(by, verb, "campaign", campaign.slug, now=now, campaign=campaign.slug, **detail)
