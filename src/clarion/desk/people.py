"""Invented people who sign: names in the call's languages, countries by how many live there. The same each time."""

import random
from bisect import bisect
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from babel.languages import get_official_languages

from clarion.places.gazetteer import cities

ADDRESSES = "crowd.example.org"  # RFC 2606: nobody's mailbox

_MANY = 400_000

_GIVEN = {
    "en": "Amina Grace Joseph Ruth Daniel Esther Samuel Mercy Peter Hannah",
    "fr": "Awa Camille Moussa Chantal Luc Fatou Julien Aline Didier Inès",
    "es": "Lucía Mateo Valentina Diego Camila Andrés Rosa Joaquín Elena Tomás",
    "pt": "Ana João Beatriz Tiago Luísa Rui Joana Caio Marta Paulo",
    "de": "Anna Jonas Lena Felix Mira Paul Klara Emil Greta Timo",
    "ru": "Анна Иван Мария Олег Дарья Павел Елена Юрий Нина Сергей",
    "ar": "أمينة يوسف ليلى عمر مريم خالد سلمى حسن نور سامي",
    "zh": "明 芳 伟 静 磊 娜 强 敏 军 洁",
}
_FAMILY = {
    "en": "Otieno Mensah Okafor Smith Patel Banda Murphy Osei Nguyen Taylor",
    "fr": "Diallo Martin Traoré Lambert Kouassi Moreau Ndiaye Petit Rakoto Blanc",
    "es": "Quispe García Mamani Torres Rojas Vega Flores Morales Castro Ruiz",
    "pt": "Silva Santos Mondlane Costa Pereira Lopes Neto Almeida Rocha Tavares",
    "de": "Weber Huber Schneider Keller Brandt Vogel Lindner Maurer Roth Sommer",
    "ru": "Орлова Белов Крылова Соколов Зайцева Морозов Лебедева Волков Зорина Громов",
    "ar": "حداد منصور خليل صالح النجار حمدان سليمان عيسى قاسم الخطيب",
    "zh": "李 王 张 刘 陈 杨 赵 黄 周 吴",
}


class Person(NamedTuple):
    """One who signs, and the network address they seem to come from."""

    name: str
    email: str
    country: str
    language: str
    client: str


def people(first: int, count: int, *, languages: Collection[str]) -> Iterator[Person]:
    """The people with the numbers `first` to `first + count - 1`, each from an address of their own."""
    countries, weights = _countries()
    for number in range(first, first + count):
        dice = random.Random(number)  # noqa: S311 - a play, and the same one each time
        country = countries[bisect(weights, dice.random() * weights[-1])]
        language = _language(country, tuple(languages))
        yield Person(_name(language, dice), f"person-{number}@{ADDRESSES}", country, language, _client(number))


def client_of(email: str) -> str:
    """The network address of the person with this e-mail address."""
    return _client(int(email.partition("@")[0].rpartition("-")[2]))


def _name(language: str, dice: random.Random) -> str:
    spoken = language if language in _GIVEN else "en"
    given, family = dice.choice(_GIVEN[spoken].split()), dice.choice(_FAMILY[spoken].split())
    return f"{family}{given}" if spoken == "zh" else f"{given} {family}"


def _client(number: int) -> str:
    """An address of its own in the space kept for tests of networks (RFC 2544) and, past that, in 10.0.0.0/8."""
    if number < 1 << 17:
        return f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@cache
def _countries() -> tuple[Sequence[str], Sequence[float]]:
    """Countries with cities enough, and their weights summed up: less than in step with people, so small ones show."""
    living: dict[str, int] = {}
    for city in cities():
        living[city.country] = living.get(city.country, 0) + city.population
    names = sorted(name for name, number in living.items() if number > _MANY)
    return names, list(accumulate(living[name] ** 0.6 for name in names))


@cache
def _language(country: str, languages: tuple[str, ...]) -> str:
    """The country's first official language in which there is a call; else the first of the call's own."""
    spoken = [tag.partition("_")[0] for tag in get_official_languages(country, de_facto=True)]
    return next((tag for tag in spoken if tag in languages), languages[0])
