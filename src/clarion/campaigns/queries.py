"""Shared reads of campaigns and their texts."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import QuerySet

from clarion.campaigns.models import Campaign, Statement, Update, Version
from clarion.campaigns.rules import is_behind, last_day_of_data, personal_data_ended


def campaign_by_slug(slug: str) -> Campaign | None:
    """The campaign with this slug, published or not; its team comes with it."""
    return Campaign.objects.select_related("team").filter(slug=slug).first()


def published_campaigns() -> QuerySet[Campaign]:
    """All campaigns that the public sees, by slug."""
    return Campaign.objects.filter(is_published=True).order_by("slug")


def senders_of_campaigns() -> list[str]:
    """The addresses that campaigns mail from where the host sets none, each once."""
    return list(Campaign.objects.order_by("organiser_email").values_list("organiser_email", flat=True).distinct())


def kept_until(campaign: Campaign) -> date | None:
    """The last day on which the campaign holds personal data; None: twelve months after each signature."""
    return last_day_of_data(campaign.keep_until, campaign.closes_at)


def over_kept(now: datetime) -> list[tuple[Campaign, datetime]]:
    """The campaigns of which some personal data may be held no longer: all that was sent up to the moment beside."""
    campaigns = Campaign.objects.defer("picture")  # looked at each minute
    ends = ((campaign, personal_data_ended(now, kept_until(campaign))) for campaign in campaigns)
    return [(campaign, ended) for campaign, ended in ends if ended is not None]


def all_versions(campaign: Campaign) -> list[Version]:
    """Every version, oldest first, with its statements."""
    return list(campaign.versions.order_by("number").prefetch_related("statements"))


def latest_version(campaign: Campaign) -> Version | None:
    """The present version, or None where nothing was written yet."""
    return campaign.versions.order_by("-number").prefetch_related("statements").first()


def current_version(campaign: Campaign) -> Version:
    """The present version with its statements; raises `Version.DoesNotExist` where nothing was written yet."""
    version = latest_version(campaign)
    if version is None:
        raise Version.DoesNotExist(campaign.slug)
    return version


def statements_in(version: Version, campaign: Campaign) -> dict[str, Statement]:
    """A version's statements by language, the default language first, the others by tag."""
    statements = sorted(version.statements.all(), key=lambda s: (s.language != campaign.default_language, s.language))
    return {statement.language: statement for statement in statements}


def current_statements(campaign: Campaign) -> dict[str, Statement]:
    """The present statements by language, the default language first."""
    return statements_in(current_version(campaign), campaign)


def call_title(campaign: Campaign, language: str) -> str:
    """The call's title in this language, else in its default one."""
    statements = current_statements(campaign)
    return (statements.get(language) or statements[campaign.default_language]).title


def call_titles(campaign: Campaign) -> dict[str, str]:
    """The call's titles by language: for many readers at once."""
    return {language: statement.title for language, statement in current_statements(campaign).items()}


def languages_of(campaign: Campaign) -> tuple[str, ...]:
    """The languages of the call, the default one first; empty before the first version."""
    version = latest_version(campaign)
    return tuple(statements_in(version, campaign)) if version else ()


def hashes_by_version(campaign: Campaign) -> Mapping[str, Mapping[int, str]]:
    """SHA-256 of every statement, by language and version number."""
    rows = Statement.objects.filter(version__campaign=campaign).values_list("language", "version__number", "sha256")
    hashes: dict[str, dict[int, str]] = {}
    for language, number, sha256 in rows:
        hashes.setdefault(language, {})[number] = sha256
    return hashes


def languages_behind(campaign: Campaign) -> frozenset[str]:
    """The languages whose translation is of an older text than the present one."""
    original = hashes_by_version(campaign).get(campaign.default_language, {})
    return frozenset(
        language
        for language, statement in current_statements(campaign).items()
        if language != campaign.default_language and is_behind(statement.translates, original)
    )


def updates_of(campaign: Campaign, language: str) -> list[Update]:
    """The updates in a language, newest first."""
    return list(campaign.updates.filter(language=language).order_by("-posted_on"))
