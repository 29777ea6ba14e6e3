"""Waves: what is held and what never is, exact figures at every step, undo, and nobody counted twice."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

import pytest

from clarion.audit.actions import HOST, Actor
from clarion.audit.models import Entry
from clarion.campaigns.models import Campaign
from clarion.kernel.ids import RecordId
from clarion.kernel.keys import Keys
from clarion.organisers.models import Organiser
from clarion.outbox.models import Mail
from clarion.privacy.actions import deny, withdraw
from clarion.signatures.actions import (
    confirm_signatures,
    decide_wave,
    erase_kept_long_enough,
    forget_wave_marks,
    look_for_waves,
    settle_waves,
    take_signatures,
)
from clarion.signatures.actions.waves import settle_some
from clarion.signatures.models import Signature, Tally, Wave
from clarion.signatures.queries import published_figures, signatures_of_address
from clarion.signatures.wave_queries import held_count
from clarion.signatures.wave_rules import AlreadyDecided
from tests.figures import confirmed_count
from tests.make import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    make_campaign,
    make_confirmation,
    make_organiser,
    make_submission,
    make_withdrawal,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

FROM = 20  # what counts as many here
ADMIN = Actor("organiser", "a" * 32)
FIRST = ("Amina", "Brian", "Chen", "Dalia", "Emeka", "Fatou", "Grace", "Hana", "Ines", "Juma")
LAST = ("Otieno", "Bauer", "Costa", "Diallo", "Evans", "Fischer", "Garcia", "Haddad", "Ivanova", "Jones")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(count_threshold=1)


def person(n: int) -> str:
    """A name as people have it; a hundred different ones, then with a third part."""
    return f"{FIRST[n % 10]} {LAST[n // 10 % 10]}" + ("" if n < 100 else f" {'v' * (n // 100)}")


def sign(
    keys: Keys,
    count: int,
    *,
    name: Iterable[str] | None = None,
    domain: str = "gmail.com",
    networks: tuple[int, ...] = (),
    pool: int = 0,
    country: str = "KE",
    at: datetime = NOON,
    prefix: str = "p",
) -> list[Signature]:
    """So many sign as through intake: each with a name, a mailbox and a network of their own, unless told.

    `pool`: so many networks among them all.
    """
    names: Iterator[str] = iter(name) if name else (person(n) for n in range(count))
    forms = [
        make_submission(
            name=next(names),
            email=f"{prefix}{n}@{domain}",
            country=country,
            at=at,
            networks=networks or (1_000 + (n % pool if pool else n),),
        )
        for n in range(count)
    ]
    assert take_signatures(forms, keys=keys, now=at) == count
    order = {form.id: at for at, form in enumerate(forms)}
    rows = Signature.objects.filter(public_id__in=order).select_related("campaign")
    return sorted(rows, key=lambda row: order[RecordId(row.public_id)])


def confirm(keys: Keys, rows: Iterable[Signature], *, at: datetime = NOON + MINUTE) -> int:
    return confirm_signatures([make_confirmation(row, at=at) for row in rows], keys=keys, now=at)


def look(*, at: datetime = NOON + 2 * MINUTE) -> int:
    return look_for_waves(wave_from=FROM, now=at)


def decide(wave: Wave, decision: str, *, by: Actor = ADMIN, at: datetime = NOON + 10 * MINUTE) -> Wave:
    """Decide on a wave as it stands, and let the worker move it."""
    seen = Wave.objects.get(pk=wave.pk).state
    decide_wave(wave.campaign, wave.public_id, decision, seen=seen, by=by, now=at)  # type: ignore[arg-type]
    settle_waves(now=at + SECOND)
    return Wave.objects.get(pk=wave.pk)


def states() -> dict[str, int]:
    return dict(Counter(Signature.objects.values_list("state", flat=True)))


def sums_are_exact() -> bool:
    """Whether the tallies say what the rows say."""
    counted = Counter(
        (row.campaign_id, row.confirmed_at.astimezone(UTC).date(), row.country)
        for row in Signature.objects.filter(state="confirmed")
        if row.confirmed_at
    )
    tallies: dict[tuple[int, date, str], int] = {
        (one.campaign_id, one.day, one.country): one.count for one in Tally.objects.filter(count__gt=0)
    }
    return tallies == dict(counted)


def numbered(count: int) -> list[str]:
    return [f"Supporter {n}" for n in range(count)]


# ---- what is held


def test_many_of_one_name_are_held_and_leave_the_figures(campaign: Campaign, keys: Keys) -> None:
    confirm(keys, sign(keys, 30))
    confirm(keys, sign(keys, FROM, name=["Jane Doe"] * FROM, pool=2, prefix="j"))
    assert confirmed_count(campaign) == 30 + FROM

    assert look() == 1

    assert states() == {"confirmed": 30, "held": FROM}
    assert (confirmed_count(campaign), held_count(campaign)) == (30, FROM)
    assert published_figures(campaign).by_day == {"2026-12-01": 30}
    assert sums_are_exact()
    wave = Wave.objects.get()
    assert (wave.kind, wave.state, wave.is_settled) == ("names", "held", True)
    assert wave.found == {"size": FROM, "names": 1, "of": 30 + FROM, "networks": 2, "people": None}


def test_names_with_digits_are_one_pattern(campaign: Campaign, keys: Keys) -> None:
    confirm(keys, sign(keys, FROM, name=numbered(FROM), pool=FROM // 4))

    assert look() == 1
    assert states() == {"held": FROM}


def test_one_name_from_as_many_networks_as_people_is_not_held(campaign: Campaign, keys: Keys) -> None:
    """Many write just a first name, or "Anonymous"; and who comes through one network has no network to be known by."""
    confirm(keys, sign(keys, FROM, name=["Anonymous"] * FROM))
    confirm(keys, sign(keys, 3 * FROM, name=["Siti"] * 3 * FROM, pool=FROM, prefix="s"))
    forms = [make_submission(name="Jane Doe", email=f"x{n}@farm.example") for n in range(FROM - 1)]
    take_signatures(forms, keys=keys, now=NOON)
    confirm(keys, Signature.objects.filter(network_mark=None).select_related("campaign"))

    assert look() == 0


def test_one_domain_with_few_names_is_held_and_the_same_domain_with_many_is_not(campaign: Campaign, keys: Keys) -> None:
    others = confirm(keys, sign(keys, 100, prefix="o"))
    confirm(keys, sign(keys, FROM, domain="school.example"))
    few = [person(n % (FROM // 4)) for n in range(FROM)]
    confirm(keys, sign(keys, FROM, name=few, domain="farm.example"))

    assert look() == 1
    assert Wave.objects.get().kind == "domain"
    assert confirmed_count(campaign) == others + FROM


def test_a_large_provider_says_nothing(campaign: Campaign, keys: Keys) -> None:
    few = [person(n % 25) for n in range(100)]
    confirm(keys, sign(keys, 100, name=few, domain="gmail.com"))

    assert look() == 0


def test_a_hall_behind_one_address_is_never_held(campaign: Campaign, keys: Keys) -> None:
    """As many as you like, of one network, in one moment, with mailboxes at the usual places."""
    confirm(keys, sign(keys, 25 * FROM, networks=(7, 8)))

    assert look() == 0
    assert confirmed_count(campaign) == 25 * FROM


def test_one_network_with_few_names_is_held(campaign: Campaign, keys: Keys) -> None:
    confirm(keys, sign(keys, 100, prefix="o"))
    few = [person(n % (FROM // 4)) for n in range(FROM)]
    confirm(keys, sign(keys, FROM, name=few, networks=(7, 8)))

    assert look() == 1
    assert Wave.objects.get().kind == "network"
    assert confirmed_count(campaign) == 100


def test_one_network_and_one_small_domain_at_once_are_held(campaign: Campaign, keys: Keys) -> None:
    confirm(keys, sign(keys, FROM, networks=(7, 8), domain="farm.example"))
    confirm(keys, sign(keys, FROM - 1, networks=(17, 18), domain="office.example"))

    assert look() == 1
    assert (Wave.objects.get().kind, confirmed_count(campaign)) == ("mailboxes", FROM - 1)


def test_a_wave_across_midnight_is_one_network(campaign: Campaign, keys: Keys) -> None:
    """The key changes in the middle; each half alone would be too small."""
    midnight = datetime(2026, 12, 2, tzinfo=UTC)
    name = ["Jane Doe", "John Roe"] * (FROM // 4)
    confirm(keys, sign(keys, 100, prefix="o", at=midnight - 10 * MINUTE), at=midnight - 9 * MINUTE)
    before = sign(keys, FROM // 2, name=name, networks=(7, 6), at=midnight - 5 * MINUTE)
    confirm(keys, before, at=midnight - 4 * MINUTE)
    after = sign(keys, FROM // 2, name=name, networks=(8, 7), prefix="q", at=midnight + 5 * MINUTE)
    confirm(keys, after, at=midnight + 6 * MINUTE)

    assert look(at=midnight + 10 * MINUTE) == 1
    wave = Wave.objects.get()
    assert (wave.kind, wave.found["size"], set(wave.networks)) == ("network", FROM, {6, 7, 8})
    # and on it goes by the key of the new day alone
    confirm(keys, sign(keys, 1, networks=(8, 7), prefix="r", at=midnight + HOUR), at=midnight + HOUR)
    assert held_count(campaign) == FROM + 1


def test_more_than_a_country_has_people_for_is_held(campaign: Campaign, keys: Keys) -> None:
    """Vatican City: 921 people, so at most 18 an hour are believed."""
    confirm(keys, sign(keys, 19, country="VA"))
    confirm(keys, sign(keys, 100, country="KE", prefix="k"))

    assert look() == 1
    assert (Wave.objects.get().kind, confirmed_count(campaign)) == ("country", 100)
    assert Wave.objects.get().found["people"] == 921


def test_what_was_confirmed_long_ago_or_never_is_no_wave(campaign: Campaign, keys: Keys) -> None:
    confirm(keys, sign(keys, FROM - 1, name=["Jane Doe"] * (FROM - 1), pool=1))
    sign(keys, FROM, name=["Jane Doe"] * FROM, pool=1, prefix="q")

    assert look() == 0
    confirm(keys, sign(keys, FROM - 1, name=["Jane Doe"] * (FROM - 1), pool=1, prefix="r"), at=NOON + 2 * HOUR)
    assert look(at=NOON + 2 * HOUR + MINUTE) == 0


def test_a_host_may_want_no_waves_held(campaign: Campaign, keys: Keys) -> None:
    confirm(keys, sign(keys, FROM, name=["Jane Doe"] * FROM, pool=1))

    assert look_for_waves(wave_from=0, now=NOON + 2 * MINUTE) == 0


def test_every_admin_is_mailed_and_the_log_says_who_held_it(campaign: Campaign, keys: Keys) -> None:
    admin: Organiser = make_organiser()
    confirm(keys, sign(keys, FROM, name=["Jane Doe"] * FROM, pool=1))
    Mail.objects.all().delete()

    look()

    mail = Mail.objects.get()
    assert (mail.kind, mail.record, mail.detail["what"]) == ("notice-to-admins", admin.public_id, "wave-held")
    entry = Entry.objects.get(verb="held-wave")
    assert (entry.actor_kind, entry.detail) == ("worker", {"kind": "names", "size": FROM})


def test_looking_again_opens_nothing_twice(campaign: Campaign, keys: Keys) -> None:
    confirm(keys, sign(keys, FROM, name=["Jane Doe"] * FROM, pool=1))

    assert [look(), look(), look(at=NOON + 30 * MINUTE)] == [1, 0, 0]


# ---- while it is held


def held_wave(keys: Keys, count: int = FROM, *, prefix: str = "j") -> Wave:
    """A wave of one name, held."""
    confirm(keys, sign(keys, count, name=["Jane Doe"] * count, pool=1, prefix=prefix, domain="farm.example"))
    assert look() == 1
    return Wave.objects.select_related("campaign").latest("pk")


def test_more_of_a_held_wave_is_held_as_it_is_confirmed(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)
    late = sign(keys, 3, name=["JANE  DOE", "Jane Doe", "Jane Roe"], prefix="late")

    assert confirm(keys, late, at=NOON + 5 * MINUTE) == 3

    assert [row.state for row in Signature.objects.filter(pk__in=[row.pk for row in late]).order_by("pk")] == [
        "held", "held", "confirmed",
    ]  # fmt: skip
    assert Signature.objects.filter(wave=wave).count() == FROM + 2
    assert confirmed_count(campaign) == 1
    assert sums_are_exact()


def test_what_another_worker_counted_meanwhile_is_held_at_the_next_look(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)
    late = sign(keys, 1, name=["Jane Doe"], prefix="late")
    Wave.objects.filter(pk=wave.pk).update(state="released")  # as that worker saw it: not held yet
    confirm(keys, late)
    Wave.objects.filter(pk=wave.pk).update(state="held")

    look()

    assert (held_count(campaign), confirmed_count(campaign)) == (FROM + 1, 0)
    assert sums_are_exact()


def test_another_campaign_is_not_touched(campaign: Campaign, keys: Keys) -> None:
    held_wave(keys)
    make_campaign("clean-air", count_threshold=1)
    form = make_submission(campaign="clean-air", name="Jane Doe", email="j0@farm.example")
    take_signatures([form], keys=keys, now=NOON)

    confirm(keys, [Signature.objects.get(public_id=form.id)])

    assert Signature.objects.get(public_id=form.id).state == "confirmed"


def test_a_held_signature_keeps_its_address_from_counting_by_another_form(campaign: Campaign, keys: Keys) -> None:
    held_wave(keys)
    again = sign(keys, 1, name=["Another Name"], domain="farm.example", prefix="j")

    assert confirm(keys, again, at=NOON + 5 * MINUTE) == 0
    assert confirmed_count(campaign) == 0


def test_who_withdraws_or_says_not_me_leaves_the_wave(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)
    first, second = Signature.objects.filter(wave=wave).select_related("campaign").order_by("pk")[:2]

    assert withdraw(make_withdrawal(first, "j0@farm.example"), keys=keys, now=NOON + HOUR) == 1
    assert deny(make_confirmation(second, answer="not-me"), keys=keys, now=NOON + HOUR) == 1

    assert states() == {"held": FROM - 2, "withdrawn": 1, "denied": 1}
    decide(wave, "release")
    assert confirmed_count(campaign) == FROM - 2
    gone = Signature.objects.get(pk=first.pk)
    assert (gone.wave, gone.domain_mark, gone.name_mark, gone.network_mark) == (None, None, None, None)
    assert sums_are_exact()


def test_my_data_lists_what_is_held_and_voided(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)
    hash_of_one = bytes(Signature.objects.filter(wave=wave).first().address_hash or b"")  # type: ignore[union-attr]

    assert len(signatures_of_address(hash_of_one)) == 1
    decide(wave, "void")
    assert len(signatures_of_address(hash_of_one)) == 1


def test_personal_data_of_held_and_voided_goes_in_time(campaign: Campaign, keys: Keys) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(keep_until=NOON + DAY)
    wave = held_wave(keys)

    erased = erase_kept_long_enough(now=NOON + 3 * DAY)

    assert len(erased) == FROM
    assert not Signature.objects.filter(box__isnull=False).exists()
    decide(wave, "release", at=NOON + 3 * DAY)
    assert confirmed_count(campaign) == FROM


# ---- released, voided, undone


def test_releasing_counts_the_whole_wave_on_the_days_of_confirming(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)

    wave = decide(wave, "release", at=NOON + DAY)

    assert (wave.state, wave.is_settled, wave.decided_by) == ("released", True, ADMIN.id)
    assert states() == {"confirmed": FROM}
    assert published_figures(campaign).by_day == {"2026-12-01": FROM}
    assert sums_are_exact()


def test_what_was_released_is_not_held_again_for_the_same_trait(campaign: Campaign, keys: Keys) -> None:
    decide(held_wave(keys), "release", at=NOON + 3 * MINUTE)
    confirm(keys, sign(keys, FROM, name=["Jane Doe"] * FROM, pool=1, prefix="more"), at=NOON + 5 * MINUTE)

    assert look(at=NOON + 6 * MINUTE) == 0
    assert confirmed_count(campaign) == 2 * FROM


def test_what_comes_after_a_void_is_a_wave_of_its_own(campaign: Campaign, keys: Keys) -> None:
    decide(held_wave(keys), "void", at=NOON + 3 * MINUTE)
    confirm(keys, sign(keys, FROM, name=["Jane Doe"] * FROM, pool=1, prefix="more"), at=NOON + 5 * MINUTE)
    assert confirmed_count(campaign) == FROM

    assert look(at=NOON + 6 * MINUTE) == 1
    assert (confirmed_count(campaign), Wave.objects.count()) == (0, 2)


@pytest.mark.parametrize("decision", ["release", "void"])
def test_undo_brings_a_wave_back_as_it_was_held(campaign: Campaign, keys: Keys, decision: str) -> None:
    wave = held_wave(keys)
    decide(wave, decision)

    wave = decide(wave, "undo", at=NOON + 20 * MINUTE)

    assert (wave.state, wave.is_settled, wave.decided_at, wave.decided_by) == ("held", True, None, "")
    assert (states(), confirmed_count(campaign)) == ({"held": FROM}, 0)
    assert sums_are_exact()
    decide(wave, "release")
    assert confirmed_count(campaign) == FROM


def test_every_step_is_in_the_log_and_mailed_to_the_other_admins(campaign: Campaign, keys: Keys) -> None:
    one, other = make_organiser(), make_organiser()
    wave = held_wave(keys)
    Mail.objects.all().delete()

    for decision in ("void", "undo", "release"):
        decide(wave, decision, by=Actor("organiser", one.public_id))

    verbs = list(Entry.objects.filter(object=wave.public_id).order_by("pk").values_list("verb", "actor"))
    assert verbs == [
        ("held-wave", ""), ("voided-wave", one.public_id), ("undid-wave", one.public_id),
        ("released-wave", one.public_id),
    ]  # fmt: skip
    notices = Mail.objects.filter(kind="notice-to-admins")
    assert {(mail.record, mail.detail["what"]) for mail in notices} == {(other.public_id, "wave-decided")}


def test_the_slower_of_two_admins_changes_nothing(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)
    decide_wave(campaign, wave.public_id, "void", seen="held", by=ADMIN, now=NOON)

    for decision, seen in (("release", "held"), ("undo", "released"), ("undo", "held"), ("release", "voided")):
        with pytest.raises(AlreadyDecided):
            decide_wave(campaign, wave.public_id, decision, seen=seen, by=HOST, now=NOON)  # type: ignore[arg-type]

    assert Wave.objects.get().state == "voided"


def test_who_signs_again_after_a_void_counts_once_whatever_is_undone(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)
    decide(wave, "void")
    again = sign(keys, 1, name=["Jane D. Doe"], domain="farm.example", prefix="j", at=NOON + HOUR)
    assert confirm(keys, again, at=NOON + HOUR + MINUTE) == 1

    decide(wave, "undo", at=NOON + 2 * HOUR)
    assert states() == {"confirmed": 1, "held": FROM - 1, "voided": 1}
    decide(wave, "release", at=NOON + 2 * HOUR)

    assert states() == {"confirmed": FROM, "voided": 1}
    assert confirmed_count(campaign) == FROM
    assert sums_are_exact()


def test_two_voided_rows_of_one_address_come_back_as_one(campaign: Campaign, keys: Keys) -> None:
    wave = held_wave(keys)
    decide(wave, "void", at=NOON + 3 * MINUTE)
    again = sign(keys, 1, name=["Jane Doe"], domain="farm.example", prefix="j", at=NOON + 15 * MINUTE)
    confirm(keys, again, at=NOON + 16 * MINUTE)
    decide(wave, "undo", at=NOON + 17 * MINUTE)  # takes the new one in; the old one stays voided
    decide(wave, "void", at=NOON + 18 * MINUTE)
    assert states() == {"voided": FROM + 1}

    decide(wave, "undo", at=NOON + 19 * MINUTE)

    assert states() == {"held": FROM, "voided": 1}
    decide(wave, "release")
    assert confirmed_count(campaign) == FROM
    assert sums_are_exact()


def test_a_decision_cut_off_in_the_middle_has_right_sums_and_is_carried_on(
    campaign: Campaign, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clarion.signatures.actions.waves._AT_ONCE", 6)
    wave = held_wave(keys)
    decide_wave(campaign, wave.public_id, "release", seen="held", by=ADMIN, now=NOON)

    assert settle_some(wave.pk, now=NOON) == 6
    assert (confirmed_count(campaign), held_count(campaign)) == (6, FROM - 6)
    assert sums_are_exact()
    decide_wave(campaign, wave.public_id, "undo", seen="released", by=ADMIN, now=NOON)
    assert settle_some(wave.pk, now=NOON) == 6  # nothing but those that had gone

    settle_waves(now=NOON)
    assert (states(), sums_are_exact()) == ({"held": FROM}, True)


# ---- marks


def test_marks_go_two_days_after_signing_and_with_them_what_a_wave_is_known_by(campaign: Campaign, keys: Keys) -> None:
    wave = decide(held_wave(keys), "release", at=NOON + HOUR)
    sign(keys, 1, prefix="fresh", at=NOON + 2 * DAY)

    assert forget_wave_marks(now=NOON + 2 * DAY - SECOND) == 0
    assert forget_wave_marks(now=NOON + 2 * DAY) == FROM

    marked = Signature.objects.exclude(network_mark=None, domain_mark=None, name_mark=None, network_mark_before=None)
    assert marked.count() == 1
    assert Wave.objects.get(pk=wave.pk).name_mark is not None
    forget_wave_marks(now=NOON + 2 * DAY + HOUR)
    assert Wave.objects.get(pk=wave.pk).name_mark is None


def test_a_network_wave_without_marks_holds_nobody_else(campaign: Campaign, keys: Keys) -> None:
    few = [person(n % (FROM // 4)) for n in range(FROM)]
    confirm(keys, sign(keys, FROM, name=few, networks=(7, 8)))
    look()
    forget_wave_marks(now=NOON + 2 * DAY)
    look(at=NOON + 2 * DAY)
    assert Wave.objects.get().networks == []

    confirm(keys, sign(keys, 3, prefix="new", at=NOON + 2 * DAY), at=NOON + 2 * DAY + MINUTE)

    assert confirmed_count(campaign) == 3


def test_a_form_without_a_network_is_like_any_other(campaign: Campaign, keys: Keys) -> None:
    forms = [make_submission(name=person(n), email=f"x{n}@farm.example") for n in range(FROM)]
    take_signatures(forms, keys=keys, now=NOON)
    confirm(keys, Signature.objects.select_related("campaign"))

    assert look() == 0
