"""The desk of the demo: moved dates, invented people, the mail sink, and who may see the page."""

import csv
import re
from datetime import date, timedelta
from email.message import EmailMessage
from itertools import islice
from pathlib import Path

import pytest

from clarion.desk.mailbox import Confirmation, Mailbox
from clarion.desk.people import client_of, people
from clarion.desk.published import country_spots
from clarion.desk.sample import copy_sample

LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "de")


@pytest.mark.parametrize("today", [date(2026, 11, 23) + timedelta(days=n) for n in (0, 1, 3, 6, 200)])
def test_the_day_of_action_is_about_three_weeks_ahead_on_the_same_weekday(tmp_path: Path, today: date) -> None:
    call = copy_sample(tmp_path / "call", today=today)

    with (call / "events.csv").open(encoding="utf-8", newline="") as file:
        days = [date.fromisoformat(row["starts_at"][:10]) for row in csv.DictReader(file)]
    action = max(set(days), key=days.count)

    assert abs(action - today - timedelta(weeks=3)) <= timedelta(days=4)
    assert action.weekday() == date(2026, 12, 10).weekday()


@pytest.mark.parametrize("today", [date(2026, 11, 23), date(2027, 6, 1), date(2031, 2, 28)])
def test_what_has_been_lies_before_today_and_what_ends_after_it(tmp_path: Path, today: date) -> None:
    call = copy_sample(tmp_path / "call", today=today)
    settings = (call / "campaign.toml").read_text(encoding="utf-8")
    said = {name: date.fromisoformat(day) for name, day in re.findall(r"^(\w+) = (\d{4}-\d\d-\d\d)", settings, re.M)}
    news = {date.fromisoformat(path.name[:10]) for path in (call / "updates").glob("*.md")}
    statement = (call / "statement.en.md").read_text(encoding="utf-8")
    dated = re.search(r"^date: (\S+)", statement, re.M)

    assert dated is not None
    assert said["opens_at"] < today < said["closes_at"]
    assert max(news) < today
    assert date.fromisoformat(dated[1]) < today


def test_no_file_of_the_sample_is_lost_by_moving(tmp_path: Path) -> None:
    call = copy_sample(tmp_path / "call", today=date(2026, 11, 30))

    assert len(list((call / "updates").glob("*.md"))) == 16
    assert not list(call.rglob("*.moved"))


def test_people_are_the_same_each_time_and_no_two_share_an_address_or_a_network() -> None:
    crowd = list(people(1, 3_000, languages=LANGUAGES))

    assert crowd == list(people(1, 3_000, languages=LANGUAGES))
    assert len({person.email for person in crowd}) == 3_000
    assert len({person.client for person in crowd}) == 3_000
    assert all(client_of(person.email) == person.client for person in crowd)


def test_a_later_crowd_shares_nobody_with_an_earlier_one() -> None:
    first = {person.client for person in people(1, 200, languages=LANGUAGES)}
    far = {person.client for person in people(200_000, 200, languages=LANGUAGES)}

    assert not first & far


def test_people_speak_a_language_in_which_there_is_a_call() -> None:
    crowd = list(people(1, 2_000, languages=("es", "en")))

    assert {person.language for person in crowd} == {"es", "en"}
    assert {"MX", "CO"} <= {person.country for person in crowd if person.language == "es"}


def test_every_country_of_the_crowd_has_its_spot_on_the_map() -> None:
    spots = country_spots()

    assert {person.country.lower() for person in islice(people(1, 5_000, languages=LANGUAGES), 5_000)} <= set(spots)
    assert all(0 <= x <= 1000 for x, _ in spots.values())


def make_mail(
    folder: Path, name: str, *, to: str = "amina@example.org", subject: str = "Confirm", body: str = ""
) -> None:
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["Content-Language"] = to, subject, "ar"
    mail.set_content(body or "https://call.example.org/water/ar/confirm/AbC-12_3\n")
    mail.add_alternative("<p dir='rtl'>مرحبا</p>", subtype="html")
    (folder / f"{name}.part").write_bytes(bytes(mail))
    (folder / f"{name}.part").replace(folder / f"{name}.eml")


def test_mails_are_counted_once_and_listed_newest_first(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    make_mail(tmp_path, "1", subject="أكِّد توقيعك")
    assert mailbox.look() == 1
    make_mail(tmp_path, "2")

    assert (mailbox.look(), mailbox.look(), mailbox.total) == (1, 0, 2)
    assert [mail.id for mail in mailbox.latest(10)] == ["2.eml", "1.eml"]
    assert mailbox.latest(10)[1].subject == "أكِّد توقيعك"
    assert "مرحبا" in (mailbox.html("1.eml") or "")


def test_a_confirmation_is_told_with_its_link(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    told: list[Confirmation] = []
    mailbox.listener = told.append
    make_mail(tmp_path, "1")
    make_mail(tmp_path, "2", body="Your signature is withdrawn.\n")

    mailbox.look()

    assert told == [Confirmation("amina@example.org", "https://call.example.org/water/ar/confirm/AbC-12_3")]


@pytest.mark.parametrize("id", ["../1.eml", "..%2f1.eml", "/etc/passwd", "1.part", ""])
def test_no_file_but_a_mail_is_shown(tmp_path: Path, id: str) -> None:
    sink = tmp_path / "mails"
    sink.mkdir()
    make_mail(tmp_path, "1")

    assert Mailbox(sink).html(id) is None
