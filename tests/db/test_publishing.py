"""Publishing: records in, files out."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from icalendar import Calendar

from clarion.campaigns.models import Campaign, Update
from clarion.events.actions import erase_events
from clarion.events.models import Event
from clarion.kernel.files import DataFolder
from clarion.kernel.keys import Keys, make_missing_keys
from clarion.kernel.policy import POLICY_NAME, Policy, read_policy
from clarion.pages import event_pages, publishing
from clarion.pages.pausing import Pause
from clarion.pages.press import Press
from clarion.places.countries import CODES
from clarion.signatures.models import Tally
from tests.make import DAY, HOUR, MINUTE, NOON, make_campaign, make_event, make_venue

pytestmark = pytest.mark.django_db

SLUG = "clean-water"
COUNTRIES = {"KE", "UG", "EG"}


@pytest.fixture
def press(tmp_path: Path) -> Press:
    """A data folder of its own whose host offers three countries, which is quick to publish."""
    data = DataFolder(tmp_path)
    data.make()
    make_missing_keys(data.keys)
    hidden = ", ".join(f'"{code}"' for code in sorted(CODES - COUNTRIES))
    (tmp_path / "countries.toml").write_text(f"hide = [{hidden}]\n")
    return Press(data, "https://call.example.org", "https://office.example.org", NOON, mail_delay=2 * MINUTE)


def page(press: Press, address: str) -> str:
    """The text of a published page or file."""
    path = press.data.site / address.lstrip("/")
    return (path / "index.html" if address.endswith("/") else path).read_text(encoding="utf-8")


def policy(press: Press) -> Policy:
    """What intake would read."""
    return read_policy((press.data.policy / POLICY_NAME).read_text(encoding="utf-8"))


def all_files(press: Press) -> dict[str, str]:
    """Every published file with the hash of its bytes."""
    roots = (press.data.site, press.data.manage)
    found = (path for root in roots for path in root.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def internal_links(text: str) -> Iterator[str]:
    """Addresses of this site to which a page links."""
    yield from re.findall(r'(?:href|src)="(/[^"#?]*)', text)


PARTS: dict[str, Callable[[Press], None]] = {
    "counts": lambda press: publishing.publish_counts(SLUG, desk=press),
    "switches": lambda press: publishing.publish_switches(SLUG, desk=press),
    "events": lambda press: publishing.publish_events(SLUG, [], desk=press),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_form_that_is_out_is_taken_and_answered_whatever_was_published_first(press: Press, part: str) -> None:
    """A call's opening hour, or its first figure, may be published before the whole of it."""
    make_campaign(languages=("en", "fr"))

    PARTS[part](press)

    for language in ("en", "fr"):
        assert consent_of(press, language) in policy(press).campaigns[SLUG].consents
        assert (press.data.site / f"{SLUG}/{language}/check-your-mail/index.html").is_file()


@pytest.mark.parametrize("part", PARTS)
def test_a_page_that_is_out_finds_its_figures_whatever_was_published_first(press: Press, part: str) -> None:
    make_campaign(languages=("en", "fr"))

    PARTS[part](press)

    address = re.search(r'data-counts="([^"]+)"', page(press, f"/{SLUG}/en/"))
    assert address
    assert json.loads(page(press, address[1]))["total"] == 0


@pytest.mark.parametrize("part", PARTS)
def test_what_people_agree_to_may_change_with_a_part_of_the_pages(press: Press, part: str) -> None:
    """New software words it differently, and the next figure brings it onto the page."""
    make_campaign()
    publishing.publish_campaign(SLUG, desk=press)
    before = consent_of(press, "en")
    Campaign.objects.update(minimum_age=14)

    PARTS[part](press)

    assert before != consent_of(press, "en")
    assert {before, consent_of(press, "en")} <= {*policy(press).campaigns[SLUG].consents}


def consent_of(press: Press, language: str) -> str:
    """The id of what one agrees to at the sign form of the call's page."""
    found = re.search(r'name="consent" value="(\w+)"', page(press, f"/{SLUG}/{language}/"))
    assert found
    return found[1]


def test_every_link_of_every_page_leads_to_a_file(press: Press) -> None:
    """No page sends anyone into nothing; the languages' lists, feeds and assets included."""
    campaign = make_campaign(languages=("en", "ar"))
    make_event(campaign, venue=make_venue(campaign))

    publishing.publish_campaign(SLUG, desk=press)

    missing = set()
    for path in press.data.site.rglob("*.html"):
        for address in internal_links(path.read_text(encoding="utf-8")):
            target = press.data.site / address.lstrip("/")
            if not (target / "index.html" if address.endswith("/") else target).is_file():
                missing.add((path.name, address))
    assert not missing


def test_the_same_records_give_the_same_bytes(press: Press) -> None:
    """Mirrors can be compared; nothing of the clock or of chance is in a page."""
    campaign = make_campaign(languages=("en", "ar"))
    make_event(campaign, venue=make_venue(campaign))
    publishing.publish_campaign(SLUG, desk=press)
    first = all_files(press)

    publishing.publish_campaign(SLUG, desk=replace(press, now=NOON + 3 * HOUR))

    assert all_files(press) == first


def test_the_page_says_whose_language_and_direction_it_has(press: Press) -> None:
    """`<html lang dir>` is the call's; all languages name each other, and a default."""
    make_campaign(languages=("en", "ar"))

    publishing.publish_campaign(SLUG, desk=press)

    english, arabic = page(press, f"/{SLUG}/en/"), page(press, f"/{SLUG}/ar/")
    assert '<html lang="ar" dir="rtl">' in arabic
    for tag in ("en", "ar"):
        link = f'<link rel="alternate" hreflang="{tag}" href="https://call.example.org/{SLUG}/{tag}/">'
        assert link in english
        assert link in arabic
    assert f'hreflang="x-default" href="https://call.example.org/{SLUG}/en/"' in arabic


def test_words_of_the_software_are_marked_where_it_does_not_speak_the_language(press: Press) -> None:
    """A call in Swahili with an interface in English: a screen reader must not read one as the other."""
    make_campaign(languages=("sw",))

    publishing.publish_campaign(SLUG, desk=press)

    text = page(press, f"/{SLUG}/sw/")
    assert '<html lang="sw" dir="ltr">' in text
    assert '<header class="bar" lang="en" dir="ltr">' in text


def test_nothing_that_waits_is_in_any_public_file(press: Press, keys: Keys) -> None:
    """Not before a moderator kept it, not after one hid it: page, list, feed, calendar and map data."""
    campaign = make_campaign()
    for state in (Event.State.WAITING, Event.State.HIDDEN, Event.State.REFUSED, Event.State.UNCONFIRMED):
        make_event(campaign, keys, state=state, title=f"secret {state}")

    publishing.publish_campaign(SLUG, desk=press)

    published = [path for path in press.data.site.rglob("*") if path.is_file() and path.suffix not in (".br", ".gz")]
    assert not [path for path in published if b"secret" in path.read_bytes()]


def test_an_event_that_is_hidden_disappears(press: Press) -> None:
    """Its page, its calendar entry, its line in every list; the rest stays."""
    campaign = make_campaign()
    event = make_event(campaign, title="Cups on the steps")
    publishing.publish_campaign(SLUG, desk=press)
    Event.objects.filter(pk=event.pk).update(state=Event.State.HIDDEN)

    publishing.publish_events(SLUG, [event.public_id], desk=press)

    assert not (press.data.site / SLUG / "en/events" / event.public_id).exists()
    for address in ("", "events/", "countries/ke/"):
        assert "Cups on the steps" not in page(press, f"/{SLUG}/en/{address}")
    assert json.loads(page(press, f"/{SLUG}/events.geojson"))["features"] == []


def test_an_event_that_was_not_its_organisers_disappears_with_its_country(press: Press, keys: Keys) -> None:
    """Its words are erased by then, so nobody knows any more on which country's page it stood."""
    event = make_event(make_campaign(), keys, title="Cups on the steps")
    publishing.publish_campaign(SLUG, desk=press)
    erase_events([event.public_id])

    publishing.publish_events(SLUG, [event.public_id], desk=press)

    assert "Cups on the steps" not in page(press, f"/{SLUG}/en/countries/ke/")
    assert not [path for path in press.data.site.rglob("*.html") if "Cups on the steps" in path.read_text("utf-8")]


def test_a_countrys_last_page_goes_with_its_last_event(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clarion.pages.country_pages.ON_A_PAGE", 1)
    campaign = make_campaign()
    make_event(campaign)
    event = make_event(campaign, title="Cups on the steps", starts_at=NOON + 90 * DAY, ends_at=NOON + 91 * DAY)
    publishing.publish_campaign(SLUG, desk=press)
    assert "Cups on the steps" in page(press, f"/{SLUG}/en/countries/ke/2/")
    Event.objects.filter(pk=event.pk).update(state=Event.State.HIDDEN)

    publishing.publish_events(SLUG, [event.public_id], desk=press)

    assert not (press.data.site / SLUG / "en/countries/ke/2").exists()


def test_an_event_that_is_kept_changes_the_map_and_the_list_of_countries(press: Press, keys: Keys) -> None:
    """At once, not with the next publication of everything."""
    event = make_event(make_campaign(), keys, state=Event.State.WAITING)
    publishing.publish_campaign(SLUG, desk=press)
    Event.objects.filter(pk=event.pk).update(state=Event.State.KEPT)

    publishing.publish_events(SLUG, [event.public_id], desk=press)

    for address in ("", "events/", "countries/"):
        assert "Kenya: 1 event" in page(press, f"/{SLUG}/en/{address}")
    assert event.public_id in page(press, f"/{SLUG}/en/events/sitemap.xml")


def test_who_signs_is_told_of_the_first_event_and_no_more_of_the_last_that_went(press: Press, keys: Keys) -> None:
    event = make_event(make_campaign(), keys, state=Event.State.WAITING)
    publishing.publish_campaign(SLUG, desk=press)
    assert "Yours could be the first" in page(press, f"/{SLUG}/en/thanks/")

    for state, is_first in ((Event.State.KEPT, False), (Event.State.HIDDEN, True)):
        Event.objects.filter(pk=event.pk).update(state=state)
        publishing.publish_events(SLUG, [event.public_id], desk=press)
        assert ("Yours could be the first" in page(press, f"/{SLUG}/en/thanks/")) is is_first


def test_a_country_that_has_no_figure_any_more_shows_none(press: Press) -> None:
    """A wave is held, or somebody withdraws: its page must not go on showing what was."""
    campaign = make_campaign()
    tally = Tally.objects.create(campaign=campaign, day=NOON.date(), country="KE", count=735)
    publishing.publish_campaign(SLUG, desk=press)
    assert "735" in page(press, f"/{SLUG}/en/countries/ke/")
    tally.delete()

    publishing.publish_counts(SLUG, desk=press)

    assert "735" not in page(press, f"/{SLUG}/en/countries/ke/")
    assert json.loads(page(press, f"/{SLUG}/counts.json"))["by_country"] == {}


def test_figures_that_come_during_a_long_publication_stay(press: Press) -> None:
    """They are out with the first pages, and nothing older is written over newer ones."""
    make_campaign()
    counts = press.data.site / SLUG / "counts.json"

    def count_meanwhile() -> None:
        counts.write_text("newer")

    publishing.publish_campaign(SLUG, desk=press, pause=Pause(count_meanwhile, lambda: True))

    assert counts.read_text() == "newer"


def test_a_cancelled_event_stays_and_says_so(press: Press) -> None:
    """On its page, in the list, and in the calendars of those who subscribed."""
    campaign = make_campaign()
    event = make_event(campaign, state=Event.State.CANCELLED, sequence=2, cancelled_at=NOON)

    publishing.publish_campaign(SLUG, desk=press)

    assert "This event is cancelled." in page(press, f"/{SLUG}/en/events/{event.public_id}/")
    assert "Cancelled" in page(press, f"/{SLUG}/en/events/")
    entry = Calendar.from_ical(page(press, f"/{SLUG}/events.ics")).walk("VEVENT")[0]
    assert (str(entry["STATUS"]), entry["SEQUENCE"]) == ("CANCELLED", 2)


def test_a_calendar_entry_says_what_the_page_says(press: Press) -> None:
    """Whatever is in a title: commas, semicolons, line ends and long words in any script."""
    campaign = make_campaign()
    title = "Wasser, Brot; und \\ " + "水" * 40
    event = make_event(campaign, title=title, bring="One glass;\none song", venue=make_venue(campaign))

    publishing.publish_campaign(SLUG, desk=press)

    raw = page(press, f"/{SLUG}/en/events/{event.public_id}/event.ics")
    assert all(len(line.encode()) <= 75 for line in raw.splitlines())
    entry = Calendar.from_ical(raw).walk("VEVENT")[0]
    assert str(entry["SUMMARY"]) == title
    assert "One glass;\none song" in str(entry["DESCRIPTION"])
    assert entry["DTSTART"].dt == event.starts_at
    assert str(entry["UID"]) == f"{event.public_id}@call.example.org"


def test_a_moved_event_says_what_was_before(press: Press) -> None:
    """Those who come must see it on top of the page."""
    campaign = make_campaign()
    moved = {"starts_local": "2026-12-09T17:00", "city": "Kisumu"}
    event = make_event(campaign, moved_at=NOON - 14 * HOUR, moved=moved)  # past midnight in Nairobi

    publishing.publish_campaign(SLUG, desk=press)

    text = page(press, f"/{SLUG}/en/events/{event.public_id}/")
    assert "Changed on December 1, 2026." in text
    assert "Wednesday, December 9, 2026" in text
    assert "Kisumu" in text
    assert "EventRescheduled" in text


@pytest.mark.parametrize(
    ("address", "title", "description"),
    [
        ("", "Clean water in every school", "Water."),
        ("events/", "Events · Clean water in every school", "1 event is announced. People gather in 1 country."),
        ("countries/", "Countries · Clean water in every school", "1 event is announced. People gather in 1 country."),
        ("countries/eg/", "Egypt · Clean water in every school", "Nothing here yet. Announce the first."),
        ("countries/ke/", "Kenya · Clean water in every school", "1 event · Water."),
        ("counts/", "Counts · Clean water in every school", "0 people have signed"),
        ("updates/2026-12-01/", "Two &lt;b&gt; wells", "Many wells " + "and wells " * 18 + "and…"),
    ],
)
def test_a_shared_link_says_what_the_page_is(press: Press, address: str, title: str, description: str) -> None:
    """People send each other a country that is still empty, too."""
    campaign = make_campaign(languages=("pt-BR", "en"))
    Update.objects.create(
        campaign=campaign, language="en", title="Two <b> wells", body="Many *wells* " + "and wells " * 30,
        posted_on=NOON.date(),
    )  # fmt: skip
    make_event(campaign)
    publishing.publish_campaign(SLUG, desk=press)

    shared = shared_of(page(press, f"/{SLUG}/en/{address}"))

    assert (shared["title"], shared["description"]) == (title, description)
    assert shared["url"] == f"https://call.example.org/{SLUG}/en/{address}"
    assert (shared["locale"], shared["site_name"]) == ("en_US", "Water Committee")
    assert shared_of(page(press, f"/{SLUG}/pt-BR/"))["locale"] == "pt_BR"


def shared_of(text: str) -> dict[str, str]:
    """What a page says of itself where a link to it is shared (Open Graph); each once."""
    found = re.findall(r'<meta property="og:([a-z:_]+)" content="([^"]*)">', text)
    assert len(found) == len(dict(found))
    return dict(found)


def test_pages_that_are_not_to_be_found_are_not_to_be_shared(press: Press) -> None:
    make_campaign()
    publishing.publish_campaign(SLUG, desk=press)

    assert shared_of(page(press, f"/{SLUG}/en/check-your-mail/")) == {}


@pytest.mark.parametrize(("url", "author"), [("", {}), ("https://example.org", {"url": "https://example.org"})])
def test_a_feed_names_the_organisers_address_only_where_there_is_one(
    press: Press, url: str, author: dict[str, str]
) -> None:
    """A call that began in the office has none."""
    make_campaign(organiser_url=url)
    publishing.publish_campaign(SLUG, desk=press)

    assert json.loads(page(press, f"/{SLUG}/feed.json"))["authors"] == [{"name": "Water Committee", **author}]


def test_points_are_longitude_first(press: Press) -> None:
    """RFC 7946; an event without a point has no geometry."""
    campaign = make_campaign()
    make_event(campaign, lat=-1.29, lon=36.82)
    make_event(campaign, lat=None, lon=None, starts_local="2026-12-11T18:00")

    publishing.publish_campaign(SLUG, desk=press)

    features = json.loads(page(press, f"/{SLUG}/events.geojson"))["features"]
    assert sorted(str(feature["geometry"]) for feature in features) == [
        "None",
        "{'type': 'Point', 'coordinates': [36.82, -1.29]}",
    ]


def test_the_citys_centre_is_not_said_to_be_the_place(press: Press) -> None:
    """It may be 20 km from where people gather: neither page nor calendar leads there, and the map data say so."""
    campaign = make_campaign()
    vague = make_event(campaign, is_centre=True)
    exact = make_event(campaign, starts_local="2026-12-11T18:00")
    publishing.publish_campaign(SLUG, desk=press)

    said = page(press, f"/{SLUG}/en/events/{vague.public_id}/")
    assert not re.findall(r"geo:|openstreetmap|GeoCoordinates|36\.82", said)
    assert "GEO:" not in page(press, f"/{SLUG}/en/events/{vague.public_id}/event.ics")
    said = page(press, f"/{SLUG}/en/events/{exact.public_id}/")
    assert 'href="geo:-1.29,36.82"' in said
    assert 'href="https://www.openstreetmap.org/?mlat=-1.29&amp;mlon=36.82#map=17/-1.29/36.82"' in said
    assert "GEO:-1.29;36.82" in page(press, f"/{SLUG}/en/events/{exact.public_id}/event.ics")
    features = json.loads(page(press, f"/{SLUG}/events.geojson"))["features"]
    found = {feature["id"]: feature["properties"]["precision"] for feature in features}
    assert found == {vague.public_id: "city", exact.public_id: "exact"}


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, " hidden>0</b> <span>Nobody has signed yet. Be the first.</span>"),
        (1, ">1</b> <span>confirmed signature</span>"),
        (2, ">2</b> <span>confirmed signatures</span>"),
    ],
)
def test_the_word_under_the_count_follows_it(press: Press, count: int, said: str) -> None:
    """The script that counts on has the other words beside it."""
    campaign = make_campaign(count_threshold=1)
    Tally.objects.create(campaign=campaign, day=NOON.date(), country="KE", count=count)
    publishing.publish_campaign(SLUG, desk=press)

    words = ' data-word data-one="confirmed signature" data-other="confirmed signatures"'
    text = page(press, f"/{SLUG}/en/")
    assert words in text
    assert f"<b data-total{said}" in text.replace(words, "").replace("<span><span>", "<span>")
    if count:
        assert f"<b{said}" in page(press, f"/{SLUG}/en/countries/ke/").replace("</b><span>", "</b> <span>")


def test_an_empty_country_invites_and_its_venues_say_what_is_announced(press: Press) -> None:
    """Each venue is announced, or to be announced at; the form for it stands on the same page."""
    campaign = make_campaign()
    make_venue(campaign, ref="ug-square", country="UG", name="Constitution Square", city="Kampala")
    make_event(campaign, venue=make_venue(campaign))

    publishing.publish_campaign(SLUG, desk=press)

    uganda, kenya = page(press, f"/{SLUG}/en/countries/ug/"), page(press, f"/{SLUG}/en/countries/ke/")
    assert "Nothing here yet. Announce the first." in uganda
    assert 'data-venue="ug-square"' in uganda
    assert '<option value="ug-square"' in uganda
    assert "Announced:" in kenya


@pytest.mark.parametrize("switch", ["closed_at", "paused_at"])
def test_a_call_that_takes_nothing_invites_nobody(press: Press, switch: str) -> None:
    """Neither to announce the first event nor to fill in a form that is not there."""
    make_campaign(**{switch: NOON})
    publishing.publish_campaign(SLUG, desk=press)

    for place in ("", "events/", "countries/", "countries/eg/", "host/", "thanks/", "expired/"):
        text = page(press, f"/{SLUG}/en/{place}")
        assert not re.search(r"Announce the first|could be the first|Two minutes|>Announce an event</a>", text), place
    Campaign.objects.update(takes_signatures=False)
    publishing.publish_campaign(SLUG, desk=press)
    assert ">Announce an event</a>" not in page(press, f"/{SLUG}/en/")


def test_a_list_under_a_day_says_the_time_and_a_fold_holds_many_countries(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    make_event(campaign)
    make_event(campaign, country="UG")
    publishing.publish_campaign(SLUG, desk=press)
    few = page(press, f"/{SLUG}/en/events/")
    monkeypatch.setattr(event_pages, "FEW_COUNTRIES", 1)
    publishing.publish_campaign(SLUG, desk=press)

    assert '<time class="clock" datetime="2026-12-10T18:00">6:00\u202fPM</time>' in few
    assert 'class="date"' not in few
    assert '<details class="more" open>' in few
    assert '<details class="more">' in page(press, f"/{SLUG}/en/events/")


def test_the_tab_key_passes_over_countries_of_which_nothing_is_known(press: Press) -> None:
    """Else two hundred stops stand between the form and the list of events."""
    make_event(make_campaign(), country="KE")
    publishing.publish_campaign(SLUG, desk=press)

    text = page(press, f"/{SLUG}/en/")
    passed_over = re.findall(r'<a href="/clean-water/en/countries/(\w\w)/" tabindex="-1"', text)
    assert ("eg" in passed_over, "ke" in passed_over) == (True, False)


def test_the_map_tells_three_states_and_links_every_country(press: Press) -> None:
    """And the list beside it says the same."""
    campaign = make_campaign()
    make_venue(campaign, ref="ug", country="UG")
    make_event(campaign, country="KE")

    publishing.publish_campaign(SLUG, desk=press)

    text = page(press, f"/{SLUG}/en/countries/")
    drawn = re.search(r'<svg id="map".*?</svg>', text, re.DOTALL)
    assert drawn
    for code, tone in (("ke", "c"), ("ug", "b"), ("eg", "a")):
        assert re.search(rf'<a href="/{SLUG}/en/countries/{code}/"[^>]*>.*?class="{tone}"', drawn[0])
    assert "1 event" in text
    assert "A place, and nobody yet" in text


def test_the_policy_says_what_intake_must_know(press: Press) -> None:
    """Languages, state, version, the wordings that stand on the forms, venues, accepted countries."""
    campaign = make_campaign(languages=("en", "ar"), closes_at=NOON + 30 * DAY)
    make_venue(campaign, ref="ke-nairobi")

    publishing.publish_campaign(SLUG, desk=press)

    known = policy(press).campaigns[SLUG]
    consent = re.search(r'name="consent" value="([0-9a-f]+)"', page(press, f"/{SLUG}/ar/"))
    assert consent
    assert consent[1] in known.consents
    assert (known.languages, known.version, known.venues) == (("en", "ar"), 1, ("ke-nairobi",))
    assert known.state_at((NOON + 31 * DAY).timestamp()) == "closed"
    assert set(policy(press).countries) == COUNTRIES


@pytest.mark.parametrize(
    ("field", "said"), [("paused_at", "Signing is paused."), ("closed_at", "This call is closed.")]
)
def test_a_switch_shows_on_call_forms_and_lists(press: Press, field: str, said: str) -> None:
    """And the notice with it, in the language of the page."""
    make_campaign(languages=("en", "ar"))
    publishing.publish_campaign(SLUG, desk=press)
    Campaign.objects.update(**{field: NOON}, notice={"en": "The square is closed.", "ar": "الساحة مغلقة."})

    publishing.publish_switches(SLUG, desk=press)

    assert said in page(press, f"/{SLUG}/en/")
    for address in ("", "host/", "events/", "countries/"):
        assert "The square is closed." in page(press, f"/{SLUG}/en/{address}")
    assert "الساحة مغلقة." in page(press, f"/{SLUG}/ar/events/")
    assert policy(press).campaigns[SLUG].state in ("paused", "closed")


def test_a_call_that_opens_later_says_when_and_not_that_it_is_paused(press: Press) -> None:
    """Its opening may be weeks ahead: nobody should look again in an hour."""
    make_campaign(languages=("en", "de"), opens_at=NOON + 19 * DAY)
    publishing.publish_campaign(SLUG, desk=press)

    moment = "Dec 20, 2026, 12:00\u202fPM UTC"
    assert page(press, f"/{SLUG}/en/").count(f"Signing opens on {moment}.") == 2  # above all, and in place of the form
    assert f"Events can be announced from {moment} on." in page(press, f"/{SLUG}/en/host/")
    assert "Unterschrieben werden kann ab 20.12.2026, 12:00 UTC." in page(press, f"/{SLUG}/de/events/")
    for place in ("", "host/", "events/", "countries/eg/"):
        assert "paused" not in page(press, f"/{SLUG}/en/{place}"), place


def test_a_rally_that_opens_later_speaks_of_events_alone(press: Press) -> None:
    make_campaign(opens_at=NOON + DAY, takes_signatures=False)
    publishing.publish_campaign(SLUG, desk=press)

    assert "Events can be announced from" in page(press, f"/{SLUG}/en/events/")
    assert "Signing opens" not in page(press, f"/{SLUG}/en/")


@pytest.mark.parametrize(
    ("switch", "said"), [("paused_at", "Signing is paused."), ("closed_at", "This call is closed.")]
)
def test_a_switch_is_told_rather_than_an_opening_that_it_prevents(press: Press, switch: str, said: str) -> None:
    make_campaign(opens_at=NOON + DAY, **{switch: NOON})
    publishing.publish_campaign(SLUG, desk=press)

    assert said in page(press, f"/{SLUG}/en/")
    assert "Signing opens" not in page(press, f"/{SLUG}/en/")


def test_a_campaign_that_is_not_public_any_more_disappears(press: Press) -> None:
    """Pages, manage pages, its place in the policy and in the list of calls."""
    make_campaign()
    publishing.publish_campaign(SLUG, desk=press)
    Campaign.objects.update(is_published=False)

    publishing.publish_campaign(SLUG, desk=press)

    assert not (press.data.site / SLUG).exists()
    assert not (press.data.manage / SLUG).exists()
    assert SLUG not in policy(press).campaigns
    assert SLUG not in page(press, "/")


def test_a_language_that_was_taken_back_disappears(press: Press) -> None:
    """The page of a translation that is gone is nobody's any more."""
    campaign = make_campaign(languages=("en", "ar"))
    publishing.publish_campaign(SLUG, desk=press)
    campaign.versions.get().statements.filter(language="ar").delete()

    publishing.publish_campaign(SLUG, desk=press)

    assert not (press.data.site / SLUG / "ar").exists()
    assert policy(press).campaigns[SLUG].languages == ("en",)


def test_a_rally_without_signing_works(press: Press) -> None:
    """`[ways] sign = false`: no form, no count, and events first."""
    make_event(make_campaign(takes_signatures=False))

    publishing.publish_campaign(SLUG, desk=press)

    text = page(press, f"/{SLUG}/en/")
    assert 'data-form="sign"' not in text
    assert "Find an event" in text
    for answer in ("expired/", "check-your-mail/"):
        said = page(press, f"/{SLUG}/en/{answer}")
        assert ("#sign" in said, f'href="/{SLUG}/en/host/"' in said) == (False, True)


def test_a_new_manage_link_ends_the_page_of_the_old_one(press: Press, keys: Keys) -> None:
    """An ended link finds no file."""
    campaign = make_campaign()
    event = make_event(campaign, keys)
    publishing.publish_campaign(SLUG, desk=press)
    folder = press.data.manage / SLUG / "events"
    assert (folder / f"{event.public_id}-0.html").is_file()
    Event.objects.update(generation=1)

    publishing.publish_manage(SLUG, event.public_id, desk=press)

    assert [path.name for path in folder.glob("*.html")] == [f"{event.public_id}-1.html"]
    assert not list(folder.glob(f"{event.public_id}-0*"))


def test_robots_find_the_map_of_every_language_and_the_way_to_report_a_hole(press: Press) -> None:
    """sitemap.xml, robots.txt and security.txt (RFC 9116)."""
    event = make_event(make_campaign(languages=("en", "ar")))

    publishing.publish_campaign(SLUG, desk=press)

    index = ElementTree.fromstring(page(press, "/sitemap.xml"))  # noqa: S314 - written a moment ago
    maps = [element.text or "" for element in index.iter() if element.tag.endswith("loc")]
    names = ("sitemap.xml", "events/sitemap.xml")
    assert maps == [f"https://call.example.org/{SLUG}/{tag}/{name}" for tag in ("en", "ar") for name in names]
    one = f"<loc>https://call.example.org/{SLUG}/ar/events/{event.public_id}/</loc><lastmod>2026-12-01</lastmod>"
    assert one in page(press, f"/{SLUG}/ar/events/sitemap.xml")
    assert f"<loc>https://call.example.org/{SLUG}/ar/events/</loc>" in page(press, f"/{SLUG}/ar/sitemap.xml")
    assert "refused" not in page(press, f"/{SLUG}/ar/sitemap.xml")
    assert "Sitemap: https://call.example.org/sitemap.xml" in page(press, "/robots.txt")
    assert "Expires: 2027-06-01T00:00:00Z" in page(press, "/.well-known/security.txt")


def test_a_title_cannot_leave_its_place(press: Press) -> None:
    """Not in a page, nor in the data block that search engines read."""
    campaign = make_campaign(title="</title><script>alert(1)</script>")
    event = make_event(campaign, title="</script><script>alert(2)</script>")

    publishing.publish_campaign(SLUG, desk=press)

    for address in ("", "events/", f"events/{event.public_id}/", "countries/ke/"):
        assert "<script>alert" not in page(press, f"/{SLUG}/en/{address}")


def test_a_new_time_at_the_same_place_does_not_speak_of_a_former_place(press: Press) -> None:
    """Who reads "before at" would go to the wrong square."""
    campaign = make_campaign()
    venue = make_venue(campaign)
    same = {"venue": venue.ref, "venue_name": venue.name, "city": "Nairobi", "address": "Uhuru Park"}
    event = make_event(campaign, venue=venue, moved_at=NOON, moved={**same, "starts_local": "2026-12-09T17:00"})

    publishing.publish_campaign(SLUG, desk=press)

    text = page(press, f"/{SLUG}/en/events/{event.public_id}/")
    assert "Wednesday, December 9, 2026" in text
    assert "Before at:" not in text


def test_events_are_listed_as_clocks_show_them_there(press: Press) -> None:
    """Far west, an evening is later than the next morning far east: read as days it comes first all the same."""
    campaign = make_campaign()
    make_event(campaign, title="Suva", starts_local="2026-12-10T10:00", starts_at=NOON + HOUR)
    make_event(campaign, title="Manaus", starts_local="2026-12-09T19:00", starts_at=NOON + 2 * HOUR)

    publishing.publish_campaign(SLUG, desk=press)

    for address in ("", "events/"):
        text = page(press, f"/{SLUG}/en/{address}")
        assert text.index("Manaus") < text.index("Suva"), address


def test_a_character_that_no_feed_can_hold_stops_nothing(press: Press) -> None:
    """One title with it stopped every page of the call, for ever."""
    campaign = make_campaign(title="Clean\x0b water", organiser_name="Water\x01 Committee")
    make_event(campaign, title="Cups\x0b on the\ufffe steps", address="Uhuru\x1f Park", bring="A\x08 cup")

    publishing.publish_campaign(SLUG, desk=press)

    feed = ElementTree.fromstring(page(press, f"/{SLUG}/en/feed.atom"))  # noqa: S314 (our own file)
    assert "Cups on the steps" in [title.text for title in feed.iter("{http://www.w3.org/2005/Atom}title")]
    entries = Calendar.from_ical(page(press, f"/{SLUG}/events.ics")).walk("VEVENT")
    assert [str(entry["SUMMARY"]) for entry in entries] == ["Cups on the steps"]
