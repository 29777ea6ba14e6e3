"""One publication of one campaign: its scenes, and the folders into which it writes."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from types import ModuleType

from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from clarion.pages import calendars, country_pages, event_pages, front, open_data, tokens
from clarion.pages.assets import publish_assets, remove_old_pictures
from clarion.pages.press import Press
from clarion.pages.scenes import scenes_of
from clarion.pages.site import Page, Raw, Scene, Server, render_page, render_server_page
from clarion.pages.writing import SIBLINGS, Folder

Ready = tuple[Folder, str, bytes]

_BATCH = 100
_WRITERS = 4  # they wait for the disk more than they compute
_UNLINKED = frozenset({Event.State.UNCONFIRMED, Event.State.DENIED})


# Called now and then in a long publication, so that what is more urgent need not wait; may raise `Overtaken`.
Pause = Callable[[], None]


class Overtaken(Exception):
    """Something newer was published in a pause: what this run still has in hand is old, and it must start again."""


def _put(ready: Ready) -> bool:
    folder, file, content = ready
    return folder.write(file, content)


def pages_from(scene: Scene, modules: Iterable[ModuleType]) -> Iterator[Page | Raw]:
    """What the modules contribute in one language."""
    for module in modules:
        yield from module.pages_of(scene)


class Publication:
    """Writes the pages of a campaign as the records were when it was made."""

    def __init__(self, campaign: Campaign, press: Press) -> None:
        self.campaign = campaign
        self.press = press
        self.pause: Pause = lambda: None
        self.site = Folder(press.data.site)
        self.manage = Folder(press.data.manage)
        self.assets = publish_assets(campaign, self.site)
        self.scenes = scenes_of(campaign, press, self.assets)
        self._indexed: dict[str, list[str]] = {scene.language: [] for scene in self.scenes}

    def write_pages(self, modules: Iterable[ModuleType]) -> None:
        """Write what the modules contribute, language by language."""
        for scene in self.scenes:
            self.write(scene, pages_from(scene, modules))
            self.pause()

    def write(self, scene: Scene, pages: Iterable[Page | Raw]) -> None:
        """Write pages of one language. Compressing and writing one batch goes on while the next is rendered."""
        ready = (self._ready(scene, page) for page in pages)
        with ThreadPoolExecutor(_WRITERS) as pool:
            pending: Iterator[bool] = iter(())
            while batch := list(islice(ready, _BATCH)):
                started = pool.map(_put, batch)
                deque(pending, maxlen=0)
                self._pause_between(batch, started)
                pending = started
            deque(pending, maxlen=0)

    def _pause_between(self, batch: Sized, started: Iterator[bool]) -> None:
        """Look up after a full batch, once it is written: what is published in the pause must not be overwritten."""
        if len(batch) == _BATCH:
            deque(started, maxlen=0)
            self.pause()

    def _ready(self, scene: Scene, page: Page | Raw) -> Ready:
        """A page's bytes and their place; its address is noted where it may be indexed."""
        if isinstance(page, Raw):
            self._index(scene, page.indexed_as)
            return self.site, page.file, page.content
        if page.folder == "manage":
            return self.manage, page.file, render_page(page, scene).encode()
        self._index(scene, page.path if page.is_indexed else "")
        return self.site, page.file, render_page(page, scene).encode()

    def _index(self, scene: Scene, address: str) -> None:
        if address:
            self._indexed[scene.language].append(address)

    def write_raw(self, raw: Raw) -> None:
        """Write a file of the site."""
        self.site.write(raw.file, raw.content)

    def write_open_data(self) -> None:
        """Write feeds, calendar and map data, and the list of languages."""
        first = self.scenes[0]
        page = front.languages_page(front.call_of(self.campaign))
        self.site.write_text(page.file, render_server_page(page, Server(self.press, first.voice, self.assets)))
        self.write_raw(open_data.json_feed(first))
        if first.ways.events:
            self.write_raw(open_data.geojson(first))
            self.write_raw(calendars.calendar_of(first))
        for scene in self.scenes:
            self.write(scene, open_data.feeds_of(scene))

    def write_events(self, events: Collection[Event]) -> None:
        """Write the pages and calendar entries of some events."""
        for scene in self.scenes:
            if scene.ways.events:
                self.write(scene, event_pages.event_pages_of(scene, events))
                self.write(scene, calendars.entries_of(scene, events))

    def write_countries(self, codes: Collection[str]) -> None:
        """Write the list of countries, and the pages of some; further ones that are not needed any more go."""
        for scene in self.scenes:
            if scene.ways.events:
                self.write(scene, [country_pages.list_page(scene), *country_pages.country_pages_of(scene, codes)])
                for code in codes:
                    self.site.keep_only_present(f"{scene.slug}/{scene.language}/countries/{code.lower()}")

    def remove_event(self, event_id: str) -> None:
        """Take away the pages of an event that the public does not see."""
        for scene in self.scenes:
            self.site.remove(f"{scene.slug}/{scene.language}/events/{event_id}")

    def write_manage_pages(self, events: Iterable[Event]) -> None:
        """Write the manage page of each event that has an organiser, in their language; those of ended links go."""
        by_language = {scene.language: scene for scene in self.scenes}
        for event in events:
            scene = by_language.get(event.host_language, self.scenes[0])
            if event.host_box is not None and event.state not in _UNLINKED:
                self.write(scene, [tokens.manage_page_of(event, scene)])
            self._remove_ended_links(event)

    def _remove_ended_links(self, event: Event) -> None:
        folder = self.manage.root / self.campaign.slug / "events"
        for path in folder.glob(f"{event.public_id}-*"):
            file = path.relative_to(self.manage.root).as_posix()
            plain = file[:-3] if file.endswith(SIBLINGS) else file
            if plain not in self.manage.present:
                self.manage.remove(plain)

    def write_sitemaps(self) -> None:
        """Write the sitemap of each language: all pages of this run that may be indexed."""
        for scene in self.scenes:
            self.write_raw(front.sitemap(scene, iter(self._indexed[scene.language])))

    def tidy(self) -> None:
        """Take away what a whole publication no longer has."""
        self.site.keep_only_present(self.campaign.slug)
        self.manage.keep_only_present(self.campaign.slug)
        remove_old_pictures(self.campaign, self.site)
