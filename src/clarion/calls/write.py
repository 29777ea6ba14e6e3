"""A call as the files of a folder: statements byte for byte, everything else always in the same words and order."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from clarion.calls import events, venues
from clarion.calls.call import Call
from clarion.calls.folder import PICTURE, SETTINGS, is_part_of_call
from clarion.campaigns.rules import CampaignSettings, StatementText, UpdateText
from clarion.donations.rules import GiveText
from clarion.events.rules import EventRow
from clarion.kernel.errors import ClarionError
from clarion.places.rules import VenueRow

_PINNED_EVENT_COLUMNS = 11  # the rest are written where an event has them


class FolderTaken(ClarionError):
    """The folder to be written holds something else."""


def files_of(call: Call) -> dict[str, bytes]:
    """The files of a call by name; equal calls give equal bytes."""
    files = {SETTINGS: settings_file(call.settings)}
    files |= {f"statement.{one.language}.md": one.raw for one in call.statements}
    if call.venues:
        files[venues.FILE] = _venues_file(call.venues)
    if call.events:
        files[events.FILE] = _events_file(call.events)
    files |= {f"give.{one.language}.md": _give_file(one) for one in call.gives}
    files |= {f"updates/{one.posted_on}.{one.language}.md": _update_file(one) for one in call.updates}
    if call.picture:
        files[PICTURE] = call.picture.jpeg
    return files


def write_folder(call: Call, folder: Path) -> tuple[str, ...]:
    """Write the call's folder; gives the names of its files. Files that are no longer part of the call go.

    A folder that holds anything but a call is refused with `FolderTaken`.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / SETTINGS).is_file())):
        raise FolderTaken(f"{folder} holds something that is not a call. Name an empty folder, or a call's own.")
    files = files_of(call)
    for name, raw in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    for path in (*folder.iterdir(), *folder.glob("updates/*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and is_part_of_call(name) and name not in files:
            path.unlink()
    return tuple(files)


def statement_file(text: StatementText) -> bytes:
    """A statement's file as its fields say it: what the office writes when someone edits."""
    front = {
        "title": text.title,
        "summary": text.summary,
        "date": text.dated_on,
        "status": text.status if text.status != "official" or text.translator else "",
        "translator": text.translator,
        "translates": text.translates,
        "picture_alt": text.picture_alt,
        "demands": [_demand(demand.text, demand.to) for demand in text.demands],
    }
    return _with_front_matter(front, text.body)


def edited_statement(old: StatementText | None, new: StatementText) -> StatementText:
    """`new` with its bytes: those of `old` where nothing else differs, so that no version is made of nothing."""
    if old is not None and replace(new, raw=old.raw) == old:
        return old
    return replace(new, raw=statement_file(new))


def _demand(text: str, to: str) -> dict[str, str]:
    return {"text": text, "to": to} if to else {"text": text}


def settings_file(settings: CampaignSettings) -> bytes:
    """campaign.toml; what is as the default has it is left out."""
    default = CampaignSettings("", "", "", "")
    top = {
        name: getattr(settings, name)
        for name in ("slug", "default_language", "authoritative_language", "accent", "opens_at", "closes_at",
                     "keep_until", "minimum_age")
        if getattr(settings, name) != getattr(default, name)
    }  # fmt: skip
    tables: dict[str, dict[str, Any]] = {
        "organiser": {
            "name": settings.organiser_name, "email": settings.organiser_email, "url": settings.organiser_url,
        },
        "controller": {
            "legal_name": settings.controller_name, "postal_address": settings.controller_address,
            "privacy_contact": settings.privacy_contact,
        },
        "ways": {
            name: False
            for name, is_on in (
                ("sign", settings.takes_signatures), ("events", settings.takes_events), ("give", settings.takes_gifts),
            )
            if not is_on
        },
        "counts": {
            "threshold": settings.count_threshold if settings.count_threshold != default.count_threshold else None,
            "never_shown": list(settings.never_shown),
        },
        "mail": {"discreet": settings.is_discreet or None},
    }  # fmt: skip
    lines = _toml_lines(top)
    for name, table in tables.items():
        below = _toml_lines(table)
        if below:
            lines += ["", f"[{name}]", *below]
    return ("\n".join(lines) + "\n").encode()


def _toml_lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_toml(value)}" for name, value in values.items() if value not in (None, "", [])]


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value)


def _venues_file(rows: Sequence[VenueRow]) -> bytes:
    return _csv(venues.COLUMNS, (_venue_cells(row) for row in sorted(rows, key=lambda row: row.ref)))


def _venue_cells(row: VenueRow) -> tuple[str, ...]:
    place = (row.type, row.operator, row.country, row.city, row.address)
    return (row.ref, *place, _degrees(row.lat), _degrees(row.lon), row.name)


def _events_file(rows: Sequence[EventRow]) -> bytes:
    has_more = any(row.bring or row.accessibility or row.public_contact for row in rows)
    columns = events.COLUMNS if has_more else events.COLUMNS[:_PINNED_EVENT_COLUMNS]
    ordered = sorted(rows, key=lambda row: (row.starts_local, row.country, row.city, row.title, row.row))
    return _csv(columns, (_event_cells(row)[: len(columns)] for row in ordered))


def _event_cells(row: EventRow) -> tuple[str, ...]:
    return (
        row.title, row.venue, row.country, row.city, row.address, row.starts_local, row.zone, row.language,
        row.kind, row.ends_local, row.row, row.bring, row.accessibility, row.public_contact,
    )  # fmt: skip


def _degrees(value: float | None) -> str:
    return "" if value is None else repr(value)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def _give_file(give: GiveText) -> bytes:
    front = {
        "title": give.title, "beneficiary": give.beneficiary, "iban": give.iban, "bic": give.bic,
        "reference": give.reference, "links": [{"text": link.text, "url": link.url} for link in give.links],
    }  # fmt: skip
    return _with_front_matter(front, give.body)


def _update_file(update: UpdateText) -> bytes:
    return _with_front_matter({"title": update.title}, update.body)


def _with_front_matter(front: Mapping[str, Any], body: str) -> bytes:
    kept = {name: value for name, value in front.items() if value not in (None, "", [])}
    written = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=10_000)
    text = body.strip("\n")
    return f"---\n{written}---\n{text}\n".encode() if text else f"---\n{written}---\n".encode()
