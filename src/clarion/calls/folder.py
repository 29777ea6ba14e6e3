"""Reading a call's folder: known files only, never through a link that leads out, never more than fits."""

import re
import stat
from pathlib import Path

from clarion.calls import limits
from clarion.calls.problems import Problems

STATEMENT = re.compile(r"statement\.([^./]+)\.md")
GIVE = re.compile(r"give\.([^./]+)\.md")
UPDATE = re.compile(r"updates/([^./]+)\.([^./]+)\.md")
TABLES = ("venues.csv", "events.csv")
SETTINGS = "campaign.toml"
PICTURE = "picture.jpg"

# Files that people keep beside a call.
_BESIDE = re.compile(r"(?:.*/)?(?:\..*|README.*|LICEN[CS]E.*|.*~)", re.IGNORECASE)


def is_part_of_call(name: str) -> bool:
    """Whether a file of this name belongs to a call."""
    patterns = (STATEMENT, GIVE, UPDATE)
    return name in (SETTINGS, PICTURE, *TABLES) or any(pattern.fullmatch(name) for pattern in patterns)


def read_folder(folder: Path, problems: Problems) -> dict[str, bytes]:
    """The call's files by name, with what is wrong noted; a folder without `campaign.toml` is a mistake."""
    root = folder.resolve()
    if not root.is_dir():
        problems.wrong(str(folder), 1, "There is no such folder.", "Name the folder that holds campaign.toml.")
        return {}
    files: dict[str, bytes] = {}
    for path in _paths(root, problems):
        name = path.relative_to(root).as_posix()
        if _may_read(path, root, name, problems):
            files[name] = path.read_bytes()
    if SETTINGS not in files and not any(mistake.file == SETTINGS for mistake in problems.mistakes):
        problems.wrong(SETTINGS, 1, "The file is missing.", "Begin with `clarion new`, or copy the smallest call.")
    return files


def _paths(root: Path, problems: Problems) -> list[Path]:
    """The files to look at: those of the folder and of `updates/`, sorted."""
    updates = root / "updates"
    below = list(updates.iterdir()) if updates.is_dir() and _is_inside(updates, root) else []
    if updates.is_symlink() and not _is_inside(updates, root):
        problems.wrong("updates", 1, "The link leads out of the folder.", "Copy the folder's files here instead.")
    here = [path for path in root.iterdir() if path.name != "updates"]
    if len(here) + len(below) > limits.FILES:
        problems.wrong(".", 1, f"The folder holds {len(here) + len(below)} files.", f"At most {limits.FILES} are read.")
        return []
    return sorted(here + below)


def _is_inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _may_read(path: Path, root: Path, name: str, problems: Problems) -> bool:
    """Whether a file can be taken; if not, and it should be, why is noted."""
    if not is_part_of_call(name):
        if not _BESIDE.fullmatch(name):
            problems.doubtful(name, 1, "This is not part of a call and was passed over.", _hint(name))
        return False
    if not _is_inside(path, root):
        problems.wrong(name, 1, "The link leads out of the folder.", "Copy the file here instead.")
        return False
    if not path.exists() or not stat.S_ISREG(path.stat().st_mode):
        problems.wrong(name, 1, "This is not a file that can be read.", "Put an ordinary file here.")
        return False
    return fits(name, path.stat().st_size, problems)


def _hint(name: str) -> str:
    if name.startswith("updates/"):
        return "Updates are named updates/2026-12-01.en.md."
    return "A call holds campaign.toml, statement.en.md, venues.csv, events.csv, give.en.md, updates/, picture.jpg."


def fits(name: str, size_bytes: int, problems: Problems) -> bool:
    """Whether a file is small enough to be read; if not, that is noted."""
    if name == PICTURE:
        limit, said = limits.PICTURE_BYTES, "20 MB"
    elif name in TABLES:
        limit, said = limits.TABLE_BYTES, "5 MB"
    else:
        limit, said = limits.TEXT_BYTES, "256 kB"
    if size_bytes > limit:
        problems.wrong(name, 1, f"The file has {size_bytes / 1e6:.1f} MB.", f"At most {said} are taken.")
    return size_bytes <= limit


def text_of(name: str, raw: bytes, problems: Problems) -> str | None:
    """The file as text with plain line ends, or None where it is not UTF-8 (which is noted)."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problems.wrong(name, line, "This is not UTF-8.", "Save the file with the encoding UTF-8.")
        return None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        problems.wrong(name, line, "There is a NUL character.", "Save the file as plain text.")
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")
