"""A copy of the sample call with its dates moved by whole weeks, so that weekdays stay what the texts say they are."""

import re
import shutil
from datetime import date, timedelta
from importlib.resources import as_file, files
from pathlib import Path

WEEKS_AHEAD = timedelta(weeks=3)
SLUG = "clean-water"
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d")
_WHEN = re.compile(r"\b\d{4}-\d\d-\d\d(?=T\d\d:\d\d)")


def copy_sample(target: Path, *, today: date, day_of_action: date = date(2026, 12, 10)) -> Path:
    """Lay the sample call into `target` (made here); gives that folder.

    What is to come moves so that the day of action is about three weeks after `today`; what has been (the
    statement's date, its opening, its news) moves as far as is needed to lie before `today`.
    """
    with as_file(files("clarion.sample") / SLUG) as source:
        shutil.copytree(source, target)
    ahead = _weeks(today + WEEKS_AHEAD - day_of_action)
    back = _weeks_back(_past_days(target), today)
    _rewrite(target / "events.csv", _WHEN, ahead)
    _rewrite_line(target / "campaign.toml", "closes_at", ahead)
    _rewrite_line(target / "campaign.toml", "opens_at", back)
    for statement in target.glob("statement.*.md"):
        _rewrite_line(statement, "date", back)
    _rename_updates(target / "updates", back)
    return target


def _weeks(gap: timedelta) -> timedelta:
    """The whole weeks nearest to `gap`."""
    return timedelta(weeks=round(gap / timedelta(weeks=1)))


def _weeks_back(days: list[date], today: date) -> timedelta:
    """By how many weeks the latest of `days` moves so that it is yesterday or up to a week before."""
    return timedelta(weeks=(today - timedelta(days=1) - max(days)).days // 7)


def _past_days(call: Path) -> list[date]:
    said = [path.name for path in (call / "updates").glob("*.md")]
    said += [line for line in _lines(call / "campaign.toml") if line.startswith("opens_at")]
    return [date.fromisoformat(found[0]) for text in said if (found := _DAY.search(text))]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


def _moved(text: str, pattern: re.Pattern[str], by: timedelta) -> str:
    return pattern.sub(lambda found: (date.fromisoformat(found[0]) + by).isoformat(), text)


def _rewrite(path: Path, pattern: re.Pattern[str], by: timedelta) -> None:
    path.write_text(_moved(path.read_text(encoding="utf-8"), pattern, by), encoding="utf-8")


def _rewrite_line(path: Path, name: str, by: timedelta) -> None:
    """Move the day in the line that begins with `name`."""
    moved = [_moved(line, _DAY, by) if re.match(rf"{name}\b", line) else line for line in _lines(path)]
    path.write_text("".join(moved), encoding="utf-8")


def _rename_updates(folder: Path, by: timedelta) -> None:
    # Aside first: a moved name may be another file's old one.
    for path in sorted(folder.glob("*.md")):
        path.replace(path.with_name(f"{_moved(path.name, _DAY, by)}.moved"))
    for path in folder.glob("*.moved"):
        path.replace(path.with_suffix(""))
