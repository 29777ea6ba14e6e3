"""An event's page and calendar entry: words filled into what all pages of its look share."""

import json
from pathlib import Path
from typing import Any

import icalendar
import pytest

from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from clarion.kernel.files import DataFolder
from clarion.pages import calendars
from clarion.pages.event_pages import event_page, look_of, page_with, words_of
from clarion.pages.press import Press
from clarion.pages.qr_codes import qr_code
from clarion.pages.scenes import scenes_of
from clarion.pages.showing import showing
from clarion.pages.site import Assets, Scene, render_page
from clarion.pages.structured import event_data
from tests.make import NOON, make_campaign, make_event, make_venue

pytestmark = pytest.mark.django_db

LOOKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without a point": {"lat": None, "lon": None},
    "without an address": {"address": ""},
    "cancelled": {"state": Event.State.CANCELLED, "cancelled_at": NOON},
    "over": {"state": Event.State.ENDED},
    "moved": {"moved_at": NOON, "moved": {"starts_local": "2026-12-09T17:00", "city": "Kisumu"}},
    "with an end": {"ends_local": "2026-12-10T20:00"},
    "with all": {"bring": 'One "cup" & <b>more</b>', "accessibility": "Step-free", "public_contact": "<@water>"},
    "known": {"checked": "known"},
    "proposed": {"checked": "neither", "origin": Event.Origin.PROPOSAL},
    "of a long title": {"title": "Clean water in every school, and a cup for everyone who comes"},
    "wordy": {"bring": "A cup. " * 30, "accessibility": "Step-free. " * 20},
    "in another language": {"title": "ماء & <i>خبز</i>", "language": "ar"},
}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(languages=("en", "ar"))


def scenes(campaign: Campaign, folder: Path) -> list[Scene]:
    press = Press(DataFolder(folder), "https://call.example.org", "https://office.example.org", NOON)
    return scenes_of(campaign, press, Assets("/-/site.css", "/-/site.js", "/-/icon.svg"))


@pytest.mark.parametrize("look", LOOKS)
def test_filling_in_gives_what_rendering_would(campaign: Campaign, tmp_path: Path, look: str) -> None:
    """Every word in its place, escaped once, and no line of another event's look."""
    make_event(campaign, title="Another of nearly the same look")
    event = make_event(campaign, venue=make_venue(campaign), **LOOKS[look])
    for scene in scenes(campaign, tmp_path):
        for other in scene.events:
            event_page(scene, other)
        one = showing(event, scene)
        words = words_of(scene, event, one, qr_code)

        page = render_page(page_with(scene, look_of(event, one, words), words), scene)

        assert event_page(scene, event).content.decode() == page
        assert "\0" not in page


def test_what_search_engines_read_is_what_the_page_says(campaign: Campaign, tmp_path: Path) -> None:
    event = make_event(campaign, title="</script><script>alert(2)</script>")
    scene = scenes(campaign, tmp_path)[0]

    assert event_data(scene, event, showing(event, scene)).encode() in event_page(scene, event).content


def data_of(event: Event, folder: Path) -> dict[str, Any]:
    """What search engines read of an event."""
    scene = scenes(event.campaign, folder)[0]
    block = event_data(scene, event, showing(event, scene))
    found: dict[str, Any] = json.loads(
        block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    )
    return found


def test_only_an_event_of_its_own_names_the_organisers_of_the_call(campaign: Campaign, tmp_path: Path) -> None:
    """Nobody may have spoken with the strangers who hold another."""
    ours, strangers = make_event(campaign), make_event(campaign, origin=Event.Origin.PROPOSAL)

    assert data_of(ours, tmp_path)["organizer"]["name"] == "Water Committee"
    assert "organizer" not in data_of(strangers, tmp_path)


def test_an_event_is_told_as_rescheduled_only_when_its_time_is_another(campaign: Campaign, tmp_path: Path) -> None:
    """`moved` holds place and time, whichever changed; the time is that of the place where it would have been."""
    before = {"starts_local": "2026-12-10T18:00", "zone": "Africa/Nairobi", "city": "Nairobi", "address": "Elsewhere"}
    moved_place = data_of(make_event(campaign, moved_at=NOON, moved=before), tmp_path)
    later = {**before, "starts_local": "2026-12-09T17:00", "zone": "Europe/Paris"}
    moved_time = data_of(make_event(campaign, moved_at=NOON, moved=later), tmp_path)

    assert moved_place["eventStatus"] == "https://schema.org/EventScheduled"
    assert "previousStartDate" not in moved_place
    assert moved_time["eventStatus"] == "https://schema.org/EventRescheduled"
    assert moved_time["previousStartDate"] == "2026-12-09T16:00Z"


@pytest.mark.parametrize("length", range(15, 60, 4))
def test_a_long_line_of_a_calendar_is_folded_between_characters(
    campaign: Campaign, tmp_path: Path, length: int
) -> None:
    title = "aé水🌍" * (length // 4) + "," * (length % 4)
    make_event(campaign, title=title[:100], bring="One\r\ntwo\\n; three")
    scene = scenes(campaign, tmp_path)[1]

    (raw,) = calendars.entries_of(scene, scene.events)

    assert all(len(line) <= 75 for line in raw.content.split(b"\r\n"))
    (entry,) = icalendar.Calendar.from_ical(raw.content).walk("VEVENT")
    assert str(entry["SUMMARY"]) == title[:100]
    assert "One\ntwo\\n; three" in str(entry["DESCRIPTION"])
