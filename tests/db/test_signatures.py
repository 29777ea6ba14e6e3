"""Taking, confirming, withdrawing, denying, erasing: what stands in the records afterwards, twice and at once."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clarion.audit.actions import HOST
from clarion.campaigns.models import Campaign
from clarion.events.actions import erase_unconfirmed
from clarion.kernel.keys import Keys
from clarion.kernel.links import LinkKind
from clarion.kernel.sealing import unlock_fields
from clarion.outbox.models import AddressMark, Mail
from clarion.privacy.actions import deny, withdraw
from clarion.signatures.actions import (
    confirm_signatures,
    erase_expired_signatures,
    erase_kept_long_enough,
    forget_withdrawn_addresses,
    freeze_counts,
    note_mailed,
    take_signatures,
    unfreeze_counts,
)
from clarion.signatures.models import Signature, Tally
from clarion.signatures.queries import confirmed_rows, pending_count, published_figures
from tests.figures import confirmed_count
from tests.make import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    make_campaign,
    make_confirmation,
    make_consent,
    make_signature,
    make_submission,
    make_version,
    make_withdrawal,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def stored(signature: Signature) -> Signature:
    return Signature.objects.get(pk=signature.pk)


def sign(keys: Keys, *, now: datetime = NOON, **said: str) -> int:
    return take_signatures([make_submission(at=now, **said)], keys=keys, now=now)


# ---- taking


def test_a_form_becomes_one_pending_row_and_one_mail(campaign: Campaign, keys: Keys) -> None:
    form = make_submission(postcode="00100")

    assert take_signatures([form], keys=keys, now=NOON + MINUTE) == 1

    row = Signature.objects.get()
    assert (row.public_id, row.state, row.country, row.signed_at) == (form.id, "pending", "KE", NOON)
    said = unlock_fields(keys.field, bytes(row.box or b""))
    assert said == {"name": "Amina Otieno", "email": "amina@example.com", "postcode": "00100"}
    mail = Mail.objects.get()
    assert (mail.kind, mail.record, mail.lane) == ("confirm-signature", form.id, Mail.Lane.CONFIRMATIONS)


def test_a_form_without_version_and_consent_is_bound_to_the_present_ones(campaign: Campaign, keys: Keys) -> None:
    make_version(campaign, number=2)
    make_consent(campaign, wording_id="newer", at=NOON - HOUR)

    sign(keys)

    row = Signature.objects.get()
    assert (row.version, row.consent) == (2, "newer")


def test_a_form_keeps_the_version_and_consent_of_the_page_that_was_signed(campaign: Campaign, keys: Keys) -> None:
    make_version(campaign, number=2)
    make_consent(campaign, wording_id="newer", at=NOON - HOUR)

    sign(keys, version="1", consent="sign-en")

    row = Signature.objects.get()
    assert (row.version, row.consent) == (1, "sign-en")


def test_the_same_form_within_ten_minutes_is_one_row_and_one_mail(campaign: Campaign, keys: Keys) -> None:
    batch = [make_submission(), make_submission(email="Amina+call@EXAMPLE.com", at=NOON + MINUTE)]
    take_signatures(batch, keys=keys, now=NOON)
    sign(keys, now=NOON + 9 * MINUTE)

    assert Signature.objects.count() == Mail.objects.count() == 1


def test_a_later_or_different_form_is_a_row_of_its_own(campaign: Campaign, keys: Keys) -> None:
    sign(keys)
    sign(keys, name="Amina O.")
    sign(keys, now=NOON + 11 * MINUTE)

    assert Signature.objects.count() == Mail.objects.count() == 3


def test_the_fourth_mail_in_seven_days_is_held_back_and_leaves_nothing(campaign: Campaign, keys: Keys) -> None:
    for hour in range(5):
        sign(keys, now=NOON + hour * HOUR)

    assert Signature.objects.count() == Mail.objects.count() == AddressMark.objects.count() == 3


def test_the_cap_is_for_the_whole_server_until_the_address_is_known(campaign: Campaign, keys: Keys) -> None:
    make_campaign("clean-air")
    for hour in range(3):
        sign(keys, now=NOON + hour * HOUR)
    other = make_submission(campaign="clean-air", at=NOON + 4 * HOUR)
    assert take_signatures([other], keys=keys, now=NOON + 4 * HOUR) == 0

    confirm_signatures([make_confirmation(Signature.objects.order_by("pk")[0])], keys=keys, now=NOON + 4 * HOUR)

    assert take_signatures([other], keys=keys, now=NOON + 5 * HOUR) == 1
    assert sign(keys, now=NOON + 6 * HOUR) == 0


def test_forms_past_the_limit_go_to_the_slow_lane(campaign: Campaign, keys: Keys) -> None:
    take_signatures([make_submission(is_slow=True)], keys=keys, now=NOON)

    assert Mail.objects.get().lane == Mail.Lane.SLOW


def test_a_withdrawn_form_can_be_sent_again_at_once(campaign: Campaign, keys: Keys) -> None:
    sign(keys)
    withdraw(make_withdrawal(Signature.objects.get(), "amina@example.com"), keys=keys, now=NOON + MINUTE)

    assert sign(keys, now=NOON + 2 * MINUTE) == 1


# ---- confirming


def test_confirming_twice_counts_once(campaign: Campaign, keys: Keys) -> None:
    """People press a slow button again, and a batch may be drained again."""
    signature = make_signature(campaign, keys)

    first = confirm_signatures([make_confirmation(signature, at=NOON + 5 * MINUTE)], keys=keys, now=NOON + 6 * MINUTE)
    second = confirm_signatures([make_confirmation(signature, at=NOON + 9 * MINUTE)], keys=keys, now=NOON + 9 * MINUTE)

    assert (first, second) == (1, 0)
    assert confirmed_count(campaign) == 1
    assert stored(signature).confirmed_at == NOON + 5 * MINUTE


def test_two_forms_of_one_address_count_once(campaign: Campaign, keys: Keys) -> None:
    one = make_signature(campaign, keys, email="amina@example.com")
    two = make_signature(campaign, keys, email="amina+2@example.com", country="UG")

    confirm_signatures(
        [make_confirmation(two), make_confirmation(one, at=NOON + 2 * MINUTE)], keys=keys, now=NOON + HOUR
    )
    confirm_signatures([make_confirmation(one)], keys=keys, now=NOON + HOUR)

    assert confirmed_count(campaign) == 1
    assert stored(two).state == "confirmed"
    assert stored(one).state == "pending"


def test_what_was_accepted_in_time_counts_however_late_it_is_drained(campaign: Campaign, keys: Keys) -> None:
    in_time, late = make_signature(campaign, keys), make_signature(campaign, keys)
    presses = [make_confirmation(in_time, at=NOON + 7 * DAY), make_confirmation(late, at=NOON + 7 * DAY + MINUTE)]

    assert confirm_signatures(presses, keys=keys, now=NOON + 30 * DAY) == 1
    assert stored(in_time).state == "confirmed"
    assert Tally.objects.get().day == (NOON + 7 * DAY).date()


def test_the_sums_follow_by_day_and_country(campaign: Campaign, keys: Keys) -> None:
    rows = [make_signature(campaign, keys, country=country) for country in ["KE"] * 6 + ["FR"] * 2]
    confirm_signatures([make_confirmation(row) for row in rows[:5]], keys=keys, now=NOON + HOUR)
    confirm_signatures([make_confirmation(row, at=NOON + DAY) for row in rows[5:]], keys=keys, now=NOON + DAY)

    figures = published_figures(campaign)
    assert (figures.total, dict(figures.by_country), figures.other) == (8, {"KE": 5}, 3)
    assert dict(figures.by_day) == {"2026-12-01": 5, "2026-12-02": 3}
    assert figures.as_of == NOON + DAY
    assert pending_count(campaign) == 0


# ---- not me


def test_not_me_wins_before_and_after_confirming(campaign: Campaign, keys: Keys) -> None:
    before, after = make_signature(campaign, keys), make_signature(campaign, keys)
    confirm_signatures([make_confirmation(after)], keys=keys, now=NOON + MINUTE)

    for row in (before, after):
        assert deny(make_confirmation(row, answer="not-me"), keys=keys, now=NOON + HOUR) == 1
        confirm_signatures([make_confirmation(row)], keys=keys, now=NOON + HOUR)
        assert deny(make_confirmation(row, answer="not-me"), keys=keys, now=NOON + HOUR) == 0

    assert confirmed_count(campaign) == 0
    for row in (stored(before), stored(after)):
        assert (row.state, row.box, row.address_hash, row.country) == ("denied", None, None, "")
    assert AddressMark.objects.filter(is_denial=True).count() == 2


def test_links_that_ask_for_the_address_change_nothing_without_it(campaign: Campaign, keys: Keys) -> None:
    row = make_signature(campaign, keys, email="amina@example.com")
    for typed in ("", "other@example.com"):
        press = make_confirmation(row, kind=LinkKind.CONFIRM_TYPED, email=typed)
        denial = make_confirmation(row, answer="not-me", kind=LinkKind.CONFIRM_TYPED, email=typed)
        assert confirm_signatures([press], keys=keys, now=NOON) == 0
        assert deny(denial, keys=keys, now=NOON) == 0

    right = make_confirmation(row, kind=LinkKind.CONFIRM_TYPED, email="Amina+x@example.com")
    assert confirm_signatures([right], keys=keys, now=NOON) == 1


# ---- withdrawing


def test_withdrawing_takes_every_row_of_the_address_in_the_campaign(campaign: Campaign, keys: Keys) -> None:
    other_campaign = make_campaign("clean-air")
    rows = [make_signature(campaign, keys, email=f"amina{tag}@example.com") for tag in ("", "+a", "+b")]
    elsewhere = make_signature(other_campaign, keys, email="amina@example.com")
    confirm_signatures([make_confirmation(rows[0])], keys=keys, now=NOON + MINUTE)

    assert withdraw(make_withdrawal(rows[1], "AMINA@example.com"), keys=keys, now=NOON + HOUR) == 3

    assert confirmed_count(campaign) == 0
    assert {stored(row).state for row in rows} == {"withdrawn"}
    assert [unlock_fields(keys.field, bytes(row.box)) for row in map(stored, rows) if row.box] == [
        {"email": "amina+a@example.com"}
    ]
    assert stored(elsewhere).state == "pending"
    assert Mail.objects.get().kind == "withdrawn"


def test_withdrawing_with_another_address_changes_nothing(campaign: Campaign, keys: Keys) -> None:
    row = make_signature(campaign, keys, email="amina@example.com")

    for typed in ("", "other@example.com"):
        assert withdraw(make_withdrawal(row, typed), keys=keys, now=NOON) == 0
    assert stored(row).state == "pending"


def test_the_sealed_address_goes_with_the_last_mail_or_after_an_hour(campaign: Campaign, keys: Keys) -> None:
    mailed, unmailed = (make_signature(campaign, keys, email=f"{name}@example.com") for name in ("a", "b"))
    for row, typed in ((mailed, "a@example.com"), (unmailed, "b@example.com")):
        withdraw(make_withdrawal(row, typed), keys=keys, now=NOON)

    forget_withdrawn_addresses(now=NOON + MINUTE, mailed=[mailed.public_id])
    assert stored(mailed).box is None
    assert stored(unmailed).box is not None
    forget_withdrawn_addresses(now=NOON + HOUR)
    assert stored(unmailed).box is None


# ---- erasing


def test_unconfirmed_data_goes_seven_days_after_the_last_mail(campaign: Campaign, keys: Keys) -> None:
    row = make_signature(campaign, keys)
    note_mailed([row.public_id], now=NOON + DAY)

    assert erase_expired_signatures(drained_until=NOON + 8 * DAY - MINUTE, now=NOON + 20 * DAY) == []
    assert erase_expired_signatures(drained_until=NOON + 8 * DAY, now=NOON + 20 * DAY) == [row.public_id]
    assert (stored(row).state, stored(row).box, stored(row).address_hash) == ("expired", None, None)


def test_a_signature_whose_mail_was_given_up_unsent_goes_too(campaign: Campaign, keys: Keys) -> None:
    take_signatures([make_submission()], keys=keys, now=NOON)
    row = Signature.objects.get()

    assert erase_expired_signatures(drained_until=NOON + 8 * DAY, now=NOON + 8 * DAY) == []
    Mail.objects.all().delete()
    assert erase_expired_signatures(drained_until=NOON + 6 * DAY, now=NOON + 8 * DAY) == []
    assert erase_expired_signatures(drained_until=NOON + 8 * DAY, now=NOON + 8 * DAY) == [row.public_id]


def test_what_expired_is_not_looked_for_in_a_list_of_all_mails_that_wait(campaign: Campaign, keys: Keys) -> None:
    """Where the list has outgrown its memory, PostgreSQL reads it anew for each row: 150,000 took minutes."""
    take_signatures([make_submission()], keys=keys, now=NOON)
    with CaptureQueriesContext(connection) as asked:
        erase_expired_signatures(drained_until=NOON + 8 * DAY, now=NOON + 8 * DAY)
        erase_unconfirmed(drained_until=NOON + 8 * DAY)

    looked = [one["sql"] for one in asked if "outbox_mail" in one["sql"]]
    assert len(looked) == 2
    assert [sql for sql in looked if " IN (SELECT" in sql] == []


def test_kept_long_enough_personal_data_goes_and_the_count_stays(keys: Keys) -> None:
    campaign = make_campaign(keep_until=NOON.date())
    row = make_signature(campaign, keys)
    confirm_signatures([make_confirmation(row)], keys=keys, now=NOON + MINUTE)

    assert erase_kept_long_enough(now=NOON + HOUR) == []
    assert erase_kept_long_enough(now=NOON + DAY) == [row.public_id]
    assert erase_kept_long_enough(now=NOON + 2 * DAY) == []
    assert (stored(row).box, stored(row).address_hash) == (None, None)
    assert confirmed_count(campaign) == 1


# ---- freezing


def test_a_country_that_is_hidden_while_figures_are_frozen_is_hidden_at_once(campaign: Campaign, keys: Keys) -> None:
    """Its people are in danger now, not when somebody thinks of the switch."""
    rows = [make_signature(campaign, keys, country=country) for country in ["KE"] * 5 + ["FR"] * 6]
    confirm_signatures([make_confirmation(row) for row in rows], keys=keys, now=NOON)
    freeze_counts(campaign, by=HOST, now=NOON)
    assert published_figures(campaign).by_country == {"FR": 5, "KE": 5}

    campaign.never_shown = ["KE"]
    shown = published_figures(campaign)
    assert (shown.total, shown.by_country, shown.other) == (11, {"FR": 5}, 6)


def test_frozen_figures_stay_while_records_go_on_counting(campaign: Campaign, keys: Keys) -> None:
    rows = [make_signature(campaign, keys) for _ in range(2)]
    confirm_signatures([make_confirmation(rows[0])], keys=keys, now=NOON + MINUTE)

    assert freeze_counts(campaign, by=HOST, now=NOON + HOUR)
    assert not freeze_counts(campaign, by=HOST, now=NOON + 2 * HOUR)
    confirm_signatures([make_confirmation(rows[1])], keys=keys, now=NOON + 3 * HOUR)

    assert published_figures(campaign).total == 1
    assert published_figures(campaign).frozen_since == NOON + HOUR
    assert confirmed_count(campaign) == 2
    assert unfreeze_counts(campaign, by=HOST, now=NOON + 4 * HOUR)
    assert published_figures(campaign).total == 2


# ---- reading all of them


def test_what_counts_is_read_in_pieces_each_row_once_in_the_order_of_signing(campaign: Campaign, keys: Keys) -> None:
    for n in range(5):
        signature = make_signature(campaign, keys, email=f"p{n}@example.org", signed_at=NOON + n * MINUTE)
        if n != 3:
            confirm_signatures([make_confirmation(signature, at=NOON + HOUR)], keys=keys, now=NOON + HOUR)

    rows = list(confirmed_rows(campaign, at_once=2))

    assert [unlock_fields(keys.field, row[-1])["email"] for row in rows] == [f"p{n}@example.org" for n in (0, 1, 2, 4)]
    assert rows[1][3:5] == ((NOON + MINUTE).isoformat(timespec="seconds"), (NOON + HOUR).isoformat(timespec="seconds"))
