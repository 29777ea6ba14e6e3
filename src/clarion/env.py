"""Every variable of the environment that Clarion reads, declared once. Runs without Django: intake reads it too."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import inf
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from clarion.kernel.addresses import can_send
from clarion.kernel.databases import Database, read_database, split_address
from clarion.kernel.errors import ClarionError
from clarion.kernel.files import DataFolder

T = TypeVar("T")
Network = IPv4Network | IPv6Network


class SettingsWrong(ClarionError):
    """One or more variables cannot be used; the text lists them all."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: its default as it would be written, what it means, whether it may hold a secret."""

    name: str
    default: str
    meaning: str
    is_secret: bool = False
    for_intake: bool = False


VARIABLES = (
    Variable("CLARION_DATA", "./clarion-data", "The one data folder.", for_intake=True),
    Variable("CLARION_PUBLIC_URL", "http://localhost:8000", "Address of the public site.", for_intake=True),
    Variable(
        "CLARION_OFFICE_URL",
        "http://localhost:8001",
        "Address of the office; another host name than the public site's.",
        for_intake=True,
    ),
    Variable(
        "CLARION_DATABASE_URL",
        "",
        "Records and inbox in PostgreSQL: `postgresql://user:password@host/name?sslmode=verify-full`. "
        "Empty: SQLite in the data folder.",
        is_secret=True,
    ),
    Variable(
        "CLARION_INBOX_URL",
        "",
        "The same database by the role that may only append to the inbox: all that the public process is given of "
        "PostgreSQL. Default: `CLARION_DATABASE_URL`.",
        is_secret=True,
        for_intake=True,
    ),
    Variable(
        "CLARION_PAGES_URL",
        "",
        "The same database by the role that may only read published files: for a public node on a machine of its own, "
        "which fetches them with it (`clarion follow`).",
        is_secret=True,
    ),
    Variable(
        "CLARION_OFFICE_DATABASE_URL",
        "",
        "The same database by the office's role, for `clarion serve` with all processes or `--only office`. "
        "Default: `CLARION_DATABASE_URL`.",
        is_secret=True,
    ),
    Variable(
        "CLARION_MAIL_URL",
        "",
        "`smtp://user:password@host:587`, or `file:///folder` for a trial. Empty: mails wait.",
        is_secret=True,
    ),
    Variable("CLARION_MAIL_FROM", "", "Sender of every mail; default: the organiser's address."),
    Variable("CLARION_MAIL_RATE", "0", "Mails a minute at the most; 0: as fast as the server takes them."),
    Variable(
        "CLARION_TRUSTED_PROXIES",
        "",
        "Networks whose X-Forwarded-For is believed, separated by commas.",
        for_intake=True,
    ),
    Variable(
        "CLARION_NETWORK_LIMITS",
        "",
        "Own limits for networks: `NETWORK=BURST/PER_SECOND`, separated by commas.",
        for_intake=True,
    ),
    Variable(
        "CLARION_INTAKE_QUEUE",
        "640",
        "Forms that may be under way at once before more are answered 503; by mailed links twice as many.",
        for_intake=True,
    ),
    Variable(
        "CLARION_WAVE_FROM",
        "1000",
        "So many alike signatures confirmed within an hour may be a wave, which is held; 0: none ever is.",
    ),
    Variable(
        "CLARION_BACKUP_RECIPIENT",
        "",
        "Public keys of those who may open a backup (`age1…` or `ssh-ed25519 …`), separated by commas.",
    ),
    Variable(
        "CLARION_FRAME_ANCESTOR",
        "",
        "The demo's desk alone sets this: the one origin that may frame the pages.",
        for_intake=True,
    ),
)


@dataclass(frozen=True, slots=True)
class NetworkLimit:
    """A network's own figures: forms at once, and forms a second after that."""

    network: Network
    burst: int
    per_second: float


@dataclass(frozen=True, slots=True)
class MailTarget:
    """Where mails go: an SMTP server, a folder of `.eml` files, or nowhere yet."""

    scheme: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    folder: Path | None = None

    def __repr__(self) -> str:
        return f"MailTarget({self.scheme}://{self.host or self.folder or ''})"


@dataclass(frozen=True, slots=True)
class Env:
    """The settings of one process."""

    data: DataFolder
    public_url: str
    office_url: str
    database: Database | None  # None: SQLite in the data folder
    inbox_database: Database | None  # by the role of the public process
    pages_database: Database | None  # by the role that may only read published files
    mail: MailTarget
    mail_from: str
    mail_rate: int
    trusted_proxies: tuple[Network, ...]
    network_limits: tuple[NetworkLimit, ...]
    intake_queue: int
    wave_from: int
    backup_recipients: tuple[str, ...]
    frame_ancestor: str

    @property
    def public_host(self) -> str:
        """Host (and port) of the public site, lower case."""
        return urlsplit(self.public_url).netloc.lower()

    @property
    def office_host(self) -> str:
        """Host (and port) of the office, lower case."""
        return urlsplit(self.office_url).netloc.lower()


def read_env(environ: Mapping[str, str] | None = None) -> Env:
    """The settings in `environ` (default: the process's own). Raises `SettingsWrong` with all problems at once."""
    reader = _Reader(os.environ if environ is None else environ)
    database = reader.read("CLARION_DATABASE_URL", read_database)
    reader.read("CLARION_OFFICE_DATABASE_URL", read_database)  # handed to the office as its CLARION_DATABASE_URL
    env = Env(
        data=reader.read("CLARION_DATA", lambda text: DataFolder(Path(text).expanduser().resolve())),
        public_url=reader.read("CLARION_PUBLIC_URL", _web_address),
        office_url=reader.read("CLARION_OFFICE_URL", _web_address),
        database=database,
        inbox_database=reader.read("CLARION_INBOX_URL", read_database) or database,
        pages_database=reader.read("CLARION_PAGES_URL", read_database),
        mail=reader.read("CLARION_MAIL_URL", _mail_target),
        mail_from=reader.read("CLARION_MAIL_FROM", _sender),
        mail_rate=reader.read("CLARION_MAIL_RATE", _count),
        trusted_proxies=reader.read("CLARION_TRUSTED_PROXIES", _networks),
        network_limits=reader.read("CLARION_NETWORK_LIMITS", _network_limits),
        intake_queue=reader.read("CLARION_INTAKE_QUEUE", _some),
        wave_from=reader.read("CLARION_WAVE_FROM", _count),
        backup_recipients=reader.read("CLARION_BACKUP_RECIPIENT", _public_keys),
        frame_ancestor=reader.read("CLARION_FRAME_ANCESTOR", lambda text: _web_address(text) if text else ""),
    )
    if reader.problems:
        raise SettingsWrong("\n".join(reader.problems))
    return env


class _Reader:
    """Reads variables and gathers what is wrong with them."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.problems: list[str] = []

    def read(self, name: str, parse: Callable[[str], T]) -> T:
        """The parsed value; where it cannot be read, a problem is noted and the default stands in."""
        default = next(variable.default for variable in VARIABLES if variable.name == name)
        try:
            return parse(value_in(self._given, name) or default)
        except (ValueError, OSError) as error:
            self.problems.append(f"{name}: {error}")
            return parse(default)


def value_in(environ: Mapping[str, str], name: str) -> str:
    """A variable's text, itself or of the file that `NAME_FILE` names; empty where neither is set.

    Raises `OSError` or `ValueError` for a file that cannot be read.
    """
    file = environ.get(f"{name}_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else environ.get(name, "").strip()


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{text!r} is not an address such as https://call.example.org")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _mail_target(text: str) -> MailTarget:
    """Raises `ValueError`, whose text never holds what was given: that may be a password."""
    if not text:
        return MailTarget("none")
    parts = split_address(text)
    match parts.scheme:
        case "smtp" if parts.hostname:
            return _smtp_target(parts, parts.hostname)
        case "file" if parts.path.startswith("/") and not parts.netloc:
            return MailTarget("file", folder=Path(unquote(parts.path)))
    raise ValueError("is neither smtp://[user:password@]host[:port] nor file:///folder")


def _smtp_target(parts: SplitResult, host: str) -> MailTarget:
    try:
        port = parts.port or 587
    except ValueError:
        port = 0  # its own text repeats what was given
    if not port or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            "a port is no number; are @, /, :, ? and # in the password written as %40, %2F, %3A, %3F, %23?"
        )
    return MailTarget("smtp", host, port, unquote(parts.username or ""), unquote(parts.password or ""))


def _sender(text: str) -> str:
    if text and not can_send(text.rpartition("<")[2].removesuffix(">")):
        raise ValueError(f"{text!r} is not an address such as office@example.org")
    return text


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < 0:
        raise ValueError(f"{text!r} is not a whole number")
    return number


def _some(text: str) -> int:
    number = _count(text)
    if not number:
        raise ValueError("must be more than zero")
    return number


def _public_keys(text: str) -> tuple[str, ...]:
    """The keys of a list, or of a file with one a line; what they hold is read where a backup is written."""
    lines = (part.strip() for part in re.split(r"[,\n]", text))
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not all(key.startswith(("age1", "ssh-ed25519 ")) for key in keys):
        raise ValueError("is not a list of public keys, each age1… or ssh-ed25519 …")
    return keys


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _network_limits(text: str) -> tuple[NetworkLimit, ...]:
    return tuple(_network_limit(part.strip()) for part in text.split(",") if part.strip())


def _network_limit(text: str) -> NetworkLimit:
    network, _, figures = text.partition("=")
    burst, _, rate = figures.partition("/")
    try:
        limit = NetworkLimit(ip_network(network), _some(burst), float(rate))
    except ValueError:
        limit = None
    if limit is None or not 0 < limit.per_second < inf:
        raise ValueError(f"{text!r} is not NETWORK=BURST/PER_SECOND, both figures more than zero")
    return limit
