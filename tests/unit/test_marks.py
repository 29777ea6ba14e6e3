"""Network marks: alike for one network for two days, nothing else, and nothing at all once the key is gone."""

from datetime import date
from ipaddress import ip_network

import pytest

from clarion.env import NetworkLimit
from clarion.intake.limits import Limits
from clarion.intake.networks import NetworkMarks
from clarion.kernel.ids import new_id
from clarion.kernel.marks import NetworkKeys, keys_in_force, renewed_keys
from clarion.kernel.policy import Policy, read_policy
from clarion.kernel.submissions import Submission, SubmissionBroken, read_submission

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)


def marks_of(client: str, keys: NetworkKeys, today: date) -> tuple[int, ...]:
    """As intake makes them for a client."""
    return NetworkMarks().of(Limits().sender(client, "").crowd, keys, today)


def test_a_day_gets_a_key_of_its_own_and_keeps_the_one_before() -> None:
    monday = renewed_keys({}, MONDAY)
    tuesday = renewed_keys(monday, TUESDAY)

    assert list(monday) == ["2026-11-30"]
    assert tuesday == {"2026-12-01": tuesday["2026-12-01"], "2026-11-30": monday["2026-11-30"]}
    assert tuesday["2026-12-01"] != monday["2026-11-30"]
    assert renewed_keys(tuesday, TUESDAY) == tuesday


def test_a_key_is_gone_after_the_day_that_follows_its_own() -> None:
    tuesday = renewed_keys(renewed_keys({}, MONDAY), TUESDAY)

    assert set(renewed_keys(tuesday, WEDNESDAY)) == {"2026-12-02", "2026-12-01"}
    assert set(renewed_keys(tuesday, date(2026, 12, 24))) == {"2026-12-24"}


def test_a_clock_set_back_by_days_keeps_no_key_of_the_future() -> None:
    assert set(renewed_keys(renewed_keys({}, WEDNESDAY), MONDAY)) == {"2026-11-30"}


def test_a_policy_that_nobody_wrote_for_days_marks_nothing() -> None:
    keys = renewed_keys({}, MONDAY)

    assert len(marks_of("192.0.2.1", keys, TUESDAY)) == 1
    assert marks_of("192.0.2.1", keys, WEDNESDAY) == ()


def test_one_network_has_one_mark_and_another_another() -> None:
    keys = renewed_keys({}, MONDAY)

    assert marks_of("192.0.2.1", keys, MONDAY) == marks_of("192.0.2.1", keys, MONDAY)
    assert marks_of("192.0.2.1", keys, MONDAY) != marks_of("192.0.2.2", keys, MONDAY)
    assert marks_of("2001:db8:1:2::7", keys, MONDAY) == marks_of("2001:db8:1:2:ffff::1", keys, MONDAY)
    assert marks_of("2001:db8:1:2::7", keys, MONDAY) != marks_of("2001:db8:1:3::7", keys, MONDAY)
    assert marks_of("", keys, MONDAY) == ()


def test_across_midnight_a_network_keeps_the_mark_of_the_day_before() -> None:
    monday = renewed_keys({}, MONDAY)
    tuesday = renewed_keys(monday, TUESDAY)

    before = marks_of("192.0.2.1", monday, MONDAY)
    after = marks_of("192.0.2.1", tuesday, TUESDAY)

    assert before == after[1:]
    assert after[0] not in before


def test_who_marked_a_network_yesterday_marks_it_with_the_new_key_today() -> None:
    marks, keys = NetworkMarks(), renewed_keys({}, MONDAY)
    first = marks.of(7, keys, MONDAY)

    assert marks.of(7, keys, TUESDAY) == first  # by the key of the day before, until the policy is written
    assert marks.of(7, renewed_keys(keys, TUESDAY), TUESDAY)[1:] == first
    assert marks.of(7, keys, MONDAY) == first
    assert marks.of(7, keys, WEDNESDAY) == ()


def test_the_policy_file_carries_the_keys_and_its_repr_does_not() -> None:
    keys = renewed_keys({}, MONDAY)
    policy = Policy(1, "00", {}, (), network_keys=keys)

    assert read_policy(policy.to_json()).network_keys == keys
    assert keys["2026-11-30"] not in repr(policy)
    assert keys["2026-11-30"] not in repr(keys_in_force(keys, MONDAY))


def test_a_submission_carries_the_marks_of_its_network() -> None:
    submission = Submission(new_id(), "sign", "clean-water", "en", 0.0, networks=(-(1 << 63), 5))

    assert read_submission(submission.to_bytes(), {}).networks == (-(1 << 63), 5)


@pytest.mark.parametrize("marks", [[1, 2, 3], ["1"], [1 << 63], [True], 7, None, [0.5]])
def test_marks_that_intake_would_never_make_break_a_row(marks: object) -> None:
    plain = Submission(new_id(), "sign", "clean-water", "en", 0.0).to_bytes()
    bad = plain.replace(b'"n":[]', f'"n":{str(marks).replace("True", "true").replace("None", "null")}'.encode())
    bad = bad.replace(b"'", b'"')

    with pytest.raises(SubmissionBroken):
        read_submission(bad, {})


def test_a_network_with_figures_of_its_own_leaves_no_mark() -> None:
    """Behind an onion service stands everybody."""
    limits = Limits([NetworkLimit(ip_network("127.0.0.0/8"), 9_000, 900.0)])

    assert limits.sender("127.0.0.1", "").crowd == 0
    assert limits.sender("192.0.2.1", "").crowd != 0
