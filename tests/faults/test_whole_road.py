"""The whole road on real processes: form, inbox, worker, mail, confirmation, count; and what may not break it."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.conftest import Allowed
from tests.faults.short_call import start_short_call
from tests.program import Program, links_of, wait_until

pytestmark = pytest.mark.faults


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program with a call of one language: published in a moment."""
    running = start_short_call(tmp_path)
    yield running
    running.stop()


def _until_taken(program: Program, path: str, fields: dict[str, str], page: str) -> None:
    status, location = program.answer_to(path, fields)
    assert status == 303, location
    assert page in location


def _at_once(work: Callable[[str], None], items: Sequence[str], *, hands: int = 16) -> None:
    with ThreadPoolExecutor(hands) as pool:
        list(pool.map(work, items))


def _sign(program: Program) -> Callable[[str], None]:
    def sign(address: str) -> None:
        fields = {"name": "Amina", "email": address, "country": "KE"}
        _until_taken(program, "/short-call/en/sign", fields, "check-your-mail")

    return sign


def _confirm_links(program: Program, wanted: int) -> dict[str, str]:
    """The path of each address's confirmation, once all have come."""
    found: dict[str, str] = {}

    def all_there() -> bool:
        if len(list(program.mail_folder.glob("*.eml"))) < wanted:
            return False
        found.update({str(mail["To"]): urlsplit(links_of(mail, "confirm")[0]).path for mail in program.mails()})
        return len(found) >= wanted

    wait_until(all_there, f"{wanted} mails", seconds=120)
    return found


def test_sixty_four_identical_forms_at_once_are_one_row_and_one_mail(program: Program) -> None:
    for round_number in range(20):
        address = f"eager{round_number}@example.org"
        _at_once(lambda _, address=address: _sign(program)(address), [""] * 64, hands=64)
    wait_until(lambda: len(program.mails()) >= 20, "a mail for each of twenty people")
    time.sleep(2)
    assert sorted(str(mail["To"]) for mail in program.mails()) == sorted(f"eager{n}@example.org" for n in range(20))


def test_no_log_holds_a_name_an_address_or_a_token(program: Program) -> None:
    canaries = ["Zebulon-Canary", "canary.bird@example.org", "Nest-7431"]
    fields = {"name": canaries[0], "email": canaries[1], "country": "KE", "postcode": canaries[2]}
    _until_taken(program, "/short-call/en/sign", fields, "check-your-mail")
    mail = program.wait_for_mail(canaries[1])
    links = [urlsplit(link).path for link in links_of(mail) if link.startswith(program.public_url)]
    for path in links:
        program.answer_to(path, {"answer": "yes", "email": canaries[1]})
        program.answer_to(path[:-3] + "abc", {"answer": "yes"})
    program.answer_to("/short-call/en/sign", fields | {"country": "not a country"})
    tokens = [part for path in links for part in path.split("/") if len(part) > 60]
    wait_until(lambda: program.mails(canaries[1])[1:], "the last mail after withdrawing")
    program.stop()
    log = program.log.read_text(encoding="utf-8", errors="replace")
    assert tokens
    assert [word for word in canaries + tokens if word in log] == []
    assert not re.search(r"127\.0\.0\.1(?!:)", log.replace(f"127.0.0.1:{program.public_port}", ""))


def test_stopping_in_the_middle_of_signing_keeps_what_was_answered(program: Program, allowed: Allowed) -> None:
    """SIGTERM ends within ten seconds with the inbox committed, and the next start carries on."""
    addresses = [f"late{n}@example.org" for n in range(200)]
    _at_once(_sign(program), addresses)
    began = time.monotonic()
    program.stop()
    assert time.monotonic() - began < allowed(10)
    program.start()
    assert len(_confirm_links(program, 200)) == 200
