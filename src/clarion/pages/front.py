"""What lies outside any one language: the list of calls, a call's list of languages, and the files that robots read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import current_version, statements_in
from clarion.kernel.languages import direction, native_name
from clarion.pages.calendars import stamp_of
from clarion.pages.press import Press
from clarion.pages.site import Page, Raw, Scene

# Addresses that a robot gains nothing from; each page says noindex besides.
_NOT_FOR_ROBOTS = ("confirm", "withdraw", "unsubscribe", "refused")
_SECURITY_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Tongue:
    """A call in one of its languages."""

    language: str
    direction: str
    name: str
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call in the list of this server, in its default language."""

    slug: str
    address: str
    language: str
    direction: str
    title: str
    summary: str
    organiser: str
    languages: Sequence[Tongue]
    sitemaps: Sequence[str]


def call_of(campaign: Campaign) -> Call:
    """A campaign as the list shows it."""
    statements = statements_in(current_version(campaign), campaign)
    own = statements[campaign.default_language]
    return Call(
        slug=campaign.slug,
        address=f"/{campaign.slug}/{own.language}/",
        language=own.language,
        direction=direction(own.language),
        title=own.title,
        summary=own.summary,
        organiser=campaign.organiser_name,
        languages=[
            Tongue(tag, direction(tag), native_name(tag), statement.title, f"/{campaign.slug}/{tag}/")
            for tag, statement in statements.items()
        ],
        sitemaps=("sitemap.xml", "events/sitemap.xml") if campaign.takes_events else ("sitemap.xml",),
    )


def root_page(calls: Sequence[Call]) -> Page:
    """`/`: the campaigns of this server."""
    return Page("/", "pages/root.html", {"calls": calls})


def languages_page(call: Call) -> Page:
    """`/{c}/` as a plain file: its languages. Intake chooses by Accept-Language before it."""
    return Page(f"/{call.slug}/", "pages/languages.html", {"call": call})


def robots_txt(press: Press) -> Raw:
    """`/robots.txt`."""
    lines = ["User-agent: *", *(f"Disallow: /*/*/{name}/" for name in _NOT_FOR_ROBOTS)]
    lines += ["", f"Sitemap: {press.public_url}/sitemap.xml", ""]
    return Raw("/robots.txt", "\n".join(lines).encode())


def security_txt(press: Press, contacts: Sequence[str]) -> Raw:
    """`/.well-known/security.txt` (RFC 9116). It expires half a year on, at the first of a month."""
    months = press.now.year * 12 + press.now.month - 1 + _SECURITY_MONTHS
    expires = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    lines = [f"Contact: mailto:{address}" for address in dict.fromkeys(contacts)]
    lines += [
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: {press.public_url}/.well-known/security.txt",
        "",
    ]
    return Raw("/.well-known/security.txt", "\n".join(lines).encode())


def sitemap_index(press: Press, calls: Sequence[Call]) -> Raw:
    """`/sitemap.xml`: the maps of each call and language, for a map may hold 50,000 addresses."""
    maps = [tongue.address + name for call in calls for tongue in call.languages for name in call.sitemaps]
    body = "".join(f"<sitemap><loc>{press.public_url}{address}</loc></sitemap>\n" for address in maps)
    return _xml("/sitemap.xml", "sitemapindex", body)


def sitemap(scene: Scene, paths: Iterable[str]) -> Raw:
    """The sitemap of one language: the addresses that may be indexed."""
    body = "".join(f"<url><loc>{scene.absolute(path)}</loc></url>\n" for path in sorted(paths))
    return _xml(scene.at("sitemap.xml"), "urlset", body)


def events_sitemaps(scenes: Sequence[Scene]) -> Iterator[Raw]:
    """The pages of events in each language: maps of their own, for these come and go by the hour."""
    ends = [
        f"{event.public_id}/</loc><lastmod>{stamp_of(event).astimezone(UTC).date()}</lastmod></url>\n"
        for event in scenes[0].events
    ]
    for scene in scenes:
        start = f"<url><loc>{scene.absolute(scene.at('events/'))}"
        yield _xml(scene.at("events/sitemap.xml"), "urlset", "".join(start + end for end in ends))


def _xml(path: str, element: str, body: str) -> Raw:
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{element} xmlns="{space}">\n{body}</{element}>\n'
    return Raw(path, text.encode())
