"""When many signatures are a wave: pure decisions, and every number in them (ADR 0012, `docs/operate/waves.md`).

A trait alone holds nobody: a hall, a campus or a country's phones share one network, a company one mail domain, a
nation one country, and many people one name. A wave is held where two traits agree, or where a country signs more
than it has people for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import ClassVar, Literal

from clarion.kernel.addresses import ascii_domain
from clarion.kernel.errors import Refusal
from clarion.kernel.keys import Key
from clarion.kernel.marks import mark
from clarion.kernel.text import folded

WaveKind = Literal["names", "domain", "network", "mailboxes", "country"]
Decision = Literal["release", "void", "undo"]

WINDOW = timedelta(hours=1)  # by the moment of confirming
SHARE_OF_A_NAME = Fraction(1, 10)  # of all that were confirmed in the window
ALIKE = 4  # signatures for each different name (or network): no crowd of people has so few
SHARE_OF_A_PEOPLE = Fraction(1, 50)  # of a country's inhabitants, in one hour
COUNTRY_FROM = Fraction(1, 5)  # of CLARION_WAVE_FROM: small places need fewer
WITH_DIGITS = "#"

# Where so many have their mailbox that sharing it says nothing. What is missing costs little: a domain alone holds
# nobody either.
_PROVIDERS = """
    gmail.com googlemail.com yahoo.com ymail.com rocketmail.com hotmail.com outlook.com live.com msn.com icloud.com
    me.com mac.com aol.com proton.me protonmail.com pm.me zoho.com fastmail.com mail.com tutanota.com tuta.io hey.com
    yahoo.co.uk yahoo.co.in yahoo.co.jp yahoo.co.id yahoo.com.br yahoo.com.ar yahoo.com.mx yahoo.fr yahoo.de yahoo.es
    yahoo.it yahoo.in yahoo.ca hotmail.co.uk hotmail.fr hotmail.de hotmail.es hotmail.it outlook.fr outlook.de
    outlook.es outlook.it outlook.com.br live.co.uk live.fr live.nl live.com.mx gmx.de gmx.net gmx.at gmx.ch gmx.com
    web.de t-online.de freenet.de arcor.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr sfr.fr laposte.net
    bbox.fr neuf.fr libero.it virgilio.it tiscali.it alice.it tin.it terra.com.br uol.com.br bol.com.br ig.com.br
    globo.com btinternet.com sky.com virginmedia.com talktalk.net ntlworld.com comcast.net verizon.net att.net
    sbcglobal.net cox.net charter.net bellsouth.net earthlink.net shaw.ca rogers.com sympatico.ca videotron.ca
    bigpond.com optusnet.com.au xtra.co.nz mail.ru bk.ru list.ru inbox.ru internet.ru yandex.ru yandex.com ya.ru
    rambler.ru ukr.net i.ua meta.ua qq.com foxmail.com 163.com 126.com sina.com sina.cn sohu.com aliyun.com 139.com
    189.cn naver.com daum.net hanmail.net nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp rediffmail.com
    seznam.cz centrum.cz email.cz azet.sk wp.pl o2.pl interia.pl onet.pl op.pl poczta.fm abv.bg mail.bg citromail.hu
    freemail.hu telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl hetnet.nl home.nl xs4all.nl bluewin.ch
    telia.com spray.se online.no walla.co.il walla.com mynet.com ttmail.com sapo.pt telefonica.net
"""
_LARGE_PROVIDERS = frozenset(_PROVIDERS.split())
# Nobody's (RFC 2606, section 3): trials and load tests have mailboxes there, waves never.
_NOBODYS = (".example.com", ".example.net", ".example.org")


class AlreadyDecided(Refusal):
    """Another admin was faster: the wave is not in the state from which this decision leads."""

    code: ClassVar[str] = "wave-already-decided"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Signatures confirmed in one window that share something: how many, under how many different names, of how many.

    `networks`: from how many different ones they were sent.
    """

    size: int
    names: int
    of: int
    networks: int = 0


def name_pattern(name: str) -> str:
    """What of a name is compared: without case and accents; all names with digits in them are alike."""
    return WITH_DIGITS if has_digits(name) else folded(name)


def has_digits(name: str) -> bool:
    """Whether a name holds a digit of any script: people's names do not."""
    return any(c.isdigit() for c in name)


def name_mark(name: str, key: Key) -> int:
    """The mark of a name's pattern."""
    return mark(key, "name", name_pattern(name))


def domain_mark(address: str, key: Key) -> int:
    """The mark of an address's mail domain; 0 where that says nothing."""
    domain = ascii_domain(address.rpartition("@")[2])
    return 0 if domain in _LARGE_PROVIDERS or f".{domain}".endswith(_NOBODYS) else mark(key, "domain", domain)


def is_wave(kind: WaveKind, crowd: Crowd, wave_from: int) -> bool:
    """Whether what the crowd shares, and what else it is like, makes a wave; for countries see `is_beyond_belief`."""
    if not wave_from or crowd.size < wave_from:
        return False
    match kind:
        case "names":  # one name, or names with digits, from few networks
            return crowd.size >= crowd.of * SHARE_OF_A_NAME and crowd.size >= crowd.networks * ALIKE
        case "domain" | "network":  # of no large provider; whatever the network
            return crowd.size >= crowd.names * ALIKE
        case "mailboxes":  # one network and one domain at once
            return True
        case "country":
            return False


def is_beyond_belief(size: int, people: int | None, wave_from: int) -> bool:
    """Whether more signed in an hour than ever would of a country of so many `people`."""
    return bool(wave_from) and people is not None and size >= wave_from * COUNTRY_FROM and size > people_who_may(people)


def people_who_may(people: int) -> int:
    """How many signatures an hour are believed of a country of so many people."""
    return int(people * SHARE_OF_A_PEOPLE)


@dataclass(frozen=True, slots=True)
class Marked:
    """What a signature is compared by."""

    networks: tuple[int, ...]
    domain: int | None
    name: int | None
    country: str


@dataclass(frozen=True, slots=True)
class Traits:
    """What the signatures of one wave share. Once the marks are gone (`networks` empty), nothing shares them."""

    kind: WaveKind
    networks: frozenset[int] = frozenset()
    domain: int | None = None
    name: int | None = None
    country: str = ""

    def fit(self, one: Marked) -> bool:
        """Whether a signature belongs to the wave."""
        is_near = not self.networks.isdisjoint(one.networks)
        match self.kind:
            case "names":
                return self.name is not None and one.name == self.name
            case "domain":
                return self.domain is not None and one.domain == self.domain
            case "network":
                return is_near
            case "mailboxes":
                return is_near and self.domain is not None and one.domain == self.domain
            case "country":
                return one.country == self.country


def fitting(waves: Collection[tuple[int, Traits]], one: Marked) -> int | None:
    """The first of `waves` (number, traits) to which a signature belongs."""
    return next((number for number, traits in waves if traits.fit(one)), None)
