"""Pages that are read: ways to give, news, and every version of the text as it was signed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

import segno
from markupsafe import Markup
from schwifty import IBAN

from clarion.campaigns.models import Campaign, Statement, Version
from clarion.campaigns.queries import all_versions, hashes_by_version, statements_in
from clarion.campaigns.rules import is_behind
from clarion.donations.models import GivePage
from clarion.kernel.languages import native_name
from clarion.pages.site import Page, Raw, Scene


def pages_of(scene: Scene) -> Iterator[Page | Raw]:
    """`give/`, `updates/`, and `versions/` with one page for each version that has a text in this language."""
    if scene.ways.give and scene.give:
        yield Page(
            scene.at("give/"),
            "pages/give.html",
            {"account": account_of(scene.give), "links": [_give_link(link) for link in scene.give.links]},
        )
    yield from update_pages(scene)
    versions = all_versions(scene.campaign)
    yield from version_pages(scene, versions)
    yield from raw_statements(scene, versions)


# ---- ways to give


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account as people copy it, and as a picture that their bank's app reads (None outside of SEPA)."""

    beneficiary: str
    iban: str
    bic: str
    reference: str
    code: Markup | None


def account_of(page: GivePage) -> Account | None:
    """The account of a give page, or None where it names none."""
    if not page.iban:
        return None
    iban = IBAN(page.iban)
    code = qr_svg(epc_code(page, str(iban))) if iban.in_sepa_zone else None
    return Account(page.beneficiary, iban.formatted, page.bic, page.reference, code)


@dataclass(frozen=True, slots=True)
class GiveLink:
    """A way to give elsewhere: its words, its address, and the host that it leads to."""

    text: str
    url: str
    host: str


def _give_link(link: Mapping[str, str]) -> GiveLink:
    return GiveLink(link["text"], link["url"], urlsplit(link["url"]).hostname or "")


def epc_lines(page: GivePage, iban: str) -> list[str]:
    """A transfer in euros as banking apps read it (EPC069-12, version 002); the amount is left to the giver."""
    service, version, utf8, transfer = "BCD", "002", "1", "SCT"
    amount, purpose, structured_reference = "", "", ""
    return [
        service, version, utf8, transfer, page.bic, page.beneficiary, iban, amount, purpose, structured_reference,
        page.reference,
    ]  # fmt: skip


def epc_code(page: GivePage, iban: str) -> segno.QRCode:
    """The QR code of a transfer. segno's own `make_epc_qr` insists on an amount, which the standard does not."""
    text = "\n".join(epc_lines(page, iban)).rstrip("\n")
    return segno.make_qr(text, error="m", boost_error=False, encoding="utf-8", mode="byte")


def qr_svg(code: segno.QRCode) -> Markup:
    """A QR code as an SVG that takes its size from the style sheet."""
    return Markup(code.svg_inline(border=3, omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff"))  # noqa: S704


# ---- updates


def update_pages(scene: Scene) -> Iterator[Page]:
    """`updates/` with all news in this language, and an address for each."""
    yield Page(scene.at("updates/"), "pages/updates.html")
    days = languages_by_day(scene.campaign)
    for update in scene.updates:
        address = scene.at(f"updates/{update.posted_on.isoformat()}/")
        yield Page(address, "pages/update.html", {"update": update}, languages=days[update.posted_on])


def languages_by_day(campaign: Campaign) -> Mapping[date, frozenset[str]]:
    """In which languages there is an update, by its day."""
    days: dict[date, set[str]] = {}
    for day, language in campaign.updates.order_by().values_list("posted_on", "language"):
        days.setdefault(day, set()).add(language)
    return {day: frozenset(languages) for day, languages in days.items()}


# ---- versions


@dataclass(frozen=True, slots=True)
class VersionText:
    """One version in one language, and what a reader should know about that text.

    `behind`: the version it translates, where the original has changed since; `others`: the same version in other
    languages, each with its own name and address (its raw file where the call no longer speaks that language).
    """

    number: int
    at: datetime
    statement: Statement
    is_current: bool
    behind: int | None
    address: str
    others: tuple[tuple[str, str, str], ...]


def version_pages(scene: Scene, versions: Sequence[Version]) -> Iterator[Page]:
    """`versions/` and the texts in this language; the pages of a language that an old version lacked are not there."""
    texts = version_texts(scene, versions)
    yield Page(scene.at("versions/"), "pages/versions.html", {"texts": texts[::-1]})
    for text, version in zip(texts, _with_language(versions, scene.language), strict=True):
        languages = [tag for tag in scene.languages if tag in _languages_in(version)]
        yield Page(text.address, "pages/version.html", {"text": text}, languages=languages)


def version_texts(scene: Scene, versions: Sequence[Version]) -> list[VersionText]:
    """The versions that have a text in the scene's language, oldest first."""
    originals = hashes_by_version(scene.campaign).get(scene.campaign.default_language, {})
    return [_version_text(scene, version, originals) for version in _with_language(versions, scene.language)]


def _version_text(scene: Scene, version: Version, originals: Mapping[int, str]) -> VersionText:
    statements = statements_in(version, scene.campaign)
    statement = statements[scene.language]
    until_then = {number: sha256 for number, sha256 in originals.items() if number <= version.number}
    is_late = scene.language != scene.campaign.default_language and is_behind(statement.translates, until_then)
    return VersionText(
        version.number,
        version.created_at,
        statement,
        version.number == scene.version.number,
        statement.translates if is_late else None,
        scene.at(f"versions/{version.number}/"),
        tuple(_other(scene, tag, version.number) for tag in statements if tag != scene.language),
    )


def _other(scene: Scene, language: str, number: int) -> tuple[str, str, str]:
    rest = f"versions/{number}/" if language in scene.languages else f"versions/{number}/statement.md"
    return language, native_name(language), scene.at(rest, language)


def _with_language(versions: Sequence[Version], language: str) -> list[Version]:
    return [version for version in versions if language in _languages_in(version)]


def _languages_in(version: Version) -> frozenset[str]:
    return frozenset(statement.language for statement in version.statements.all())


def raw_statements(scene: Scene, versions: Iterable[Version]) -> Iterator[Raw]:
    """The statements byte for byte as launched: those in this language, and with the default one the orphans.

    A language that the call has given up keeps its files: people signed these texts.
    """
    for version in versions:
        for statement in version.statements.all():
            language = statement.language
            is_orphan = language not in scene.languages and scene.language == scene.campaign.default_language
            if language == scene.language or is_orphan:
                path = f"{scene.slug}/{language}/versions/{version.number}/statement.md"
                yield Raw(path, bytes(statement.raw))
