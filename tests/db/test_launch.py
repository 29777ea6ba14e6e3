"""A folder becomes records in one transaction; launched again it changes nothing; mistakes store nothing."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult

from clarion.audit.actions import HOST, Actor
from clarion.audit.models import Entry
from clarion.calls.check import read_call_folder
from clarion.calls.compare import what_changed
from clarion.calls.problems import CallWrong, Problem
from clarion.calls.store import AlreadyPublic, OfficeChanged, Stored, launch_call, store_call
from clarion.calls.stored import call_of
from clarion.calls.write import write_folder
from clarion.campaigns.actions import change_settings, save_version
from clarion.campaigns.models import Campaign, Statement
from clarion.campaigns.queries import campaign_by_slug, current_statements, languages_behind, languages_of
from clarion.campaigns.rules import SlugTaken
from clarion.donations.queries import give_pages
from clarion.events.actions import cancel_event
from clarion.events.models import Event
from clarion.organisers.models import Membership
from clarion.outbox.models import Mail
from clarion.places.queries import venues_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
SAMPLE = Path(__file__).resolve().parents[2] / "src" / "clarion" / "sample" / "clean-water"
SMALLEST = {
    "campaign.toml": (
        'slug = "clean-water"\ndefault_language = "en"\n\n[organiser]\n'
        'name = "Water Committee"\nemail = "office@example.org"\nurl = "https://example.org"\n'
    ),
    "statement.en.md": "---\ntitle: Clean water in every school\n---\nThe statement, in Markdown.\n",
}
VENUES = "id,type,operator,country,city,address,lat,lon,name\n"
EVENTS = "title,venue_id,country,city,address,starts_at,zone,language,kind\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The smallest call's folder."""
    for name, text in SMALLEST.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def launch(folder: Path, **options: Any) -> Stored:
    """Launch a folder as the host does."""
    return launch_call(read_call_folder(folder, now=NOW), by=HOST, now=NOW, **options)


def promised() -> list[str]:
    """The names of the jobs promised so far."""
    return [row.args_kwargs["kwargs"]["name"] for row in DBTaskResult.objects.order_by("enqueued_at")]


def test_the_smallest_call_launches(folder: Path) -> None:
    """Everything else has a default."""
    stored = launch(folder)

    campaign = Campaign.objects.get()
    assert (stored.version.number, stored.is_new, stored.warnings) == (1, True, ())
    assert campaign.is_published
    assert campaign.takes_signatures
    assert current_statements(campaign)["en"].title == "Clean water in every school"
    assert bytes(current_statements(campaign)["en"].raw) == SMALLEST["statement.en.md"].encode()
    assert promised() == ["publish-campaign"]
    role = Membership.objects.get()
    assert (role.organiser.email, role.role, role.team) == ("office@example.org", "admin", campaign.team)


def test_the_sample_call_launches_whole() -> None:
    """Eight languages, venues, events, ways to give, updates, a picture."""
    stored = launch(SAMPLE)

    campaign = stored.campaign
    assert stored.warnings == ()
    assert len(languages_of(campaign)) == 8
    assert languages_of(campaign)[0] == "en"
    assert venues_of(campaign).count() >= 120
    assert Event.objects.filter(state="kept", origin="launch").count() >= 60
    assert len(give_pages(campaign)) == 8
    assert campaign.updates.count() == 16
    assert campaign.picture


def test_the_same_folder_again_changes_nothing() -> None:
    """Safe to repeat: no version, no audit entry but the launch itself, no event touched."""
    launch(SAMPLE)
    before = list(Event.objects.order_by("pk").values())
    entries, jobs = Entry.objects.count(), promised()

    again = launch(SAMPLE)

    assert (again.version.number, again.is_new) == (1, False)
    assert list(Event.objects.order_by("pk").values()) == before
    assert [entry.verb for entry in Entry.objects.order_by("pk")[entries:]] == ["launched"]
    assert promised() == jobs


def test_an_exported_folder_launches_without_a_change(tmp_path: Path) -> None:
    """What the office would export is what was launched, the picture too."""
    stored = launch(SAMPLE)
    write_folder(call_of(stored.campaign), tmp_path / "call")
    picture = bytes(stored.campaign.picture or b"")

    again = launch(tmp_path / "call")

    assert not again.is_new
    assert bytes(again.campaign.picture or b"") == picture
    assert what_changed(call_of(stored.campaign), call_of(again.campaign)) == ()


def test_a_launch_that_changes_all_about_giving_tells_each_admin_once(folder: Path) -> None:
    launch(folder)
    give = "---\ntitle: Give\nbeneficiary: Water Committee\niban: DE89370400440532013000\n---\nThank you.\n"
    (folder / "give.en.md").write_text(give, encoding="utf-8")
    toml = SMALLEST["campaign.toml"] + "\n[ways]\ngive = false\n"
    (folder / "campaign.toml").write_text(toml, encoding="utf-8")

    campaign = launch(folder).campaign

    assert not campaign.takes_gifts
    assert campaign.give_pages.count() == 1
    assert [mail.detail["what"] for mail in Mail.objects.filter(kind="notice-to-admins")] == ["give-changed"]


def test_changed_venues_are_published(folder: Path) -> None:
    """Though no text changed."""
    launch(folder)
    (folder / "venues.csv").write_text(VENUES + "a,square,,KE,Nairobi,,-1.28,36.82,Square\n", encoding="utf-8")

    assert not launch(folder).is_new
    assert promised() == ["publish-campaign"] * 2


def test_a_changed_byte_makes_the_next_version_and_the_old_one_stays(folder: Path) -> None:
    """The text that someone signed stays readable."""
    launch(folder)
    (folder / "statement.en.md").write_text(SMALLEST["statement.en.md"] + " ", encoding="utf-8")

    stored = launch(folder)

    assert (stored.version.number, stored.is_new) == (2, True)
    assert [bytes(one.raw)[-1:] for one in Statement.objects.order_by("version__number")] == [b"\n", b" "]


def test_a_translation_of_an_older_text_is_told_and_marked(folder: Path) -> None:
    """It translates the version in which its bytes first appeared, unless it says otherwise."""
    (folder / "statement.fr.md").write_text("---\ntitle: De l’eau\n---\nTexte.\n", encoding="utf-8")
    launch(folder)
    (folder / "statement.en.md").write_text("---\ntitle: Water\n---\nNew.\n", encoding="utf-8")

    stored = launch(folder)

    assert [(one.file, "has changed since" in one.wrong) for one in stored.warnings] == [("statement.fr.md", True)]
    assert current_statements(stored.campaign)["fr"].translates == 1
    assert languages_behind(stored.campaign) == {"fr"}
    (folder / "statement.fr.md").write_text("---\ntitle: De l’eau\ntranslates: 2\n---\nTexte.\n", encoding="utf-8")
    assert launch(folder).warnings == ()
    assert languages_behind(stored.campaign) == frozenset()


def test_a_translation_of_a_version_to_come_is_a_mistake(folder: Path) -> None:
    """A slip of the pen."""
    (folder / "statement.fr.md").write_text("---\ntitle: x\ntranslates: 2\n---\nTexte.\n", encoding="utf-8")

    with pytest.raises(CallWrong) as wrong:
        launch(folder)
    assert [(one.file, one.line) for one in wrong.value.problems] == [("statement.fr.md", 3)]


def test_a_taken_slug_is_told_with_the_other_mistakes_and_nothing_is_stored(folder: Path) -> None:
    """At once, with its line."""
    launch(folder)
    text = SMALLEST["campaign.toml"].replace("office@", "other@")
    (folder / "campaign.toml").write_text(f'accent = "blue"\n{text}', encoding="utf-8")
    entries = Entry.objects.count()

    with pytest.raises(CallWrong) as wrong:
        launch(folder, replace=True)

    assert [(one.file, one.line) for one in wrong.value.problems] == [("campaign.toml", 1), ("campaign.toml", 2)]
    assert "belongs to another organiser" in wrong.value.problems[1].wrong
    assert Entry.objects.count() == entries


def test_the_organisers_address_in_other_letters_is_the_same(folder: Path) -> None:
    """Nobody loses their slug to a capital."""
    launch(folder)
    (folder / "campaign.toml").write_text(SMALLEST["campaign.toml"].replace("office@", "Office@"), encoding="utf-8")

    assert not launch(folder).is_new


def test_in_the_office_a_slug_is_taken_if_anyone_has_it(folder: Path) -> None:
    """A new call never changes another one."""
    call = call_of(launch(folder).campaign)

    with pytest.raises(SlugTaken):
        store_call(call, by=Actor("organiser", "x"), now=NOW, must_be_new=True)


def test_a_draft_is_stored_and_not_shown(folder: Path) -> None:
    """Until it is launched without --draft; what is public cannot become a draft."""
    launch(folder, draft=True)
    assert not Campaign.objects.get().is_published
    assert promised() == []

    launch(folder)
    assert Campaign.objects.get().is_published
    with pytest.raises(AlreadyPublic):
        launch(folder, draft=True)


def test_what_the_office_changed_stops_a_launch_and_is_listed(folder: Path) -> None:
    """--replace puts the folder in its place."""
    campaign = launch(folder).campaign
    call = call_of(campaign)
    by = Actor("organiser", "x")
    edited = call.statements[0].__class__("en", b"---\ntitle: Office\n---\nText.\n", "Office", "Text.")
    save_version(campaign, [edited], by=by, now=NOW)
    change_settings(campaign, call.settings.__class__(**{**_settings(call), "accent": "#aa0000"}), by=by, now=NOW)

    with pytest.raises(OfficeChanged) as stopped:
        launch(folder)
    assert stopped.value.files == ("campaign.toml", "statement.en.md")
    assert "statement.en.md" in str(stopped.value)
    assert campaign_by_slug("clean-water").accent == "#aa0000"  # type: ignore[union-attr]

    replaced = launch(folder, replace=True)
    assert replaced.version.number == 3
    assert campaign_by_slug("clean-water").accent == ""  # type: ignore[union-attr]
    assert not launch(folder).is_new


def _settings(call: Any) -> dict[str, Any]:
    return {name: getattr(call.settings, name) for name in call.settings.__dataclass_fields__}


def test_an_edit_of_the_office_that_the_folder_has_too_does_not_stop_it(folder: Path, tmp_path: Path) -> None:
    """Export, then launch."""
    campaign = launch(folder).campaign
    edited = call_of(campaign).statements[0].__class__("en", b"---\ntitle: Office\n---\nText.\n", "Office", "Text.")
    save_version(campaign, [edited], by=Actor("organiser", "x"), now=NOW)
    write_folder(call_of(campaign), folder)

    assert not launch(folder).is_new


def events_file(folder: Path, *rows: str) -> None:
    """Write venues.csv and events.csv."""
    (folder / "venues.csv").write_text(VENUES + "a,square,,KE,Nairobi,,-1.28,36.82,Square\n", encoding="utf-8")
    (folder / "events.csv").write_text(EVENTS + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def test_an_event_row_without_id_is_known_again_by_place_and_title(folder: Path) -> None:
    """It may move in time."""
    events_file(folder, "Rally,a,,,,2026-12-10T18:00,,en,rally", "Talk,,KE,Mombasa,Street 1,2026-12-11T18:00,,en,talk")
    launch(folder)
    ids = set(Event.objects.values_list("public_id", flat=True))
    events_file(folder, "Rally,a,,,,2026-12-10T19:00,,en,rally", "Talk,,KE,Mombasa,Street 1,2026-12-12T18:00,,en,talk")

    launch(folder)

    assert set(Event.objects.values_list("public_id", flat=True)) == ids
    assert {event.starts_local for event in Event.objects.all()} == {"2026-12-10T19:00", "2026-12-12T18:00"}


def test_a_row_that_is_gone_is_a_warning_and_cancels_nothing(folder: Path) -> None:
    """Its venue, gone too, stays for the event alone."""
    events_file(folder, "Rally,a,,,,2026-12-10T18:00,,en,rally")
    campaign = launch(folder).campaign
    (folder / "events.csv").unlink()
    (folder / "venues.csv").unlink()

    stored = launch(folder)

    assert {one.file: "is gone" in one.wrong for one in stored.warnings} == {"events.csv": True, "venues.csv": True}
    assert Event.objects.get().state == "kept"
    assert Event.objects.get().venue is not None
    assert not venues_of(campaign).exists()
    assert campaign.venue_lists.get().venues.count() == 1


def test_a_cancelled_event_stays_cancelled_whatever_its_row_says(folder: Path) -> None:
    """The office cancelled it: that is a change, and replacing the folder does not bring it back."""
    events_file(folder, "Rally,a,,,,2026-12-10T18:00,,en,rally")
    launch(folder)
    cancel_event(Event.objects.get().public_id, by=HOST, now=NOW)

    stored = launch(folder, replace=True)

    assert Event.objects.get().state == "cancelled"
    assert ["is cancelled" in one.wrong for one in stored.warnings] == [True]


def test_a_call_with_mistakes_stores_nothing(folder: Path) -> None:
    """Not even the parts that are right."""
    (folder / "venues.csv").write_text(VENUES + "a,square,,,,,,,Square\n", encoding="utf-8")

    with pytest.raises(CallWrong) as wrong:
        launch(folder)

    assert all(isinstance(one, Problem) for one in wrong.value.problems)
    assert not Campaign.objects.exists()
    assert not Entry.objects.exists()
    assert connection.in_atomic_block  # the test's own; nothing was left open


def test_updates_follow_the_folder(folder: Path) -> None:
    """A correction replaces, a removed file goes."""
    (folder / "updates").mkdir()
    update = folder / "updates" / "2026-12-01.en.md"
    update.write_text("---\ntitle: News\n---\nText.\n", encoding="utf-8")
    campaign = launch(folder).campaign
    assert [(one.posted_on, one.title) for one in campaign.updates.all()] == [(date(2026, 12, 1), "News")]

    update.write_text("---\ntitle: Corrected\n---\nText.\n", encoding="utf-8")
    launch(folder)
    assert [one.title for one in campaign.updates.all()] == ["Corrected"]
    update.unlink()
    launch(folder)
    assert not campaign.updates.exists()
