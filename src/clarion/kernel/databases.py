"""A PostgreSQL database as an address names it. Without a driver: intake on SQLite reads this too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_OURS = "pgbouncer"
# Parameters of libpq that may follow the `?` (PostgreSQL documentation, 34.1.2).
_KNOWN = frozenset(
    {
        "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "ssl_min_protocol_version",
        "channel_binding", "require_auth", "passfile", "gssencmode", "target_session_attrs", "load_balance_hosts",
        "application_name", "connect_timeout", "tcp_user_timeout", "keepalives", "keepalives_idle",
        "keepalives_interval", "keepalives_count",
    }
)  # fmt: skip
_DEFAULTS = {
    "connect_timeout": "5",  # seconds
    "gssencmode": "disable",
    # A server that is gone without a word is noticed within half a minute.
    "tcp_user_timeout": "10000",  # ms
    "keepalives_idle": "15",  # seconds
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


@dataclass(frozen=True, slots=True)
class Database:
    """One database and the role that opens it. Several hosts stand side by side, separated by commas.

    `is_pooled`: pgbouncer stands between and hands out a connection for each transaction (`?pgbouncer=true`).
    """

    name: str
    user: str
    password: str = field(repr=False)
    hosts: str
    ports: str
    options: Mapping[str, str]
    is_pooled: bool = False

    @property
    def is_near(self) -> bool:
        """Whether every host is a Unix socket or on the loopback."""
        return all(_is_near(host) for host in self.hosts.split(","))

    @property
    def has_names(self) -> bool:
        """Whether a host has to be looked up: `localhost` too, but no Unix socket and no IP address."""
        return not all(_is_socket(host) or _ip_address(host) for host in self.hosts.split(","))

    def parameters(self) -> dict[str, str]:
        """What libpq is told."""
        said = {"dbname": self.name, "user": self.user, "password": self.password, "host": self.hosts}
        return {name: value for name, value in (said | {"port": self.ports}).items() if value} | {
            **_DEFAULTS,
            **self.options,
        }


def read_database(text: str) -> Database | None:
    """The database at `postgresql://user:password@host[:port][,host…]/name?sslmode=…`; None where `text` is empty.

    Raises `ValueError`, whose text never holds what was given: that may be a password.
    """
    if not text:
        return None
    parts = split_address(text)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    is_pooled = _yes_or_no(options.pop(_OURS, "false"))
    if options.keys() - _KNOWN:
        raise ValueError("an option after the ? is none that is known; is a ? in the password written as %3F?")
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    hosts, ports = _places(place)
    found = Database(
        unquote(parts.path.removeprefix("/")),
        unquote(user),
        unquote(password),
        options.pop("host", hosts),
        options.pop("port", ports),
        options,
        is_pooled,
    )
    _refuse_doubtful(found, parts.scheme)
    return found


def split_address(text: str) -> SplitResult:
    """The parts of an address that may hold a password; raises `ValueError`, whose text never holds what was given."""
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("is no address") from None  # its own text repeats what was given


def _refuse_doubtful(found: Database, scheme: str) -> None:
    if scheme not in ("postgresql", "postgres") or not (found.name and found.user) or "/" in found.name:
        raise ValueError("is not postgresql://user:password@host/database?sslmode=verify-full")
    if not found.is_near and "sslmode" not in found.options:
        raise ValueError(
            "the server is another machine: say how the line is kept, with ?sslmode=verify-full"
            "&sslrootcert=/etc/ssl/certs/ca-certificates.crt, or your own authority's certificate there"
            " (sslmode=disable only on a network of your own)"
        )


def _places(netloc: str) -> tuple[str, str]:
    """Hosts and ports, each separated by commas as libpq wants them."""
    hosts, ports = [], []
    for place in netloc.split(","):
        host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
        if not colon:
            host, port = place, ""
        if port and not port.isdigit():
            raise ValueError("a port is no number; are @, / and : in the password written as %40, %2F, %3A?")
        hosts.append(unquote(host.strip("[]")))
        ports.append(port)
    return ",".join(hosts), ",".join(ports).strip(",") and ",".join(ports)


def _is_near(host: str) -> bool:
    address = _ip_address(host)
    return _is_socket(host) or host == "localhost" or (address is not None and address.is_loopback)


def _is_socket(host: str) -> bool:
    return not host or host.startswith("/")


def _ip_address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _yes_or_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{_OURS} is either true or false")
    return text == "true"
