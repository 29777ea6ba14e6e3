"""Accepted sign forms become pending signatures, each with the promise of a mail to the owner of the address."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from clarion.campaigns.models import Campaign, ConsentWording, Version
from clarion.kernel.keys import Keys
from clarion.kernel.sealing import hashed_address, lock_fields, unlock_fields
from clarion.kernel.submissions import Submission
from clarion.outbox.actions import MailPromise, note_capped_mails, promise_mails
from clarion.outbox.models import Mail
from clarion.outbox.queries import mail_cap
from clarion.outbox.rules import MailCap
from clarion.places.countries import NO_SETTINGS, CountrySettings, merged
from clarion.signatures.models import Signature
from clarion.signatures.queries import addresses_confirmed_here
from clarion.signatures.rules import SAME_FORM_WITHIN, EarlierForm, SignForm, is_same_form
from clarion.signatures.wave_rules import domain_mark, name_mark

CONFIRM_KIND = "confirm-signature"


def no_hosts(_: Collection[bytes]) -> set[bytes]:
    """Nobody: for callers that know of no events."""
    return set()


@transaction.atomic
def take_signatures(
    submissions: Sequence[Submission],
    *,
    keys: Keys,
    now: datetime,
    hosts: Callable[[Collection[bytes]], set[bytes]] = no_hosts,
    countries: CountrySettings = NO_SETTINGS,
) -> int:
    """Store a batch of sign forms and promise their mails; gives how many became rows.

    Forms of one address that say the same within ten minutes are one, and a form whose mail the cap holds back
    leaves nothing. The caller sees to it that a submission comes once. `hosts` gives those addresses of which an
    event is confirmed here.
    """
    forms = _read_forms(submissions, keys, countries)
    hashes = {form.address_hash for _, form in forms}
    earlier = _earlier_forms(hashes, [form.at for _, form in forms])
    known = addresses_confirmed_here(hashes) | hosts(hashes)
    choice = _Choice(earlier, mail_cap(hashes, confirmed_here=known, now=now), keys)
    taken = [(campaign, form) for campaign, form in forms if choice.takes(campaign, form)]
    Signature.objects.bulk_create(_row(campaign, form, keys) for campaign, form in taken)
    note_capped_mails(choice.cap, now=now)
    promise_mails((_mail(campaign, form) for campaign, form in taken), now=now)
    return len(taken)


def _read_forms(
    submissions: Sequence[Submission], keys: Keys, countries: CountrySettings
) -> list[tuple[Campaign, SignForm]]:
    """The forms with their campaigns, oldest first; those of a campaign that is not here are left out."""
    campaigns = {one.slug: one for one in Campaign.objects.filter(slug__in={s.campaign for s in submissions})}
    bindings = _Bindings(campaigns.values())
    found = []
    for submission in sorted(submissions, key=lambda one: one.at):
        campaign = campaigns.get(submission.campaign)
        if campaign is not None:
            found.append((campaign, _read_form(submission, campaign, bindings, keys, countries)))
    return found


def _read_form(
    submission: Submission, campaign: Campaign, bindings: "_Bindings", keys: Keys, countries: CountrySettings
) -> SignForm:
    said = submission.fields
    return SignForm(
        id=submission.id,
        address_hash=hashed_address(said["email"], keys),
        name=said["name"],
        email=said["email"],
        postcode=said.get("postcode", ""),
        country=merged(said["country"], countries),
        version=int(said["version"]) if "version" in said else bindings.version(campaign),
        language=submission.language,
        consent=said.get("consent") or bindings.consent(campaign, submission.language),
        at=submission.accepted_at,
        is_slow=submission.is_slow,
        networks=submission.networks,
    )


class _Bindings:
    """To what a form without `version` or `consent` is bound: the present version, the present wording."""

    def __init__(self, campaigns: Collection[Campaign]) -> None:
        versions = Version.objects.filter(campaign__in=campaigns).values("campaign").annotate(last=Max("number"))
        self._versions: dict[int, int] = dict(versions.values_list("campaign", "last"))
        wordings = ConsentWording.objects.filter(campaign__in=campaigns, form="sign").order_by("first_used_at", "pk")
        self._consents = {
            (number, language): wording_id
            for number, language, wording_id in wordings.values_list("campaign", "language", "wording_id")
        }

    def version(self, campaign: Campaign) -> int:
        return self._versions.get(campaign.pk, 1)

    def consent(self, campaign: Campaign, language: str) -> str:
        return self._consents.get((campaign.pk, language), "")


@dataclass(frozen=True, slots=True)
class _Stored:
    """A row that may be the same form; its box is opened only if the rest agrees."""

    box: bytes
    country: str
    version: int
    at: datetime

    def form(self, name: str) -> EarlierForm:
        return EarlierForm(name, self.country, self.version, self.at)


def _earlier_forms(hashes: Collection[bytes], moments: Sequence[datetime]) -> dict[tuple[int, bytes], list[_Stored]]:
    """What stands of these addresses and was signed near these moments. Withdrawn and denied rows hold no hash."""
    found: dict[tuple[int, bytes], list[_Stored]] = defaultdict(list)
    if not moments:
        return found
    near = (min(moments) - SAME_FORM_WITHIN, max(moments) + SAME_FORM_WITHIN)
    rows = Signature.objects.filter(address_hash__in=hashes, signed_at__range=near, box__isnull=False)
    for number, address_hash, box, country, version, at in rows.values_list(
        "campaign", "address_hash", "box", "country", "version", "signed_at"
    ):
        found[number, bytes(address_hash or b"")].append(_Stored(bytes(box or b""), country, version, at))
    return found


@dataclass(slots=True)
class _Choice:
    """Which forms of a batch become rows."""

    stored: dict[tuple[int, bytes], list[_Stored]]
    cap: MailCap
    keys: Keys
    fresh: dict[tuple[int, bytes], list[SignForm]] = field(default_factory=lambda: defaultdict(list))

    def takes(self, campaign: Campaign, form: SignForm) -> bool:
        where = (campaign.pk, form.address_hash)
        if any(self._is_stored(form, one) for one in self.stored.get(where, ())):
            return False
        if any(
            is_same_form(form, EarlierForm(one.name, one.country, one.version, one.at)) for one in self.fresh[where]
        ):
            return False
        if not self.cap.take(form.address_hash, campaign.slug):
            return False
        self.fresh[where].append(form)
        return True

    def _is_stored(self, form: SignForm, one: _Stored) -> bool:
        # All but the name first: opening a box costs more than the rest together.
        if not is_same_form(form, one.form(form.name)):
            return False
        name: str = unlock_fields(self.keys.field, one.box)["name"]
        return is_same_form(form, one.form(name))


def _row(campaign: Campaign, form: SignForm, keys: Keys) -> Signature:
    today, before = (*form.networks, None, None)[:2]
    return Signature(
        public_id=form.id,
        campaign=campaign,
        version=form.version,
        language=form.language,
        consent=form.consent,
        country=form.country,
        address_hash=form.address_hash,
        box=lock_fields(keys.field, {"name": form.name, "email": form.email, "postcode": form.postcode}),
        signed_at=form.at,
        network_mark=today,
        network_mark_before=before,
        domain_mark=domain_mark(form.email, keys.dedupe.current),
        name_mark=name_mark(form.name, keys.dedupe.current),
    )


def _mail(campaign: Campaign, form: SignForm) -> MailPromise:
    lane = Mail.Lane.SLOW if form.is_slow else Mail.Lane.CONFIRMATIONS
    return MailPromise(CONFIRM_KIND, form.id, form.language, campaign.slug, lane)


def note_mailed(public_ids: Collection[str], *, now: datetime) -> None:
    """An attempt was made to send the confirmation mails of these: their seven days begin anew."""
    mailed = Signature.objects.filter(public_id__in=public_ids, state=Signature.State.PENDING)
    # In the order in which those who confirm are locked, for some are quick.
    rows = list(mailed.select_for_update().order_by("pk").values_list("pk", flat=True))
    Signature.objects.filter(pk__in=rows).update(last_mailed_at=now)
