"""Printing: pages are rendered and written, by whichever process has them in hand."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from clarion.events.models import Event
from clarion.pages import calendars, country_pages, event_pages, tokens
from clarion.pages.coverage_map import country_lines
from clarion.pages.press import Press
from clarion.pages.qr_codes import qr_code, qr_code_of_many
from clarion.pages.site import Page, Raw, Scene, render_page
from clarion.pages.writing import Folder

Ready = tuple[Folder, str, bytes]

_MANY_EVENTS = 200  # from which on drawing their QR codes together is quicker
_PER_SHEET = {"events": 50, "manage": 200, "countries": 8}  # a few tenths of a second each


@dataclass(frozen=True, slots=True)
class Manuscript:
    """All that a publication prints from, read from the records once: the same in every process.

    `hosted`: the events that have an organiser with a page to change them, whether the public sees them or not.
    """

    press: Press
    scenes: Sequence[Scene]
    hosted: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of a manuscript that is printed in one go, in all languages: which pages, from which to which."""

    kind: Literal["events", "manage", "countries"]
    first: int
    after: int


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


def sheets_of(manuscript: Manuscript) -> list[Sheet]:
    """What there are very many of: pages of countries and events, and those behind organisers' links."""
    scene = manuscript.scenes[0]
    has_events = scene.ways.events
    return [
        *_sheets("countries", len(country_lines(scene)) if has_events else 0),
        *_sheets("events", len(scene.events) if has_events else 0),
        *_sheets("manage", len(manuscript.hosted)),
    ]


def _sheets(kind: Literal["events", "manage", "countries"], count: int) -> Iterator[Sheet]:
    step = _PER_SHEET[kind]
    return (Sheet(kind, first, min(first + step, count)) for first in range(0, count, step))


def pages_of_sheet(manuscript: Manuscript, sheet: Sheet) -> Iterator[tuple[Scene, Page | Raw]]:
    """The pages of one sheet, each with its language."""
    match sheet.kind:
        case "events":
            yield from _events(manuscript, sheet)
        case "manage":
            yield from tokens.manage_pages_of(manuscript.scenes, manuscript.hosted[sheet.first : sheet.after])
        case "countries":
            codes = sorted(line.code for line in country_lines(manuscript.scenes[0]))[sheet.first : sheet.after]
            for scene in manuscript.scenes:
                yield from ((scene, page) for page in country_pages.country_pages_of(scene, codes))


def _events(manuscript: Manuscript, sheet: Sheet) -> Iterator[tuple[Scene, Page | Raw]]:
    draw = qr_code_of_many if len(manuscript.scenes[0].events) >= _MANY_EVENTS else qr_code
    for scene in manuscript.scenes:
        part = scene.events[sheet.first : sheet.after]
        yield from ((scene, page) for page in event_pages.event_pages_of(scene, part, draw))
        yield from ((scene, entry) for entry in calendars.entries_of(scene, part))


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
