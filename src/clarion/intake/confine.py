"""Intake shuts itself out of everything but what it needs (Landlock, Linux 5.13 and later)."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from clarion.kernel.databases import Database
from clarion.kernel.files import DataFolder

try:
    import landlock
except ImportError:  # not Linux
    landlock = None

_FILES_OF_A_LINE = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
_NAMES = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
)  # fmt: skip
_TRUST = ("/etc/ssl", "/etc/pki", "/usr/share/ca-certificates")

log = logging.getLogger(__name__)


def landlock_version() -> int:
    """The version of Landlock that this kernel speaks; 0 where it speaks none."""
    if landlock is None:
        return 0
    try:
        return int(landlock.landlock_abi_version())
    except (OSError, AttributeError):
        return 0


def confine(data: DataFolder, database: Database | None = None) -> bool:
    """Allow this thread, and every one it starts, to read the published files, the policy and Python, and to write
    the inbox; nothing else, for ever. False where that cannot be done. Call it after imports, before other threads.

    `database`: where the inbox lies instead of a file; then nothing is written, and what finds the server by name and
    checks its certificate is read.
    """
    if not landlock_version():
        log.warning("Not confined: this system has no Landlock. Only separate system users keep intake from records.")
        return False
    access = landlock.FSAccess
    reading = access.READ_FILE | access.READ_DIR
    rules = landlock.Ruleset()
    rules.allow(data.site, data.manage, data.policy, rules=reading)
    if database is None:
        rules.allow(data.inbox.parent, rules=_writing())
    for path in _way_to(database) if database else ():
        rules.allow(path, rules=reading if path.is_dir() else access.READ_FILE)
    for folder in _runtime(data.root):
        rules.allow(folder, rules=reading | access.EXECUTE)
    rules.apply()
    return True


def _writing() -> "landlock.FSAccess":
    access = landlock.FSAccess
    files = access.READ_FILE | access.WRITE_FILE | access.READ_DIR | access.MAKE_REG | access.REMOVE_FILE
    return files | (access.all_file() & access.TRUNCATE)


def _way_to(database: Database) -> Iterator[Path]:
    """What the driver reads to reach the server, as far as it is here: names and certificates."""
    own = [database.options.get(name, "") for name in _FILES_OF_A_LINE]
    names, trust = _NAMES if database.has_names else (), () if database.is_near else _TRUST
    for name in (*names, *trust, *own):
        if name.startswith("/") and Path(name).exists():
            yield Path(name)


def _runtime(data: Path) -> Iterator[Path]:
    """The folders from which Python loads, less the working folder and any that holds the data folder."""
    package = Path(__file__).parents[1]
    names = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", f"{sys.base_prefix}/lib", f"{sys.prefix}/lib", *sys.path]
    found = {Path(os.path.realpath(name)) for name in names if name} | {package}
    for folder in sorted(found):
        if folder.is_dir() and folder != Path.cwd() and not data.is_relative_to(folder):
            yield folder
