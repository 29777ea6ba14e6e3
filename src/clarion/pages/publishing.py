"""Publishing: records in, files out. The worker maps promised names to these functions, under its one lock.

Every function reads the records anew, writes only what changed, and may be repeated at will. What goes wrong leaves the
former files in place.
"""

import hashlib
import json
from collections.abc import Collection
from importlib.resources import files

from clarion.campaigns.queries import campaign_by_slug, published_campaigns
from clarion.events.models import Event
from clarion.events.queries import events_by_public_ids
from clarion.kernel.files import cities_file
from clarion.locale.catalogs import interface_languages
from clarion.locale.voice import voice
from clarion.pages import (
    answers,
    call_page,
    country_pages,
    counts_page,
    documents,
    event_pages,
    forms,
    front,
    open_data,
    privacy_page,
    tokens,
)
from clarion.pages.assets import publish_server_assets
from clarion.pages.consent import record_wordings
from clarion.pages.pausing import Pause
from clarion.pages.policy import is_told, write_policy
from clarion.pages.press import Press
from clarion.pages.publication import Publication, pages_from
from clarion.pages.site import Page, Server, compile_templates, render_server_page
from clarion.pages.writing import Folder
from clarion.places.countries import CODES, accepted, load_country_settings
from clarion.places.gazetteer import completion_rows
from clarion.places.geometry import load_geometry

# Whose `pages_of(scene)` gives what must be there before the first form can be taken ...
FIRST = (answers, call_page)
# ... and the rest, what changes with a switch or an event before what hardly ever does.
REST = (forms, tokens, event_pages, country_pages, counts_page, documents, privacy_page)
_BUT_COUNTRIES = tuple(module for module in REST if module is not country_pages)
# What a switch must change at once, and what it changes besides.
SWITCHED = (call_page, forms, event_pages)
_UNSWITCHED = tuple(module for module in (*FIRST, *REST) if module not in SWITCHED)
NEVER = Pause()


def publish_campaign(slug: str, *, desk: Press, pause: Pause = NEVER) -> None:
    """Publish all of a campaign: call pages and policy first. One that is not public any more disappears.

    `pause` is taken where it is wanted once those are out; where it raises `Overtaken`, publish again.
    """
    campaign = campaign_by_slug(slug)
    if campaign is None or not campaign.is_published:
        withdraw_campaign(slug, desk=desk)
        return
    record_wordings(campaign, extra=desk.strings, now=desk.now)
    run = Publication(campaign, desk)
    run.write_raw(open_data.counts_json(run.scenes[0]))  # before the first pause, in which newer figures may come
    _open_door(run)
    run.write_pages((call_page,))
    run.pause = pause
    run.write_pages(_BUT_COUNTRIES)
    run.write_country_lists()
    run.write_open_data()
    run.write_sheets()
    run.write_sitemaps()
    run.tidy()
    publish_root(desk=desk)
    publish_cities(run.site, accepted(load_country_settings(desk.country_settings)))


def publish_counts(slug: str, *, desk: Press) -> None:
    """Publish the figures where they must be new at once: `counts.json` and the call pages.

    And the pages of countries that have none any more; before `counts.json`, by which they are known.
    """
    if run := _run(slug, desk):
        figures = run.scenes[0].figures
        if lost := open_data.countries_counted(run.site.root, slug) - figures.by_country.keys():
            run.write_countries(lost)  # their pages would go on showing a figure
        run.write_raw(open_data.counts_json(run.scenes[0]))
        run.write_pages((call_page,))


def publish_count_pages(slug: str, *, desk: Press, pause: Pause = NEVER) -> None:
    """Publish every other page that shows a figure; once a minute is enough. `pause` as in `publish_campaign`."""
    if run := _run(slug, desk):
        run.pause = pause
        run.write(
            (scene, page)
            for scene in run.scenes
            for page in pages_from(scene, REST)
            if isinstance(page, Page) and page.has_counts
        )


def publish_mail_delay(slug: str, *, desk: Press) -> None:
    """Publish the pages that say how long mails take now."""
    if run := _run(slug, desk):
        run.write_pages((answers,))


def publish_events(slug: str, event_ids: Collection[str], *, desk: Press) -> None:
    """Publish some events: each its own pages first, then, once for all, what lists them. Hidden ones disappear."""
    run = _run(slug, desk)
    if run is None:
        return
    shown = [event for event in run.events if event.public_id in event_ids]
    run.write_events(shown)
    for event_id in {*event_ids} - {event.public_id for event in shown}:
        run.remove_event(event_id)
    events = events_by_public_ids(event_ids)
    run.write_manage_pages(events)
    run.write_pages((call_page,))
    run.write((scene, answers.thanks_page(scene)) for scene in run.scenes)
    run.write_countries(_countries_of(events) if len(events) == len({*event_ids}) else CODES)
    run.write_pages((event_pages,))
    run.write_open_data()


def publish_switches(slug: str, *, desk: Press) -> None:
    """Publish pause, close and notice: intake's policy first, then call, answers, forms and lists."""
    if run := publish_switches_first(slug, desk=desk):
        run.write_pages(_UNSWITCHED)


def publish_switches_first(slug: str, *, desk: Press) -> Publication | None:
    """Publish what of a switch cannot wait: intake's policy, then call, forms and lists; the rest is to follow."""
    write_policy(desk)
    run = _run(slug, desk)
    if run:
        run.write_pages(SWITCHED)
    return run


def publish_manage(slug: str, event_id: str, *, desk: Press) -> None:
    """Publish the page on which an event's organiser changes it; the pages of ended links go."""
    if run := _run(slug, desk):
        run.write_manage_pages(events_by_public_ids([event_id]))


def make_ready(*, desk: Press) -> None:
    """Read and lay out once what every publication needs, so that the first call does not wait for it."""
    compile_templates()
    for language in interface_languages(desk.strings):
        voice(language, desk.strings)
    load_geometry(desk.geometry).drawing  # noqa: B018 - laid out when it is looked at


def publish_root(*, desk: Press) -> None:
    """Publish what belongs to no campaign: the list of calls, errors, the files for robots.

    Safe to repeat; once a month at least, for `security.txt` expires.
    """
    site = Folder(desk.data.site)
    assets = publish_server_assets(site)
    calls = [front.call_of(campaign) for campaign in published_campaigns()]
    server = Server(desk, voice(_common_language(calls), desk.strings), assets)
    page = front.root_page(calls)
    site.write_text(page.file, render_server_page(page, server))
    for file, text in answers.global_errors(assets, desk.strings):
        site.write_text(file, text)
    contacts = published_campaigns().values_list("organiser_email", flat=True)
    for raw in (front.robots_txt(desk), front.sitemap_index(desk, calls), front.security_txt(desk, list(contacts))):
        site.write(raw.file, raw.content)


def withdraw_campaign(slug: str, *, desk: Press) -> None:
    """Take every page of a campaign away, and it out of the policy."""
    write_policy(desk)
    Folder(desk.data.site).remove(slug)
    Folder(desk.data.manage).remove(slug)
    publish_root(desk=desk)


def publish_cities(site: Folder, countries: Collection[str]) -> None:
    """Write the list of cities of each country that forms accept, once for each edition of the gazetteer."""
    packed = (files("clarion.places") / "data" / "cities.tsv.xz").read_bytes()
    edition = hashlib.sha256(packed + ",".join(sorted(countries)).encode()).hexdigest().encode() + b"\n"
    mark = "-/cities/edition.txt"
    if (site.root / mark).is_file() and (site.root / mark).read_bytes() == edition:
        return
    for code in sorted(countries):
        rows = json.dumps(completion_rows(code), ensure_ascii=False, separators=(",", ":"))
        site.write_text(cities_file(code), rows)
    site.write(mark, edition)


def _run(slug: str, desk: Press) -> Publication | None:
    """A part of a public campaign is to be published: perhaps before the whole of a change, or after new software."""
    campaign = campaign_by_slug(slug)
    if campaign is None or not campaign.is_published:
        return None
    record_wordings(campaign, extra=desk.strings, now=desk.now)
    run = Publication(campaign, desk)
    if not (is_told(desk, campaign) and answers.are_out(run.scenes)):
        _open_door(run)
    return run


def _open_door(run: Publication) -> None:
    """A page is out only when its form is taken: what intake answers with, then the policy, then the page.

    And only with the figures that it asks for; those that are there stay, for `publish_counts` compares with them.
    """
    run.write_pages((answers,))
    counts = open_data.counts_json(run.scenes[0])
    if not (run.site.root / counts.file).is_file():
        run.write_raw(counts)
    write_policy(run.press)


def _countries_of(events: Collection[Event]) -> Collection[str]:
    """The countries on whose pages events stand or stood: it may be any once their words are erased."""
    if not all(event.country for event in events):
        return CODES
    return {code for event in events for code in (event.country, event.moved.get("country") or event.country)}


def _common_language(calls: Collection[front.Call]) -> str:
    """The language of the list: that of all calls where they have one default language, else English."""
    languages = {call.language for call in calls}
    return languages.pop() if len(languages) == 1 else "en"
