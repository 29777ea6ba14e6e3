"""How many forms one network may send, and who is believed about where a form came from."""

from ipaddress import ip_network

import pytest

from clarion.env import NetworkLimit
from clarion.intake.limits import Limits, Verdict
from clarion.kernel.forms import FormName


def verdicts(limits: Limits, count: int, *, peer: str = "192.0.2.1", now: float = 0.0) -> list[Verdict]:
    """What is said of `count` forms at one moment."""
    return [judged(limits, peer, now=now) for _ in range(count)]


def judged(limits: Limits, peer: str, forwarded_for: str = "", *, form: FormName = "sign", now: float = 0.0) -> Verdict:
    """What is said of one form."""
    return limits.judge(form, limits.sender(peer, forwarded_for), now)


def test_a_hall_of_people_on_one_address_meets_no_refusal_and_no_slow_lane() -> None:
    assert set(verdicts(Limits(), 600)) == {Verdict.TAKE}


def test_past_six_hundred_at_once_forms_are_slow_and_past_five_thousand_refused() -> None:
    said = verdicts(Limits(), 5_001)

    assert said[:600] == [Verdict.TAKE] * 600
    assert said[600:5_000] == [Verdict.SLOW] * 4_400
    assert said[5_000] is Verdict.REFUSE


def test_after_a_burst_two_a_second_are_quick_again() -> None:
    limits = Limits()
    verdicts(limits, 601)

    assert verdicts(limits, 3, now=1.0) == [Verdict.TAKE, Verdict.TAKE, Verdict.SLOW]


def test_a_refused_form_does_not_prolong_the_refusal() -> None:
    limits = Limits()
    verdicts(limits, 20_000)

    assert verdicts(limits, 1, now=0.1)[0] is Verdict.SLOW


def test_neighbours_of_one_ipv6_network_are_one_and_other_networks_are_others() -> None:
    limits = Limits()
    verdicts(limits, 600, peer="2001:db8::1")

    assert verdicts(limits, 1, peer="2001:db8::2:1") == [Verdict.SLOW]
    assert verdicts(limits, 1, peer="2001:db8:0:1::1") == [Verdict.TAKE]


def test_an_ipv4_address_is_the_same_in_ipv6_clothes() -> None:
    limits = Limits()
    verdicts(limits, 600, peer="192.0.2.1")

    assert verdicts(limits, 1, peer="::ffff:192.0.2.1") == [Verdict.SLOW]


def test_a_network_with_own_figures_knows_no_slow_lane() -> None:
    limits = Limits([NetworkLimit(ip_network("192.0.2.0/24"), 3, 1.0)])

    assert verdicts(limits, 4) == [Verdict.TAKE] * 3 + [Verdict.REFUSE]


def test_nobody_is_believed_about_where_a_form_came_from_unless_trusted() -> None:
    limits = Limits()
    for number in range(600):
        judged(limits, "192.0.2.1", f"198.51.100.{number % 250}")

    assert judged(limits, "192.0.2.1", "198.51.100.99") is Verdict.SLOW


def test_behind_trusted_proxies_the_nearest_stranger_counts() -> None:
    """What stands left of it in X-Forwarded-For the stranger may have written."""
    limits = Limits(trusted_proxies=[ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")])
    for number in range(600):
        judged(limits, "127.0.0.1", f"203.0.113.{number % 250}, 198.51.100.1,10.0.0.7")

    assert judged(limits, "127.0.0.1", "198.51.100.1") is Verdict.SLOW
    assert judged(limits, "127.0.0.1", "198.51.100.2") is Verdict.TAKE


def test_a_garbled_hop_counts_for_the_proxy_that_wrote_it() -> None:
    limits = Limits(trusted_proxies=[ip_network("127.0.0.0/8")])
    for _ in range(600):
        judged(limits, "127.0.0.1", "198.51.100.1, x")

    assert judged(limits, "127.0.0.1") is Verdict.SLOW


def test_a_flood_of_addresses_is_forgotten_rather_than_kept() -> None:
    limits = Limits()
    for number in range(100_010):
        judged(limits, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert len(limits._buckets) <= 100_000


def test_a_flood_of_sign_forms_keeps_nobody_behind_that_address_from_confirming_or_withdrawing() -> None:
    limits = Limits()
    verdicts(limits, 6_000)

    assert judged(limits, "192.0.2.1") is Verdict.REFUSE
    assert {judged(limits, "192.0.2.1", form=form) for form in ("confirm", "withdraw", "manage")} == {Verdict.TAKE}


@pytest.mark.parametrize(
    ("form", "slow_after", "refused_after"),
    [
        ("sign", 600, 5_000), ("host", 60, 600), ("my-data", 60, 600), ("report", 120, 120), ("confirm", 5_000, 5_000),
        ("withdraw", 5_000, 5_000), ("manage", 600, 600),
    ],
)  # fmt: skip
def test_each_form_has_figures_of_its_own(form: FormName, slow_after: int, refused_after: int) -> None:
    limits = Limits()
    said = [judged(limits, "192.0.2.1", form=form) for _ in range(refused_after + 1)]

    assert said.index(Verdict.REFUSE) == refused_after
    assert said.count(Verdict.TAKE) == slow_after


def test_who_guesses_links_is_not_looked_at_for_a_while_and_good_links_are_as_many_as_may_be() -> None:
    limits = Limits()
    guessing, neighbour = limits.sender("192.0.2.1", ""), limits.sender("192.0.2.2", "")
    for _ in range(500):
        assert limits.may_open_links(guessing, 0.0)
        limits.note_bad_link(guessing, 0.0)

    assert not limits.may_open_links(guessing, 0.0)
    assert limits.may_open_links(neighbour, 0.0)
    assert limits.may_open_links(guessing, 1.0)


def test_networks_of_ipv6_that_change_with_every_form_are_forgotten_too_and_the_newest_known() -> None:
    limits = Limits()
    for number in range(150_000):
        judged(limits, f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
    for _ in range(600):
        judged(limits, "2001:db8:ffff::1")

    assert len(limits._buckets) <= 100_000
    assert judged(limits, "2001:db8:ffff::2") is Verdict.SLOW
