"""What signatures mail: the one that asks for confirmation, and the last one after withdrawing.

The first is on the hot road, so it is rendered by the batch and from moulds. Nothing in it was chosen by whoever
filled in the form: not the name, and of country and time only what we write ourselves.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import call_title, call_titles
from clarion.kernel.addresses import same_spelling
from clarion.kernel.forms import NO_COUNTRY
from clarion.kernel.ids import RecordId
from clarion.kernel.keys import KeyRing
from clarion.kernel.links import Link, LinkKind
from clarion.kernel.sealing import unlock_fields
from clarion.locale.voice import Voice, voice
from clarion.outbox.letters import BatchRenderer, Desk, Letter, one_by_one
from clarion.outbox.models import Mail
from clarion.outbox.queries import denied_hashes
from clarion.outbox.rendering import Mould, make_mould, render_letter
from clarion.places.countries import country_name
from clarion.signatures.models import STANDING, Signature
from clarion.signatures.rules import CONFIRM_WITHIN

# What the owner of an address is told of it: nothing known yet, another form still waits, or counted already.
Standing = Literal["new", "pending", "counted"]
_SLOTS = ("confirm_url", "withdraw_url", "signed_at", "country")
State = Signature.State


def confirm_signature(mails: Sequence[Mail], desk: Desk) -> list[Letter | None]:
    """The letters that ask to confirm; None for a signature that does not wait any more."""
    ids = [mail.record for mail in mails]
    rows = {row.public_id: row for row in _waiting(ids)}
    hashes = {bytes(row.address_hash or b"") for row in rows.values()}
    batch = _Batch(desk, denied_hashes(hashes, now=desk.now), _others(hashes))
    return [batch.letter(rows[mail.record], mail.language) if mail.record in rows else None for mail in mails]


def _waiting(ids: Sequence[str]) -> list[Signature]:
    """The rows that wait, with their campaigns: each campaign read once, since one may carry a picture."""
    rows = list(Signature.objects.filter(public_id__in=ids, state=State.PENDING, box__isnull=False))
    campaigns = Campaign.objects.defer("picture").in_bulk({row.campaign_id for row in rows})
    for row in rows:
        row.campaign = campaigns[row.campaign_id]
    return rows


_Others = Mapping[tuple[int, bytes], Sequence[Signature]]


def _others(hashes: set[bytes]) -> _Others:
    """All that stands of these addresses, by campaign and address."""
    found: dict[tuple[int, bytes], list[Signature]] = defaultdict(list)
    standing = Signature.objects.filter(address_hash__in=hashes, state__in=(State.PENDING, *STANDING))
    for row in standing.only("public_id", "campaign_id", "address_hash", "box", "state", "signed_at"):
        found[row.campaign_id, bytes(row.address_hash or b"")].append(row)
    return found


class _Batch:
    """One batch of confirmation mails: what they share is looked up once."""

    def __init__(self, desk: Desk, denied: set[bytes], others: _Others) -> None:
        self._desk = desk
        self._denied = denied
        self._others = others
        self._titles: dict[int, Mapping[str, str]] = {}
        self._expires_at = int((desk.now + CONFIRM_WITHIN).timestamp())

    def letter(self, row: Signature, language: str) -> Letter:
        address_hash = bytes(row.address_hash or b"")
        address = _address(row, self._desk.field_keys)
        standing, lasting = _standing(row, address, self._others[row.campaign_id, address_hash], self._desk.field_keys)
        speak = voice(language, self._desk.strings)
        mould = self._mould(row.campaign, language, standing)
        kind = LinkKind.CONFIRM_TYPED if address_hash in self._denied else LinkKind.CONFIRM
        confirm = Link(kind, row.campaign_id, RecordId(row.public_id), expires_at=self._expires_at)
        base = f"{self._desk.public_url}/{row.campaign.slug}/{language}"
        values = {
            "confirm_url": f"{base}/confirm/{self._desk.sign(confirm)}",
            "withdraw_url": f"{base}/withdraw/{self._desk.sign(withdraw_link(lasting))}",
            "signed_at": _moment(speak, row.signed_at.replace(second=0, microsecond=0)),
            "country": _country(row.country, speak),
        }
        return mould.fill(address, values)

    def _mould(self, campaign: Campaign, language: str, standing: Standing) -> Mould:
        if campaign.pk not in self._titles:
            self._titles[campaign.pk] = call_titles(campaign)
        titles = self._titles[campaign.pk]
        title = titles.get(language) or titles[campaign.default_language]
        return _mould(language, self._desk.strings, standing, title, campaign.organiser_name, campaign.is_discreet)


@lru_cache(maxsize=256)
def _moment(speak: Voice, minute: datetime) -> str:
    return speak.moment(minute)


@lru_cache(maxsize=256)
def _mould(
    language: str, strings: Path | None, standing: Standing, title: str, sender_name: str, is_discreet: bool
) -> Mould:
    speak = voice(language, strings)
    return make_mould(
        "signatures/confirm-signature",
        speak,
        _SLOTS,
        subject=_subject(speak, standing, title, is_discreet),
        sender_name=sender_name,
        title=title,
        title_language=language,
        standing=standing,
    )


def _subject(speak: Voice, standing: Standing, title: str, is_discreet: bool) -> str:
    if is_discreet:
        return speak.gettext("Please confirm your e-mail address")
    if standing == "counted":
        return speak.gettext("You have signed already: {title}").format(title=title)
    return speak.gettext("Confirm your signature: {title}").format(title=title)


def _standing(row: Signature, address: str, others: Sequence[Signature], ring: KeyRing) -> tuple[Standing, Signature]:
    """What may be told: only what was recorded under this very spelling; any other gets an ordinary mail.

    And the row that the link to withdraw names: the one that counts, for this one is erased in a week.
    """
    told = [
        one
        for one in others
        if one.public_id != row.public_id
        and (one.state in STANDING or one.signed_at < row.signed_at)
        and same_spelling(_address(one, ring), address)
    ]
    counted = next((one for one in told if one.state in STANDING), None)
    if counted:
        return "counted", counted
    return ("pending" if told else "new"), row


def _address(row: Signature, ring: KeyRing) -> str:
    address: str = unlock_fields(ring, bytes(row.box or b""))["email"]
    return address


def _country(code: str, speak: Voice) -> str:
    return speak.gettext("not said") if code in ("", NO_COUNTRY) else country_name(code, speak.spoken)


def withdraw_link(row: Signature) -> Link:
    """The link that takes a signature back. It never expires."""
    return Link(LinkKind.WITHDRAW, row.campaign_id, RecordId(row.public_id))


def withdrawn(mail: Mail, desk: Desk) -> Letter | None:
    """The last mail: it is done. None where the address has been let go of already."""
    row = Signature.objects.select_related("campaign").filter(public_id=mail.record, state=State.WITHDRAWN).first()
    if row is None or row.box is None:
        return None
    speak = voice(mail.language, desk.strings)
    title = call_title(row.campaign, mail.language)
    named = speak.gettext("Your signature is withdrawn: {title}").format(title=title)
    return render_letter(
        "signatures/withdrawn",
        speak,
        to=_address(row, desk.field_keys),
        subject=speak.gettext("It is done") if row.campaign.is_discreet else named,
        sender_name=row.campaign.organiser_name,
        title=title,
        title_language=mail.language,
    )


RENDERERS: Mapping[str, BatchRenderer] = {
    "confirm-signature": confirm_signature,
    "withdrawn": one_by_one(withdrawn),
}
