"""Two public nodes and two workers on one PostgreSQL: one call, one count, one mail each; and one may die."""

import re
import signal
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.faults.conftest import Allowed
from tests.faults.machines import Machine, Machines
from tests.faults.short_call import SIGN, SLUG, files_below
from tests.postgres import new_database
from tests.program import wait_until

pytestmark = pytest.mark.faults

OBEYED_SECONDS = 3.0
COUNTED_SECONDS = 5.0


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    found = Machines(tmp_path_factory.mktemp("machines"), new_database()).set_up()
    found.add_worker()
    for machine in (*found.workers, found.add_node(), found.add_node()):
        machine.start()
    try:
        found.wait_for_nodes()
        yield found
    finally:
        found.end()


def mails_to(machines: Machines, address: str) -> list[str]:
    """The texts of the mails to an address."""
    found = []
    for path in (machines.folder / "mail").glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        if address in str(mail["To"]):
            part = mail.get_body(("plain",))
            found.append(part.get_content() if part else "")
    return found


def sign(machines: Machines, node: Machine, name: str) -> str:
    """Sign at a node; gives the path of the link that is mailed."""
    address = f"{name}@example.org"
    form = {"name": name, "email": address, "country": "KE"}
    wait_until(lambda: "/check-your-mail/" in node.post(SIGN, form)[1], f"a form to be taken: {machines.logs()}")
    text = wait_until(lambda: mails_to(machines, address), f"a mail to {address}")[0]
    found = re.search(rf"/{SLUG}/en/confirm/\S+", text)
    assert found
    return found[0]


def confirm(node: Machine, link: str) -> None:
    """Press the button of the page behind a link."""
    wait_until(lambda: node.post(link, {"answer": "yes"})[1].endswith("/thanks/"), "a press to be taken")


def counted(node: Machine) -> int:
    """What a node shows now."""
    return int(wait_until(lambda: node.total() + 1, "a node to show its count")) - 1


def test_who_signs_at_one_node_may_confirm_at_the_other_and_both_show_it(machines: Machines, allowed: Allowed) -> None:
    a, b = machines.nodes
    before = counted(a)

    for number, (here, there) in enumerate(((a, b), (b, a))):
        link = sign(machines, here, f"everywhere-{number}")
        wait_until(lambda there=there, link=link: "<form" in there.get(link), "the page of the link")
        confirm(there, link)
    asked = time.monotonic()
    for node in (a, b):
        wait_until(lambda node=node: node.total() == before + 2, "both nodes to count two more")

    assert time.monotonic() - asked < allowed(COUNTED_SECONDS)
    assert [len(mails_to(machines, f"everywhere-{number}@")) for number in (0, 1)] == [1, 1]
    page = f"/{SLUG}/en/"
    wait_until(lambda: a.get(page) == b.get(page) != "", "both nodes to show the same page")


def test_a_pause_is_obeyed_on_every_node(machines: Machines, allowed: Allowed) -> None:
    for verb, page in (("pause", "/paused/"), ("resume", "/check-your-mail/")):
        machines.switch(verb)
        switched = time.monotonic()
        for number, node in enumerate(machines.nodes):
            form = {"name": "Late", "email": f"{verb}-{number}@example.org", "country": "KE"}
            wait_until(
                lambda node=node, form=form, page=page: page in node.post(SIGN, form)[1], f"the {verb} to be obeyed"
            )
        assert time.monotonic() - switched < allowed(OBEYED_SECONDS)


def test_another_worker_publishes_when_the_publisher_is_killed(machines: Machines, allowed: Allowed) -> None:
    a, b = machines.nodes
    publisher = wait_until(machines.publisher, "a publisher")
    before = counted(a)
    links = [sign(machines, node, f"left-behind-{number}") for number, node in enumerate((a, b))]

    publisher.end(signal.SIGKILL)
    killed = time.monotonic()
    for node, link in zip((b, a), links, strict=True):
        confirm(node, link)
    for node in (a, b):
        wait_until(lambda node=node: node.total() == before + 2, f"the other worker to publish: {machines.logs()}")

    assert time.monotonic() - killed < allowed(COUNTED_SECONDS)
    assert machines.publisher() not in (None, publisher)
    publisher.start()


def test_a_node_that_comes_later_catches_up(machines: Machines) -> None:
    node = machines.add_node().start()
    machines.wait_for_nodes()
    first = machines.nodes[0]

    wait_until(lambda: node.total() == first.total(), "the new node to show the same")

    wait_until(lambda: files_of(node.data) == files_of(first.data), "the same files to lie there")
    assert not (node.data / "keys").exists() or not list((node.data / "keys").iterdir())


def test_a_worker_with_other_keys_is_refused(machines: Machines) -> None:
    stranger = machines.add_worker()
    for path in (stranger.data / "keys").glob("dedupe-*"):
        path.write_text("00" * 32)
    stranger.start()
    assert stranger.process
    try:
        assert stranger.process.wait(timeout=60) == 1
        assert "dedupe-1.key" in stranger.program.log.read_text()
    finally:
        machines.workers.remove(stranger)


def files_of(data: Path) -> dict[str, bytes]:
    """Every published file, siblings and all."""
    return {
        f"{part}/{name}": content
        for part in ("site", "manage", "policy")
        for name, content in files_below(data / part).items()
        if not name.endswith(".new")
    }
