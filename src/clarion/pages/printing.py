"""Printing: pages are rendered and written, by whichever process has them in hand."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from markupsafe import Markup

from clarion.events.models import Event
from clarion.pages import calendars, country_pages, event_pages, tokens
from clarion.pages.coverage_map import country_lines
from clarion.pages.press import Press
from clarion.pages.programme import Programme, by_country
from clarion.pages.qr_codes import qr_code, qr_code_of_many
from clarion.pages.site import Page, Raw, Scene, render_page
from clarion.pages.writing import Folder

T = TypeVar("T")
Ready = tuple[Folder, str, bytes]

_MANY_EVENTS = 200  # from which on drawing their QR codes together is quicker
_PER_SHEET = {"events": 50, "manage": 200, "countries": 8}  # a few tenths of a second each


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What all sheets of a publication are printed from, the same in every process.

    `scenes`: the languages, without the events, which come with each sheet. `draw`: how QR codes are made.
    """

    press: Press
    scenes: Sequence[Scene]
    draw: Callable[[str], Markup]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of a publication that is printed in one go, in all languages.

    The pages of these events, the pages on which their organisers change them, or those of the countries in `codes`,
    of which these are all the events.
    """

    kind: Literal["events", "manage", "countries"]
    events: Sequence[Event]
    codes: Collection[str] = ()


@dataclass(slots=True)
class Printed:
    """What came of it: the files that are as they should be, and the addresses that may be indexed, by language."""

    site: set[str] = field(default_factory=set)
    manage: set[str] = field(default_factory=set)
    indexed: list[tuple[str, str]] = field(default_factory=list)


class Printer:
    """Renders pages and writes them, one after the other."""

    def __init__(self, press: Press) -> None:
        self.site = Folder(press.data.site)
        self.manage = Folder(press.data.manage)
        self.indexed: list[tuple[str, str]] = []

    def ready(self, scene: Scene, page: Page | Raw) -> Ready:
        """A page's bytes and their place; its address is noted where it may be indexed."""
        if isinstance(page, Raw):
            return self.site, page.file, page.content
        if page.folder == "manage":
            return self.manage, page.file, render_page(page, scene).encode()
        if page.is_indexed:
            self.indexed.append((scene.language, page.path))
        return self.site, page.file, render_page(page, scene).encode()

    def print(self, pages: Iterable[tuple[Scene, Page | Raw]]) -> None:
        """Render and write these pages."""
        for scene, page in pages:
            folder, file, content = self.ready(scene, page)
            folder.write(file, content)

    def absorb(self, printed: Printed) -> None:
        """Know what another printer has printed."""
        self.site.present |= printed.site
        self.manage.present |= printed.manage
        self.indexed += printed.indexed


def print_sheet(manuscript: Manuscript, sheet: Sheet) -> Printed:
    """Print one sheet. Safe to repeat; a file is wholly old or wholly new, whenever this ends."""
    printer = Printer(manuscript.press)
    printer.print(pages_of_sheet(manuscript, sheet))
    return Printed(printer.site.present, printer.manage.present, printer.indexed)


def manuscript_of(press: Press, scenes: Sequence[Scene]) -> Manuscript:
    """The manuscript of these languages."""
    draw = qr_code_of_many if len(scenes[0].events) >= _MANY_EVENTS else qr_code
    return Manuscript(press, [replace(scene, events=Programme()) for scene in scenes], draw)


def sheets_of(scene: Scene, hosted: Sequence[Event]) -> list[Sheet]:
    """What there are very many of: pages of countries and events, and those behind organisers' links.

    `hosted`: the events that have such a page, whether the public sees them or not.
    """
    manage = [Sheet("manage", part) for part in _parts(hosted, _PER_SHEET["manage"])]
    if not scene.ways.events:
        return manage
    here = scene.events.by_country
    codes = sorted(line.code for line in country_lines(scene))
    return [
        *(
            Sheet("countries", [event for code in part for event in here.get(code, ())], part)
            for part in _parts(codes, _PER_SHEET["countries"])
        ),
        *(Sheet("events", part) for part in _parts(scene.events, _PER_SHEET["events"])),
        *manage,
    ]


def _parts(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (whole[first : first + size] for first in range(0, len(whole), size))


def pages_of_sheet(manuscript: Manuscript, sheet: Sheet) -> Iterator[tuple[Scene, Page | Raw]]:
    """The pages of one sheet, each with its language."""
    if sheet.kind == "manage":
        yield from tokens.manage_pages_of(manuscript.scenes, sheet.events)
        return
    for scene in manuscript.scenes:
        for page in _pages_in(scene, sheet, manuscript.draw):
            yield scene, page


def _pages_in(scene: Scene, sheet: Sheet, draw: Callable[[str], Markup]) -> Iterator[Page | Raw]:
    if sheet.kind == "countries":
        yield from country_pages.country_pages_of(scene, sheet.codes, by_country(sheet.events))
    else:
        yield from event_pages.event_pages_of(scene, sheet.events, draw)
        yield from calendars.entries_of(scene, sheet.events)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
