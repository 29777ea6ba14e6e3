"""One publication of one campaign: what it is printed from, and the folders into which it goes."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType

from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from clarion.events.queries import unpublished_events_with_host
from clarion.pages import calendars, country_pages, event_pages, front, open_data, tokens
from clarion.pages.assets import publish_assets, remove_old_pictures
from clarion.pages.hands import hands
from clarion.pages.pausing import Pause
from clarion.pages.press import Press
from clarion.pages.printing import (
    Manuscript,
    Printed,
    Printer,
    Ready,
    Sheet,
    cores,
    manuscript_of,
    print_sheet,
    sheets_of,
)
from clarion.pages.scenes import scenes_of
from clarion.pages.site import Page, Raw, Scene, Server, render_server_page

_MOST_WAITING = 100
_LOOK_UP_EVERY = 100
_WRITERS = 4  # they wait for the disk more than they compute
_SHEETS_FOR_HANDS = 60  # fewer are printed by the time that further processes have started
_MOST_HANDS = 4  # each takes a hundred megabytes


def _put(ready: Ready) -> bool:
    folder, file, content = ready
    return folder.write(file, content)


def _finish(waiting: deque[Future[bool]]) -> None:
    while waiting:
        waiting.popleft().result()


def pages_from(scene: Scene, modules: Iterable[ModuleType]) -> Iterator[Page | Raw]:
    """What the modules contribute in one language."""
    for module in modules:
        yield from module.pages_of(scene)


class Publication:
    """Writes the pages of a campaign as the records were when it was made."""

    def __init__(self, campaign: Campaign, press: Press) -> None:
        self.campaign = campaign
        self.press = press
        self.pause = Pause()
        self._printer = Printer(press)
        self.site, self.manage = self._printer.site, self._printer.manage
        self.assets = publish_assets(campaign, self.site)
        self.scenes = scenes_of(campaign, press, self.assets)

    @property
    def events(self) -> Sequence[Event]:
        """What the public sees."""
        return self.scenes[0].events

    def _with_events(self) -> list[Scene]:
        return [scene for scene in self.scenes if scene.ways.events]

    def write_pages(self, modules: Collection[ModuleType]) -> None:
        """Write what the modules contribute, language by language."""
        self.write((scene, page) for scene in self.scenes for page in pages_from(scene, modules))
        self._pause_if_wanted()

    def write(self, pages: Iterable[tuple[Scene, Page | Raw]]) -> None:
        """Write pages, each with its language."""
        self._write(self._printer.ready(scene, page) for scene, page in pages)

    def _write(self, ready: Iterable[Ready]) -> None:
        """Compress and write what is ready while the next is rendered; all is out when this returns."""
        with ThreadPoolExecutor(_WRITERS) as pool:
            waiting: deque[Future[bool]] = deque()
            for number, one in enumerate(ready, start=1):
                waiting.append(pool.submit(_put, one))
                if len(waiting) > _MOST_WAITING:
                    waiting.popleft().result()
                if number % _LOOK_UP_EVERY == 0 and self.pause.is_wanted():
                    _finish(waiting)  # what is published in the pause must not be overwritten
                    self.pause.take()
            _finish(waiting)

    def _pause_if_wanted(self) -> None:
        if self.pause.is_wanted():
            self.pause.take()

    def write_sheets(self) -> None:
        """Write the pages of all countries and events, and all that organisers have links to, on every processor."""
        hosted = [event for event in self.events if event.host_box is not None]
        hosted += unpublished_events_with_host(self.campaign)
        sheets = sheets_of(self.scenes[0], hosted)
        print_sheets = self._print_with_hands if len(sheets) >= _SHEETS_FOR_HANDS and cores() > 1 else self._print_alone
        for printed in print_sheets(manuscript_of(self.press, self.scenes), sheets):
            self._printer.absorb(printed)

    def _print_with_hands(self, manuscript: Manuscript, sheets: Sequence[Sheet]) -> Iterator[Printed]:
        with hands(manuscript, min(cores(), _MOST_HANDS)) as held:
            yield from held.print(sheets, self.pause)

    def _print_alone(self, manuscript: Manuscript, sheets: Sequence[Sheet]) -> Iterator[Printed]:
        for sheet in sheets:
            self._pause_if_wanted()
            yield print_sheet(manuscript, sheet)

    def write_raw(self, raw: Raw) -> None:
        """Write a file of the site."""
        self.site.write(raw.file, raw.content)

    def write_open_data(self) -> None:
        """Write feeds, calendar and map data, the events' sitemaps, and the list of languages."""
        first = self.scenes[0]
        page = front.languages_page(front.call_of(self.campaign))
        self.site.write_text(page.file, render_server_page(page, Server(self.press, first.voice, self.assets)))
        self._write((self.site, raw.file, raw.content) for raw in self._open_data(first))

    def _open_data(self, first: Scene) -> Iterator[Raw]:
        if first.ways.events:  # the largest first: they are compressed while the others are made
            yield calendars.calendar_of(first)
            yield open_data.geojson(first)
            yield from front.events_sitemaps(self.scenes)
        yield open_data.json_feed(first)
        for scene in self.scenes:
            yield from open_data.feeds_of(scene)

    def write_events(self, events: Sequence[Event]) -> None:
        """Write the pages and calendar entries of some events."""
        for make in (event_pages.event_pages_of, calendars.entries_of):
            self.write((scene, one) for scene in self._with_events() for one in make(scene, events))

    def write_country_lists(self) -> None:
        """Write the list of countries in each language."""
        self.write((scene, country_pages.list_page(scene)) for scene in self._with_events())

    def write_countries(self, codes: Collection[str]) -> None:
        """Write the list of countries, and the pages of some; further ones that are not needed any more go."""
        self.write_country_lists()
        self.write(
            (scene, page)
            for scene in self._with_events()
            for page in country_pages.country_pages_of(scene, codes, scene.events.by_country)
        )
        for scene in self._with_events():
            for code in codes:
                self.site.keep_only_present(f"{scene.slug}/{scene.language}/countries/{code.lower()}")

    def remove_event(self, event_id: str) -> None:
        """Take away the pages of an event that the public does not see."""
        for scene in self.scenes:
            self.site.remove(f"{scene.slug}/{scene.language}/events/{event_id}")

    def write_manage_pages(self, events: Sequence[Event]) -> None:
        """Write the manage page of each event that has an organiser, in their language; those of ended links go."""
        self._write(self._printer.ready(scene, page) for scene, page in tokens.manage_pages_of(self.scenes, events))
        self._remove_ended_links({event.public_id for event in events})

    def _remove_ended_links(self, ids: Collection[str]) -> None:
        folder = f"{self.campaign.slug}/events"
        for name in self.manage.names_in(folder):
            file = f"{folder}/{name}"
            if name.endswith(".html") and name.partition("-")[0] in ids and file not in self.manage.present:
                self.manage.remove(file)

    def write_sitemaps(self) -> None:
        """Write the sitemap of each language: all pages of this run that may be indexed, but for those of events."""
        for scene in self.scenes:
            self.write_raw(front.sitemap(scene, [path for tag, path in self._printer.indexed if tag == scene.language]))

    def tidy(self) -> None:
        """Take away what a whole publication no longer has."""
        self.site.keep_only_present(self.campaign.slug)
        self.manage.keep_only_present(self.campaign.slug)
        remove_old_pictures(self.campaign, self.site)
