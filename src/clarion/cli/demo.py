"""`clarion demo`: everything on a sample call, on one page, and gone without a trace when it ends."""

import importlib
import os
import signal
import tempfile
import time
import tomllib
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread

import click

from clarion.cli import set_up_django
from clarion.cli.supervisor import die_with_parent
from clarion.desk.crowd import Crowd, Place
from clarion.desk.mailbox import Mailbox
from clarion.desk.published import PublishedSite
from clarion.desk.sample import copy_sample
from clarion.desk.server import DeskServer, Routes
from clarion.desk.show import CROWD_SIZE, Office, Show
from clarion.desk.stage import Stage, StageFailed
from clarion.kernel.clock import utc_now


class Stopped(Exception):
    """Somebody said that it is enough, before everything stood."""


class Ending:
    """Ctrl-C or SIGTERM: ends the start at once, and what runs in order.

    While it runs, no exception is raised wherever the program happens to be: one raised inside `subprocess` would
    leave its lock held, and the stop would wait for ever.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        self.is_started = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._want)

    def _want(self, number: int, frame: object) -> None:
        is_first, self.is_wanted = not self.is_wanted, True
        if is_first and not self.is_started:
            raise Stopped


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the desk; any free one unless told.")
@click.option(
    "--crowd", type=click.IntRange(1), default=CROWD_SIZE, show_default=True, help="How many the button sends."
)
def demo(port: int, crowd: int) -> None:
    """Launch the sample call in a temporary folder, serve it, and print the address of its desk.

    The desk shows the public site, the mails, the office and the map side by side. Ctrl-C ends it and removes all.
    """
    ending = Ending()
    with suppress(Stopped), ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="clarion-demo-")))
        server = end.enter_context(DeskServer(port))
        stage = Stage(folder, server.origin, in_child=die_with_parent)
        end.callback(stage.stop)
        _set_the_stage(stage)
        show = _make_show(stage, crowd)
        end.callback(show.stop)
        server.routes = Routes(show, stage.office_url)
        show.start()
        Thread(target=server.serve_forever, name="desk", daemon=True).start()
        _say("Open this in a browser; Ctrl-C ends it and removes everything.")
        ending.is_started = True
        click.echo(server.address)
        _watch_over(stage, ending)
    _say("Everything is stopped and removed.")


def _set_the_stage(stage: Stage) -> None:
    _say("Starting the public site, the office and the worker …")
    stage.serve()
    _say("Launching the sample call in eight languages …")
    stage.launch(copy_sample(stage.folder / "clean-water", today=utc_now().date()))


def _make_show(stage: Stage, crowd_size: int) -> Show:
    call = tomllib.loads((stage.folder / "clean-water" / "campaign.toml").read_text(encoding="utf-8"))
    default = call["default_language"]
    others = sorted(path.name.split(".")[1] for path in (stage.folder / "clean-water").glob("statement.*.md"))
    languages = (default, *(tag for tag in others if tag != default))
    site = PublishedSite(stage.public_url, call["slug"], default)
    return Show(
        languages=languages,
        site=site,
        mailbox=Mailbox(stage.mails),
        crowd=Crowd(Place(stage.public_url, call["slug"], languages, site.total)),
        office=_coordinator(stage, call["organiser"]["email"]),
        crowd_size=crowd_size,
    )


def _coordinator(stage: Stage, email: str) -> Office:
    """Needs records, whose place is known only now: so Django is set up here."""
    os.environ.update(stage.environment)
    set_up_django()
    office: Office = importlib.import_module("clarion.desk.coordinator").make_coordinator(email, stage.office_url)
    return office


def _watch_over(stage: Stage, ending: Ending) -> None:
    while stage.is_alive() and not ending.is_wanted:
        time.sleep(0.2)
    if not ending.is_wanted:
        raise StageFailed(f"`clarion serve` ended:\n{stage.last_words()}")


def _say(text: str) -> None:
    click.echo(text, err=True)
