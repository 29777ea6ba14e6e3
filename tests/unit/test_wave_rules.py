"""When many signatures are a wave: real crowds are never held, machines are."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.desk.people import ADDRESSES
from clarion.env import read_env
from clarion.kernel.keys import Key
from clarion.kernel.marks import mark
from clarion.places.countries import CODES
from clarion.places.populations import people_of
from clarion.signatures.wave_rules import (
    Crowd,
    Marked,
    Traits,
    WaveKind,
    domain_mark,
    fitting,
    is_beyond_belief,
    is_wave,
    name_mark,
    name_pattern,
)

KEY = Key(1, b"k" * 32)
DEFAULT_FROM = read_env({}).wave_from


@dataclass(frozen=True)
class Arrival:
    """One confirmed signature of an hour."""

    name: str
    domain: str
    network: int
    country: str = "DE"


# How often names are: the most frequent first name has 2 %, the family name 1 %, the thousandth a hundredth of that.
_GIVEN = [f"{chr(97 + n % 26)}{'aeiou'[n % 5]}n{'abcdefghijklmnopqrstuvwxyz'[n // 26 % 26]}" for n in range(600)]
_FAMILY = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}er" for n in range(8000)]
_COMMON = [1 / (n + 25) for n in range(600)]
_RARE = [1 / (n + 60) for n in range(8000)]
_PROVIDERS = ["gmail.com"] * 45 + ["gmx.de"] * 15 + ["web.de"] * 12 + ["outlook.com"] * 10 + ["t-online.de"] * 5
_PROVIDERS += ["regional.example"] * 3


def people(count: int, *, seed: int = 1, networks: int = 0, first_name_only: float = 0.05) -> Iterator[Arrival]:
    """As a country signs: names as frequent as they are, most at large providers, some behind shared addresses."""
    dice = random.Random(seed)
    given = dice.choices(_GIVEN, _COMMON, k=count)
    family = dice.choices(_FAMILY, _RARE, k=count)
    for n in range(count):
        name = given[n] if dice.random() < first_name_only else f"{given[n]} {family[n]}"
        domain = dice.choice(_PROVIDERS) if dice.random() < 0.9 else f"own{dice.randrange(2_000)}.example"
        network = dice.randrange(networks) if networks else (dice.randrange(40) if dice.random() < 0.5 else 1_000 + n)
        yield Arrival(name, domain, network)


def waves(arrivals: list[Arrival], wave_from: int = DEFAULT_FROM) -> set[WaveKind]:
    """The kinds of waves in an hour: the crowds as the database counts them, judged by the rules."""
    found: set[WaveKind] = set()

    def look(kind: WaveKind, by: Callable[[Arrival], object], skip: object = None) -> None:
        groups: dict[object, list[Arrival]] = {}
        for one in arrivals:
            groups.setdefault(by(one), []).append(one)
        for shared, members in groups.items():
            names, networks = len({one.name for one in members}), len({one.network for one in members})
            crowd = Crowd(len(members), names, len(arrivals), networks)
            if shared != skip and is_wave(kind, crowd, wave_from):
                found.add(kind)

    look("names", lambda one: name_pattern(one.name))
    look("domain", lambda one: _domain(one.domain), skip=0)
    look("network", lambda one: one.network)
    look("mailboxes", lambda one: (one.network, one.domain) if _domain(one.domain) else 0, skip=0)
    for country, n in Counter(one.country for one in arrivals).items():
        if is_beyond_belief(n, people_of(country), wave_from):
            found.add("country")
    return found


@cache
def _domain(domain: str) -> int:
    return domain_mark(f"@{domain}", KEY)


# ---- whoever is real


def test_a_country_that_rises_at_once_is_no_wave(is_soak: bool) -> None:
    """152,000 in an hour, the most we know of; half of them behind forty addresses of mobile networks."""
    assert waves(list(people(152_000 if is_soak else 38_000))) == set()


def test_a_country_where_many_write_only_their_first_name_is_no_wave() -> None:
    assert waves(list(people(20_000, first_name_only=0.6))) == set()


def test_a_hall_a_campus_and_a_company_are_no_waves() -> None:
    hall = list(people(500, networks=1))
    campus = list(people(5_000, networks=1, seed=2))
    staff = [Arrival(one.name, "works.example", 7) for one in people(300, seed=3)]
    union = [Arrival(one.name, "union.example", one.network) for one in people(5_000, seed=4)]

    for crowd in (hall, campus, staff, union, hall + campus + staff + union):
        assert waves(crowd) == set()


def test_a_hall_of_people_with_numbers_for_names_is_too_small_to_be_held() -> None:
    assert waves([Arrival(f"Person {n}", "farm.example", 1) for n in range(DEFAULT_FROM - 1)]) == set()


def test_a_small_nation_in_uproar_is_believed() -> None:
    """Iceland, 353,574 people: one in fifty within an hour."""
    assert waves([Arrival(one.name, one.domain, one.network, "IS") for one in people(7_000)]) == set()


# ---- machines


def test_five_thousand_of_one_domain_with_the_names_of_a_machine_are_a_wave_even_in_a_storm() -> None:
    dice = random.Random(5)
    few = [Arrival(dice.choice(_GIVEN[:40]), "farm.example", 10**6 + n) for n in range(5_000)]
    numbered = [Arrival(f"Supporter {n}", "farm.example", 10**6 + n) for n in range(5_000)]
    storm = list(people(15_200))

    assert waves(storm + few) == {"domain"}
    # The database compares patterns: names with digits are one.
    assert waves(storm + [Arrival(name_pattern(one.name), one.domain, one.network) for one in numbered]) == {"domain"}


def test_a_thousand_of_one_name_from_few_networks_are_a_wave() -> None:
    machine = [Arrival("Jane Doe", "gmail.com", n % 50) for n in range(1_000)]

    assert waves(list(people(5_000)) + machine) == {"names"}


def test_a_thousand_behind_one_network_with_few_names_or_one_small_domain_are_a_wave() -> None:
    assert "network" in waves([Arrival(f"name {'abcdefghij'[n % 10]}", "gmail.com", 1) for n in range(1_000)])
    assert waves([Arrival(one.name, "farm.example", 1) for one in people(1_000)]) == {"mailboxes"}


def test_more_than_a_country_has_people_for_is_a_wave() -> None:
    """Nauru, 12,704 people."""
    assert waves([Arrival(one.name, one.domain, one.network, "NR") for one in people(300)]) == {"country"}


@given(st.sampled_from(sorted(CODES)), st.integers(0, 10**7))
def test_a_country_is_held_only_for_many_and_for_more_than_one_in_fifty(country: str, size: int) -> None:
    people = people_of(country)
    assert people is not None
    assert is_beyond_belief(size, people, 1_000) == (size >= 200 and size > people // 50)


def test_no_country_has_no_people_to_exceed() -> None:
    assert not is_beyond_belief(10**6, people_of("ZZ"), 1_000)


@pytest.mark.parametrize("kind", ["names", "domain", "network", "mailboxes", "country"])
def test_with_waves_switched_off_nothing_is_one(kind: WaveKind) -> None:
    assert not is_wave(kind, Crowd(10**6, 1, 10**6, 1), 0)
    assert not is_beyond_belief(10**6, 1, 0)


# ---- what is compared


def test_names_are_compared_without_case_accents_and_blanks_and_those_with_digits_are_one() -> None:
    assert name_mark("Ána  DÍAZ", KEY) == name_mark("ana diaz", KEY)
    assert name_mark("Supporter 1", KEY) == name_mark("x٣", KEY)
    assert name_mark("Anna", KEY) != name_mark("Anna Berg", KEY)


def test_large_providers_and_addresses_that_are_nobodys_say_nothing() -> None:
    assert domain_mark("a@GMAIL.com", KEY) == domain_mark("b@gmx.de", KEY) == 0
    assert domain_mark("a@example.org", KEY) == domain_mark(f"a@{ADDRESSES}", KEY) == 0
    assert domain_mark("a@mail.example.org", KEY) == 0 != domain_mark("a@no-example.org", KEY)
    assert domain_mark("a@farm.example", KEY) == domain_mark("b+x@FARM.example", KEY) != 0
    assert domain_mark("a@bücher.example", KEY) == domain_mark("a@xn--bcher-kva.example", KEY)


def test_marks_of_one_kind_are_none_of_another() -> None:
    assert mark(KEY, "name", "x") != mark(KEY, "domain", "x")


@pytest.mark.parametrize(
    ("traits", "one", "belongs"),
    [
        (Traits("names", name=5), Marked((), 1, 5, "KE"), True),
        (Traits("names"), Marked((), 1, None, "KE"), False),
        (Traits("domain", domain=1), Marked((), 1, 5, "KE"), True),
        (Traits("domain"), Marked((), None, 5, "KE"), False),
        (Traits("network", frozenset({7, 8})), Marked((9, 8), 1, 5, "KE"), True),
        (Traits("network"), Marked((9, 8), 1, 5, "KE"), False),
        (Traits("mailboxes", frozenset({7}), 1), Marked((7,), 1, 5, "KE"), True),
        (Traits("mailboxes", frozenset({7}), 1), Marked((7,), 2, 5, "KE"), False),
        (Traits("mailboxes", frozenset({7}), 1), Marked((), 1, 5, "KE"), False),
        (Traits("country", country="NR"), Marked((), None, None, "NR"), True),
        (Traits("country", country="NR"), Marked((), None, None, "KE"), False),
    ],
)
def test_who_belongs_to_a_wave(traits: Traits, one: Marked, belongs: bool) -> None:
    assert fitting([(3, traits)], one) == (3 if belongs else None)
