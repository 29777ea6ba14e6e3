"""Waves in the office: seen with their reasons, released, voided, taken back; and nobody's name is opened."""

import pytest
from django.test import Client

from clarion.audit.models import Entry
from clarion.campaigns.models import Campaign
from clarion.kernel.keys import Keys
from clarion.office.wave_words import in_columns, name_shape, reason_of
from clarion.signatures.actions import settle_waves
from clarion.signatures.models import Signature, Wave
from tests.figures import confirmed_count
from tests.make import DAY, HOUR, MINUTE, NOON, make_campaign, make_organiser, make_signature, make_team, make_wave
from tests.office import signed_in

pytestmark = pytest.mark.django_db
CALL = "/c/clean-water/"
WAVES = CALL + "waves/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def wave(campaign: Campaign, keys: Keys) -> Wave:
    return make_wave(campaign, keys)


@pytest.fixture
def admin(campaign: Campaign) -> Client:
    return signed_in(make_organiser())


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def decide(client: Client, wave: Wave, decision: str, *, seen: str = "held", reason: str = "looks made") -> str:
    said = {"decision": decision, "seen": seen, "reason": reason}
    return client.post(f"{WAVES}{wave.public_id}/decide/", said, follow=True).content.decode()


def test_a_wave_is_told_with_its_reason_on_every_page_that_should(admin: Client, wave: Wave) -> None:
    assert "3 signatures held." in text(admin, CALL)
    assert "bear one name, “Jane Doe”" in text(admin, WAVES)
    page = text(admin, f"{WAVES}{wave.public_id}/")
    assert "confirmed within one hour, of 3 in all, bear one name, “Jane Doe” and came from only 1 network." in page
    assert 'aria-label="Confirmed over time"' in page
    assert "farm.example" in page
    assert '<b aria-label="1 waiting">1</b>' in page


def test_where_there_is_none_nothing_is_said(admin: Client, campaign: Campaign) -> None:
    assert "held" not in text(admin, CALL)
    assert "No wave so far." in text(admin, WAVES)


def test_a_look_at_a_wave_opens_nobodys_name_or_address(admin: Client, campaign: Campaign, keys: Keys) -> None:
    wave = make_wave(campaign, keys, name="Zebediah Q. Smythe 17")
    Wave.objects.filter(pk=wave.pk).update(kind="domain")
    page = text(admin, f"{WAVES}{wave.public_id}/")

    assert "Aaaaaaaa A. Aaaaaa 00" in page
    assert "Zebediah" not in page
    assert "w1" not in page
    assert "@farm" not in page


def test_releasing_counts_and_says_so(admin: Client, campaign: Campaign, wave: Wave) -> None:
    page = decide(admin, wave, "release")

    assert "Released: its signatures are counted within seconds." in page
    assert "The worker is at it" in page
    settle_waves(now=NOON + DAY)
    assert confirmed_count(campaign) == 3
    page = text(admin, f"{WAVES}{wave.public_id}/")
    assert "Released by " in page
    assert "looks made" in page
    assert "The worker is at it" not in page
    assert Entry.objects.filter(verb="released-wave").count() == 1


def test_voiding_needs_a_reason_and_can_be_undone(admin: Client, campaign: Campaign, wave: Wave) -> None:
    answer = admin.post(f"{WAVES}{wave.public_id}/decide/", {"decision": "void", "seen": "held"})
    assert answer.status_code == 422
    assert "Say in a few words why" in answer.content.decode()

    assert "Voided: its signatures do not count." in decide(admin, wave, "void")
    settle_waves(now=NOON + DAY)
    assert set(Signature.objects.values_list("state", flat=True)) == {"voided"}

    assert "Taken back: the wave is held again." in decide(admin, wave, "undo", seen="voided", reason="")
    settle_waves(now=NOON + DAY)
    assert set(Signature.objects.values_list("state", flat=True)) == {"held"}


def test_the_slower_of_two_admins_is_told_and_changes_nothing(admin: Client, wave: Wave) -> None:
    decide(signed_in(make_organiser()), wave, "void")

    page = decide(admin, wave, "release")

    assert "Someone else has decided on this wave meanwhile." in page
    assert Wave.objects.get().state == "voided"


@pytest.mark.parametrize("said", [{}, {"decision": "burn", "seen": "held"}, {"decision": "release"}])
def test_a_form_that_is_none_changes_nothing(admin: Client, wave: Wave, said: dict[str, str]) -> None:
    assert admin.post(f"{WAVES}{wave.public_id}/decide/", said).status_code == 422
    assert Wave.objects.get().state == "held"


def test_looking_changes_nothing_and_deciding_takes_a_post(admin: Client, wave: Wave) -> None:
    assert admin.get(f"{WAVES}{wave.public_id}/decide/").status_code == 405


def test_a_moderator_may_not_and_is_not_told(campaign: Campaign, wave: Wave) -> None:
    moderator = signed_in(make_organiser(role="moderator"))

    for address in (WAVES, f"{WAVES}{wave.public_id}/"):
        assert moderator.get(address).status_code == 403
    assert (
        moderator.post(f"{WAVES}{wave.public_id}/decide/", {"decision": "release", "seen": "held"}).status_code == 403
    )
    assert "held" not in text(moderator, CALL)


def test_a_wave_of_another_campaign_is_not_here(admin: Client, keys: Keys) -> None:
    other = make_wave(make_campaign("clean-air", team=make_team(owner_email="other@example.org")), keys)

    assert admin.get(f"{WAVES}{other.public_id}/").status_code == 404
    assert admin.post(f"{WAVES}{other.public_id}/decide/", {"decision": "void", "seen": "held"}).status_code == 404


def test_the_signatures_page_counts_held_ones_apart(admin: Client, wave: Wave, keys: Keys) -> None:
    make_signature(wave.campaign, keys, state="confirmed")
    page = text(admin, CALL + "signatures/")

    assert "<b>3</b><span>held" in page
    assert "<b>1</b><span>confirmed" in page


@pytest.mark.parametrize(
    ("kind", "found", "sentence"),
    [
        (
            "names",
            {},
            "5,000 signatures confirmed within one hour, of 9,000 in all, bear one name, “Jane Doe” and came from",
        ),
        ("domain", {}, "5,000 signatures confirmed within one hour have addresses at farm.example, under only 12"),
        ("network", {}, "5,000 signatures confirmed within one hour were sent from one network, under only 12"),
        ("mailboxes", {}, "were sent from one network, all with addresses at farm.example."),
        ("country", {"people": 12_704}, "are from one country (Nauru), where 12,704 live: 254 are believed."),
    ],
)
def test_every_kind_has_its_reason(
    campaign: Campaign, keys: Keys, kind: str, found: dict[str, int], sentence: str
) -> None:
    wave = make_wave(campaign, keys)
    wave.kind, wave.country = kind, "NR"
    wave.found = {"size": 5_000, "names": 12, "of": 9_000, "networks": 7, "people": None} | found

    assert sentence in reason_of(wave, keys.field)


def test_once_data_is_erased_the_reason_stands_without_it(campaign: Campaign, keys: Keys) -> None:
    wave = make_wave(campaign, keys)
    Signature.objects.update(box=None)

    assert "bear one name and came" in reason_of(wave, keys.field)


def test_a_shape_tells_nothing_of_a_name_in_any_script() -> None:
    assert name_shape("Ada Lovelace-7 ÉA") == "Aaa Aaaaaaaa-0 AA"
    assert name_shape("王小明") == "aaa"
    assert name_shape("मीरा") == "aीaा"


def test_time_is_cut_into_even_columns() -> None:
    assert in_columns({}) == []
    assert in_columns({NOON: 3}) == [(NOON, 3)]
    hour = in_columns({NOON + MINUTE: 1, NOON + 59 * MINUTE: 2})
    assert hour[0] == (NOON, 1)
    assert hour[-1] == (NOON + 55 * MINUTE, 2)
    assert len(hour) == 12
    assert sum(n for _, n in in_columns({NOON: 1, NOON + HOUR: 2, NOON + 90 * DAY: 4})) == 7
