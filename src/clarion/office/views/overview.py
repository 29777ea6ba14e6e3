"""How a campaign stands, at a glance."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe
from markupsafe import Markup

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import languages_behind, languages_of
from clarion.events.queries import counts_by_state
from clarion.kernel.clock import utc_now
from clarion.machines.queries import last_beat
from clarion.moderation.queries import waiting_counts
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.editing import texts_of
from clarion.office.heartbeat import is_alive
from clarion.office.rendering import render_page
from clarion.office.sentences import TROUBLE
from clarion.organisers.rules import may
from clarion.pages.plots import Bar, bars, columns, days_between
from clarion.pages.policy import hours_of
from clarion.places.countries import country_name
from clarion.signatures.queries import pending_count, published_figures, tally_rows
from clarion.signatures.wave_queries import held_count

_COUNTRIES_SHOWN = 12
_MINUTES_FROM = 120  # seconds from which a delay is told in minutes


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many signed, by day and by country; exact for those who may see signatures, else as published."""

    total: int
    days: list[tuple[date, int]]
    countries: list[tuple[str, int]]
    today: int

    @property
    def plot_of_days(self) -> Markup:
        """Columns, one a day."""
        rows = [Bar(date_format(day, "j M"), n, f"{n:,}") for day, n in self.days]
        return columns(rows, label="Signatures by day")

    @property
    def plot_of_countries(self) -> Markup:
        """Bars of the countries with most."""
        rows = [Bar(name, n, f"{n:,}") for name, n in self.countries[:_COUNTRIES_SHOWN]]
        return bars(rows, label="Signatures by country")


@require_safe
@organiser_may("moderate")
def show_overview(request: OrganiserRequest) -> HttpResponse:
    """Numbers, plots, what waits, what troubles, what is missing."""
    campaign, now = request.campaign, utc_now()
    sees_signatures = may(request.membership.role, "see-signatures")
    numbers = _exact(campaign, now) if sees_signatures else _published(campaign, now)
    beat = last_beat(settings.ENV.data.heartbeat, now=now)
    return render_page(
        request,
        "office/overview/show.html",
        stage=hours_of(campaign).stage_at(now.timestamp()),
        numbers=numbers,
        sees_signatures=sees_signatures,
        pending=pending_count(campaign) if sees_signatures else 0,
        held=held_count(campaign) if may(request.membership.role, "decide-waves") else 0,
        waiting=waiting_counts(campaign, request.membership.countries, now=now),
        events=counts_by_state(campaign),
        troubles=troubles(beat, now, campaign.slug),
        mail_delay=_delay(beat),
        missing=missing_to_go_public(campaign) if sees_signatures else [],
        behind=sorted(languages_behind(campaign)) if languages_of(campaign) else [],
        public_url=settings.ENV.public_url,
        languages=languages_of(campaign),
        texts=None if campaign.is_published else texts_of(campaign),
        now=now,
    )


def _exact(campaign: Campaign, now: datetime) -> Numbers:
    days: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    for day, country, n in tally_rows(campaign):
        days[day.isoformat()] += n
        countries[country] += n
    return _numbers(countries.total(), days, countries, now)


def _published(campaign: Campaign, now: datetime) -> Numbers:
    figures = published_figures(campaign)
    return _numbers(figures.total, figures.by_day, {**figures.by_country, "": figures.other}, now)


def _numbers(total: int, days: Mapping[str, int], countries: Mapping[str, int], now: datetime) -> Numbers:
    named = [(country_name(code, "en") if code and code != "ZZ" else "Other", n) for code, n in countries.items() if n]
    ranked = sorted(named, key=lambda row: (-row[1], row[0]))
    return Numbers(total, days_between(days), ranked, days.get(now.date().isoformat(), 0))


def troubles(beat: Mapping[str, Any], now: datetime, slug: str) -> list[str]:
    """What does not go as it should, each with how to mend it; of what concerns one campaign only this one's."""
    if not is_alive(beat, now):
        return [
            "The worker is silent: nothing is counted, mailed or published. On the server: systemctl status"
            " clarion-worker, and its log; without systemd: clarion serve."
        ]
    codes = [str(code).partition(":") for code in beat.get("trouble", ())]
    found = [TROUBLE.get(code, code) for code, _, campaign in codes if campaign in ("", slug)]
    if settings.ENV.mail.scheme == "none":
        found.append("No mail server is set (CLARION_MAIL_URL): confirmations wait.")
    return found


def _delay(beat: Mapping[str, Any]) -> str:
    """How long mails take now, in words; empty while nothing is known."""
    seconds = beat.get("mail_delay_seconds")
    if not isinstance(seconds, int | float):
        return ""
    return f"{seconds:.0f} s" if seconds < _MINUTES_FROM else f"{seconds / 60:.0f} min"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: the field of the settings that mends it, or none where the host does."""

    sentence: str
    field: str = ""
    is_hosts: bool = False


def missing_to_go_public(campaign: Campaign) -> list[Missing]:
    """What a campaign still lacks before strangers should be asked to sign."""
    env = settings.ENV
    checks = (
        (campaign.controller_name, Missing("The legal name of who answers for the data", "controller_name")),
        (campaign.controller_address, Missing("Their postal address", "controller_address")),
        (campaign.privacy_contact, Missing("A contact for questions on data", "privacy_contact")),
        (env.mail.scheme == "smtp", Missing("A mail server: CLARION_MAIL_URL=smtp://…", is_hosts=True)),
        (urlsplit(env.public_url).scheme == "https", Missing("TLS: a public address with https.", is_hosts=True)),
        (campaign.is_published, Missing("Publishing: press Publish when the text stands.")),
    )
    return [missing for is_there, missing in checks if not is_there]
