"""What a give page says, and whether an IBAN and a BIC can be right. No Django, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException


@dataclass(frozen=True, slots=True)
class GiveLink:
    """One way to give elsewhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class GiveText:
    """How to give, in one language, as written. IBAN and BIC in compact form."""

    language: str
    title: str
    beneficiary: str = ""
    iban: str = ""
    bic: str = ""
    reference: str = ""
    links: tuple[GiveLink, ...] = ()
    body: str = ""


def account_of(page: GiveText) -> tuple[str, str, str]:
    """What is one for all languages; reference, links and words are each language's own."""
    return page.beneficiary, page.iban, page.bic


def with_account_of(page: GiveText, pages: Mapping[str, GiveText]) -> dict[str, GiveText]:
    """`pages` with the account of `page` in every language."""
    holder, iban, bic = account_of(page)
    return {tag: replace(other, beneficiary=holder, iban=iban, bic=bic) for tag, other in pages.items()}


def compact(code: str) -> str:
    """An IBAN or BIC without blanks, in capitals."""
    return "".join(code.split()).upper()


def is_iban(code: str) -> bool:
    """Whether `code` is an IBAN with the length of its country and the right check digits (ISO 13616)."""
    try:
        IBAN(code)
    except (SchwiftyException, ValueError):
        return False
    return True


def is_bic(code: str) -> bool:
    """Whether `code` has the shape of a BIC (ISO 9362)."""
    try:
        BIC(code)
    except (SchwiftyException, ValueError):
        return False
    return True


def accounts(pages: Iterable[GiveText]) -> frozenset[str]:
    """The different IBANs that these pages name: more than one is a mistake."""
    return frozenset(page.iban for page in pages if page.iban)


def readable_iban(code: str) -> str:
    """An IBAN in groups of four, as people copy it."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))
