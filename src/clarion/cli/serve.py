"""`clarion serve`: the public site, the office and the worker under one supervisor, or one of them alone."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import click

from clarion.cli.out_of_use import refuse_out_of_use
from clarion.cli.supervisor import Child, Supervisor, answers_health
from clarion.env import VARIABLES, Env, read_env, value_in
from clarion.kernel.errors import ClarionError
from clarion.kernel.keys import make_missing_keys
from clarion.kernel.serving_rules import Listening, Part, check_serving

_WAITS = 10  # niceness of the worker: what it does can wait a moment, a visitor at the door cannot
_PYTHON = (sys.executable, "-P", "-m")  # -P: the working folder is not searched for modules
_HARMLESS = ("PATH", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR")
_HARMLESS_BEGINNINGS = ("LC_", "PYTHON", "LD_")
_FILE = "_FILE"


class Unsafe(ClarionError):
    """The settings would expose people; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Where a process listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The plain address of this place."""
        return f"http://{self._written_host}:{self.port}"

    @property
    def _written_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def socket_host(self) -> str:
        """The host as an address to bind."""
        return "127.0.0.1" if self.host == "localhost" else self.host


def read_bind(text: str) -> Bind:
    """The place that HOST:PORT names; raises `click.BadParameter`."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8000")
    return Bind(host.strip("[]"), int(port))


@click.command()
@click.option("--public", type=read_bind, metavar="HOST:PORT", help="Where the public site listens.")
@click.option("--office", type=read_bind, metavar="HOST:PORT", help="Where the office listens.")
@click.option("--only", type=click.Choice(["public", "office", "worker"]), help="Run this one alone.")
def serve(public: Bind | None, office: Bind | None, only: str | None) -> None:
    """Serve the public site and the office, and run the worker. Starts on an empty data folder too."""
    environ = _with_addresses(os.environ, public, office)
    env = read_env(environ)
    if only != "public":  # which alone may go on while records move, and cannot see them
        refuse_out_of_use(env)
    places = {
        "public": public or _default_bind(env.public_url, 8000),
        "office": office or _default_bind(env.office_url, 8001),
    }
    for warning in _refuse_unsafe(env, places, only):
        click.echo(f"Note: {warning}", err=True)
    match only:
        case "public" if env.pages_database:
            _serve_node(env, places["public"], environ)
        case "public":
            _become(_public_command(places["public"]), intake_environ(environ))
        case "worker":
            _become([*_PYTHON, "clarion", "worker"], worker_environ(environ))
        case "office":
            _become(_office_command(places["office"]), office_environ(environ))
        case _:
            _supervise(env, places, environ)


def _with_addresses(environ: Mapping[str, str], public: Bind | None, office: Bind | None) -> dict[str, str]:
    """The environment with the addresses that follow from where a process listens, if none is set."""
    found = dict(environ)
    for name, bind in (("CLARION_PUBLIC_URL", public), ("CLARION_OFFICE_URL", office)):
        if bind and not found.get(name, "").strip() and not found.get(name + _FILE):
            found[name] = bind.url
    return found


def _default_bind(url: str, port: int) -> Bind:
    """Loopback; at the port of a trial's address, else at our own."""
    parts = urlsplit(url)
    is_trial = parts.scheme == "http" and parts.port
    return Bind("127.0.0.1", parts.port if is_trial and parts.port else port)


def _refuse_unsafe(env: Env, places: Mapping[str, Bind], only: str | None) -> list[str]:
    """What is only good for a trial; raises `Unsafe` for what is not even that."""
    if env.inbox_database and not env.database and only != "public":
        raise Unsafe("CLARION_INBOX_URL is set and CLARION_DATABASE_URL is not: nobody would drain that inbox.")
    if env.pages_database and not env.inbox_database and only == "public":
        raise Unsafe(
            "CLARION_PAGES_URL is set and CLARION_INBOX_URL is not: what people send here would lie in a file that"
            " nobody drains."
        )
    parts: tuple[Part, ...] = ("public", "office")
    urls = {"public": env.public_url, "office": env.office_url}
    listening = [Listening(part, places[part].host, urls[part]) for part in parts if only in (None, part)]
    # The public process alone is not told how mails go.
    mail = env.mail.scheme if only != "public" else "smtp"
    findings = check_serving(listening, env.public_url, env.office_url, mail)
    if only in (None, "public") and env.database and env.inbox_database == env.database:
        findings.add(
            "The public process would hold the role of CLARION_DATABASE_URL, which may do more than append to the "
            "inbox. Give it one of its own: `clarion database roles`, then CLARION_INBOX_URL.",
            is_trial=all(process.is_trial for process in listening),
        )
    if findings.problems:
        raise Unsafe("This is not safe to serve:\n" + "\n".join(f"- {problem}" for problem in findings.problems))
    return findings.warnings


def intake_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What the public process may know: nothing secret, but how it reaches the inbox where that is in PostgreSQL."""
    names = {variable.name for variable in VARIABLES if variable.for_intake}
    return _only(names, _renamed(environ, "CLARION_INBOX_URL", "CLARION_DATABASE_URL", "CLARION_INBOX_URL"))


def follow_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What the process that fetches published files may know: where they lie and where they go."""
    return _only({"CLARION_DATA", "CLARION_PAGES_URL"}, environ)


def office_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What the office may know: where mails go, not the password; records by its own role."""
    kept = {name: value for name, value in environ.items() if not name.startswith("CLARION_MAIL_URL")}
    parts = urlsplit(value_in(environ, "CLARION_MAIL_URL"))
    if parts.scheme:
        kept["CLARION_MAIL_URL"] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return worker_environ(_renamed(kept, "CLARION_OFFICE_DATABASE_URL", "CLARION_DATABASE_URL", "CLARION_DATABASE_URL"))


def worker_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What the worker may know: all settings but how the others reach the database."""
    others = {"CLARION_INBOX_URL", "CLARION_OFFICE_DATABASE_URL", "CLARION_PAGES_URL"}
    return _only({variable.name for variable in VARIABLES} - others, environ)


def _only(names: Set[str], environ: Mapping[str, str]) -> dict[str, str]:
    """These settings, themselves or by `_FILE`, and what every process needs: whatever else lies about is not ours."""
    allowed = {name + end for name in names for end in ("", _FILE)}.union(_HARMLESS)
    return {name: value for name, value in environ.items() if name in allowed or name.startswith(_HARMLESS_BEGINNINGS)}


def _renamed(environ: Mapping[str, str], first: str, second: str, target: str) -> dict[str, str]:
    """`environ` with `target` as `first` says, or else `second`, themselves or by `_FILE`; neither of them is kept."""
    source = first if environ.get(first, "").strip() or environ.get(first + _FILE) else second
    found = {target + end: environ[source + end] for end in ("", _FILE) if environ.get(source + end)}
    dropped = {name + end for name in (first, second) for end in ("", _FILE)}
    return {name: value for name, value in environ.items() if name not in dropped} | found


def _public_command(bind: Bind) -> list[str]:
    return [*_PYTHON, "clarion.intake", bind.socket_host, str(bind.port)]


def _office_command(bind: Bind) -> list[str]:
    return [*_PYTHON, "clarion.office", bind.socket_host, str(bind.port)]


def _become(command: list[str], environ: Mapping[str, str]) -> None:
    os.execve(command[0], command, dict(environ))  # noqa: S606 - the same Python, no shell


def _are_up(env: Env, places: Mapping[str, Bind]) -> bool:
    names = {"public": env.public_host, "office": env.office_host}
    return all(answers_health(place.socket_host, place.port, names[part]) for part, place in places.items())


def _serve_node(env: Env, place: Bind, environ: Mapping[str, str]) -> None:
    """Serve the public site where no worker is: beside it runs what fetches the files that are published elsewhere."""
    env.data.make()
    with _supervisor() as supervisor:
        supervisor.start(Child("public", _public_command(place), intake_environ(environ)))
        supervisor.start(Child("follow", [*_PYTHON, "clarion", "follow"], follow_environ(environ)))
        _look_after(supervisor, env, {"public": place})


@contextmanager
def _supervisor() -> Iterator[Supervisor]:
    """A supervisor that runs until this process is told to stop, and leaves no child behind."""
    supervisor = Supervisor()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    try:
        yield supervisor
    finally:
        supervisor.end()


def _supervise(env: Env, places: Mapping[str, Bind], environ: Mapping[str, str]) -> None:
    """Run all three until told to stop.

    The public site waits for nobody: forms are taken while records migrate, and while their database is away. Office
    and worker start once the records are up to date, however often that has to be tried.
    """
    env.data.make()
    make_missing_keys(env.data.keys)
    public = Child("public", _public_command(places["public"]), intake_environ(environ))
    records = Child("records", [*_PYTHON, "clarion", "database", "migrate"], worker_environ(environ), is_once=True)
    office = Child("office", _office_command(places["office"]), office_environ(environ), after=records)
    worker = Child("worker", [*_PYTHON, "clarion", "worker"], worker_environ(environ), _WAITS, after=records)
    with _supervisor() as supervisor:
        for child in (public, records, office, worker):
            supervisor.start(child)
        _look_after(supervisor, env, places)


def _look_after(supervisor: Supervisor, env: Env, places: Mapping[str, Bind]) -> None:
    is_told = False
    while supervisor.is_running:
        supervisor.look_after()
        if not is_told and _are_up(env, places):
            is_told = True
            click.echo(f"Public site: {env.public_url}/")
            if "office" in places:
                click.echo(f"Office:      {env.office_url}/")
        time.sleep(0.1)
