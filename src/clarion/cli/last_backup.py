"""What the data folder remembers of its last backup: when, where to, whether encrypted. No secret is in it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from clarion.kernel.files import DataFolder


@dataclass(frozen=True, slots=True)
class LastBackup:
    """The last backup that was made whole."""

    at: datetime
    path: str
    size_bytes: int
    is_encrypted: bool


def note_backup(data: DataFolder, backup: LastBackup) -> None:
    """Remember it in place of the one before."""
    beside = data.backup / "last.json.new"
    beside.write_text(json.dumps(asdict(backup) | {"at": backup.at.isoformat()}), encoding="utf-8")
    beside.replace(data.backup / "last.json")


def last_backup(data: DataFolder) -> LastBackup | None:
    """The last one; None where none was ever made, or none that is remembered."""
    try:
        said = json.loads((data.backup / "last.json").read_text(encoding="utf-8"))
        return LastBackup(**said | {"at": datetime.fromisoformat(said["at"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
