"""From the files of a folder to a call, with every mistake and doubt noted at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from clarion.calls.call import Call
from clarion.calls.events import read_events
from clarion.calls.folder import GIVE, PICTURE, SETTINGS, STATEMENT, UPDATE, read_folder, text_of
from clarion.calls.pictures import read_picture
from clarion.calls.problems import Problems
from clarion.calls.settings_file import SettingsFile, read_settings, warn_of_past
from clarion.calls.texts import read_give, read_statement, read_update
from clarion.calls.venues import read_venues
from clarion.calls.write import files_of
from clarion.campaigns.rules import CampaignSettings, StatementText, UpdateText
from clarion.donations.rules import GiveText
from clarion.events.rules import EventRow


@dataclass(slots=True)
class Reading:
    """A call as it was read, or None where its settings could not be; and what is wrong or doubtful."""

    call: Call | None
    problems: Problems
    lines: Mapping[str, int] = field(default_factory=dict)  # of campaign.toml, by dotted key

    @property
    def checked_call(self) -> Call:
        """The call without mistakes; raises `CallWrong` with all of them."""
        self.problems.raise_mistakes()
        if self.call is None:
            raise ValueError("a call without mistakes has settings")
        return self.call


def read_call_folder(folder: Path, *, now: datetime) -> Reading:
    """The call in a folder."""
    problems = Problems()
    return read_call_files(read_folder(folder, problems), now=now, problems=problems)


def check_call(call: Call, *, now: datetime) -> Reading:
    """A call that was edited, read again from the files that it would be: the same rules, the same sentences."""
    reading = read_call_files(files_of(replace(call, picture=None)), now=now)
    if reading.call is not None:
        reading.call = replace(reading.call, picture=call.picture)
    return reading


def read_call_files(files: Mapping[str, bytes], *, now: datetime, problems: Problems | None = None) -> Reading:
    """The call in these files (name to bytes)."""
    return _Reader(files, now, problems or Problems()).read()


class _Reader:
    """Reads the files one kind after the other."""

    def __init__(self, files: Mapping[str, bytes], now: datetime, problems: Problems) -> None:
        self._now = now
        self._problems = problems
        self._raw = files
        texts = {name: text_of(name, raw, problems) for name, raw in sorted(files.items()) if name != PICTURE}
        self._texts = {name: text for name, text in texts.items() if text is not None}

    def read(self) -> Reading:
        """Everything, whatever is wrong with the parts before."""
        statements, gives, updates = self._statements(), self._gives(), self._updates()
        venues = read_venues(self._texts["venues.csv"], self._problems) if "venues.csv" in self._texts else ()
        picture = read_picture(self._raw[PICTURE], self._problems) if PICTURE in self._raw else None
        found = read_settings(self._texts[SETTINGS], self._problems) if SETTINGS in self._texts else None
        settings, file = found or (None, None)
        language = settings.default_language if settings else "en"
        events: tuple[EventRow, ...] = ()
        if "events.csv" in self._texts:
            known = {venue.ref: venue for venue in venues}
            events = read_events(self._texts["events.csv"], known, language, self._now, self._problems)
        if settings is None or file is None:
            return Reading(None, self._problems)
        call = Call(settings, statements, venues, events, gives, updates, picture)
        warn_of_past(file, settings, self._now)
        _check_together(call, file, self._raw, self._problems)
        return Reading(call, self._problems, file.lines)

    def _named(self, pattern: re.Pattern[str]) -> list[tuple[str, str]]:
        return [(name, text) for name, text in self._texts.items() if pattern.fullmatch(name)]

    def _statements(self) -> tuple[StatementText, ...]:
        named = self._named(STATEMENT)
        read = (read_statement(name, self._raw[name], text, self._problems) for name, text in named)
        return tuple(statement for statement in read if statement)

    def _gives(self) -> tuple[GiveText, ...]:
        read = (read_give(name, text, self._problems) for name, text in self._named(GIVE))
        return tuple(give for give in read if give)

    def _updates(self) -> tuple[UpdateText, ...]:
        read = (read_update(name, text, self._problems) for name, text in self._named(UPDATE))
        return tuple(update for update in read if update)


def _check_together(call: Call, file: SettingsFile, raw: Mapping[str, bytes], problems: Problems) -> None:
    """What only several files together can get wrong."""
    _check_languages(call.settings, file, raw)
    _check_accounts(call.gives, raw, problems)
    languages = set(call.by_language)
    for give in call.gives:
        if give.language not in languages:
            problems.doubtful(
                f"give.{give.language}.md", 1, "The call has no statement in this language.", "The page is not shown."
            )
    for update in call.updates:
        name = f"updates/{update.posted_on}.{update.language}.md"
        if update.language not in languages:
            problems.doubtful(name, 1, "The call has no statement in this language.", "The update is not shown.")


def _check_languages(settings: CampaignSettings, file: SettingsFile, raw: Mapping[str, bytes]) -> None:
    for key, language in (
        ("default_language", settings.default_language),
        ("authoritative_language", settings.authoritative_language),
    ):
        name = f"statement.{language}.md"
        if language and name not in raw:
            file.wrong(key, f"There is no {name}, the statement in the `{key}`.", "Write it, or name another language.")


def _check_accounts(gives: tuple[GiveText, ...], raw: Mapping[str, bytes], problems: Problems) -> None:
    """The same account in every language: a different one is a slip, or worse."""
    named = [give for give in gives if give.iban]
    for give in named[1:]:
        if give.iban != named[0].iban:
            name = f"give.{give.language}.md"
            problems.wrong(
                name, line_of(raw.get(name, b""), b"iban:"),
                f"The IBAN differs from that in give.{named[0].language}.md.", "Write the same one in every language.",
            )  # fmt: skip


def line_of(raw: bytes, beginning: bytes) -> int:
    """The first line that begins so, counted from 1; 1 where none does."""
    lines = raw.split(b"\n")
    return next((number for number, line in enumerate(lines, 1) if line.startswith(beginning)), 1)
