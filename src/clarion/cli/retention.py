"""Which dated backups of a folder are kept: all of the newest day, then the last of each day and of each week."""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clarion.cli.archive import PARTIAL

_DATED = re.compile(r"clarion-(\d{8}T\d{6}Z)\.tar(\.age)?")
_ALL_KEPT = timedelta(days=1)
_FORGOTTEN = timedelta(days=1)  # what is half written for so long, nobody writes any more


def drop_old_backups(folder: Path, *, daily: int, weekly: int, now: datetime) -> int:
    """Delete the backups of `folder` that are not to be kept, and what killed ones left; gives how many.

    Only files that `clarion backup` named by their date are ever touched.
    """
    dated = {path: made_at for path in folder.iterdir() if (made_at := _made_at(path))}
    surplus = dated.keys() - kept(dated.items(), daily=daily, weekly=weekly)
    for path in surplus:
        path.unlink()
    for path in folder.glob(f".clarion-*{PARTIAL}"):
        if now.timestamp() - path.stat().st_mtime > _FORGOTTEN.total_seconds():
            path.unlink()
    return len(surplus)


def _made_at(path: Path) -> datetime | None:
    found = _DATED.fullmatch(path.name)
    return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if found else None


def kept(backups: Iterable[tuple[Path, datetime]], *, daily: int, weekly: int) -> set[Path]:
    """Those of the 24 hours before the newest, the last of each of `daily` days, and of each of `weekly` weeks.

    Days and weeks without a backup do not count: a machine that was off for a month keeps what it had.
    """
    newest_first = sorted(backups, key=lambda item: item[1], reverse=True)
    recent = {path for path, made_at in newest_first if newest_first[0][1] - made_at < _ALL_KEPT}
    days = _last_of_each(newest_first, daily, lambda made_at: made_at.date())
    weeks = _last_of_each(newest_first, weekly, lambda made_at: made_at.isocalendar()[:2])
    return recent | days | weeks


def _last_of_each(
    newest_first: Collection[tuple[Path, datetime]], many: int, period: Callable[[datetime], object]
) -> set[Path]:
    last: dict[object, Path] = {}
    for path, made_at in newest_first:
        last.setdefault(period(made_at), path)
    return set(list(last.values())[:many])
