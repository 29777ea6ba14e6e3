"""Builders: plain functions that store one thing, with a default for every argument."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from clarion.campaigns.models import Campaign, ConsentWording, Statement, Version
from clarion.events.models import Event
from clarion.kernel.addresses import canonical
from clarion.kernel.ids import RecordId, new_id
from clarion.kernel.keys import Keys
from clarion.kernel.links import Link, LinkKind
from clarion.kernel.sealing import keyed_hash, lock_fields
from clarion.kernel.submissions import Submission
from clarion.organisers.models import Membership, Organiser, Team
from clarion.places.models import Venue, VenueList
from clarion.signatures.models import Signature, Wave
from clarion.signatures.wave_rules import domain_mark, name_mark

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_numbers = count(1)


def make_team(*, owner_email: str = "office@example.org", name: str = "Water Committee") -> Team:
    """A team; the same one for the same owner."""
    return Team.objects.get_or_create(owner_email=owner_email, defaults={"name": name})[0]


def make_organiser(
    *,
    email: str | None = None,
    name: str = "Nadia",
    team: Team | None = None,
    role: str = "admin",
    countries: tuple[str, ...] = (),
) -> Organiser:
    """An organiser with a role on a team."""
    organiser = Organiser.objects.create(
        email=email or f"organiser{next(_numbers)}@example.org", name=name, joined_at=NOON
    )
    Membership.objects.create(team=team or make_team(), organiser=organiser, role=role, countries=list(countries))
    return organiser


def make_campaign(
    slug: str = "clean-water",
    *,
    languages: tuple[str, ...] = ("en",),
    title: str = "Clean water in every school",
    is_published: bool = True,
    **fields: Any,
) -> Campaign:
    """A published campaign with one version, a statement and consent wordings in each language (default first)."""
    defaults: dict[str, Any] = {
        "team": make_team(),
        "default_language": languages[0],
        "organiser_name": "Water Committee",
        "organiser_email": "office@example.org",
        "organiser_url": "https://example.org",
        "created_at": NOON - DAY,
        "launched_at": NOON - DAY,
        "is_published": is_published,
    }
    campaign = Campaign.objects.create(slug=slug, **{**defaults, **fields})
    make_version(campaign, languages=languages, title=title)
    for language in languages:
        make_consent(campaign, form="sign", language=language)
        make_consent(campaign, form="host", language=language)
    return campaign


def make_version(
    campaign: Campaign, *, number: int = 1, languages: tuple[str, ...] = ("en",), title: str = "Clean water"
) -> Version:
    """One version with a statement in each language."""
    version = Version.objects.create(campaign=campaign, number=number, created_at=NOON - DAY)
    Statement.objects.bulk_create(
        Statement(
            version=version,
            language=language,
            raw=f"---\ntitle: {title}\n---\nWater.\n".encode(),
            sha256=f"{number:064x}",
            title=title,
            body="Water.\n",
            translates=number,
        )
        for language in languages
    )
    return version


def make_consent(
    campaign: Campaign,
    *,
    form: str = "sign",
    language: str = "en",
    wording_id: str | None = None,
    at: datetime = NOON - DAY,
) -> ConsentWording:
    """A consent wording; its id is `<form>-<language>` unless told."""
    return ConsentWording.objects.create(
        campaign=campaign,
        wording_id=wording_id or f"{form}-{language}",
        form=form,
        language=language,
        text="I agree.",
        first_used_at=at,
    )


def make_venue(campaign: Campaign, *, ref: str = "ke-nairobi", country: str = "KE", **fields: Any) -> Venue:
    """A venue on the list named like the campaign."""
    venue_list = VenueList.objects.get_or_create(name=campaign.slug)[0]
    campaign.venue_lists.add(venue_list)
    defaults: dict[str, Any] = {
        "type": Venue.Type.SQUARE,
        "city": "Nairobi",
        "address": "Main square 1",
        "lat": -1.2864,
        "lon": 36.8172,
        "zone": "Africa/Nairobi",
        "name": "Main square",
    }
    return Venue.objects.create(venue_list=venue_list, ref=ref, country=country, **{**defaults, **fields})


def make_submission(
    form: str = "sign",
    *,
    campaign: str = "clean-water",
    language: str = "en",
    at: datetime = NOON,
    link: Link | None = None,
    target: str | None = None,
    is_slow: bool = False,
    submission_id: RecordId | None = None,
    networks: tuple[int, ...] = (),
    **fields: str,
) -> Submission:
    """A form as intake hands it over; a sign form is Amina's from Kenya unless `fields` say otherwise."""
    sign = {"name": "Amina Otieno", "email": "amina@example.com", "country": "KE"} if form == "sign" else {}
    return Submission(
        submission_id or new_id(), form, campaign, language, at.timestamp(), {**sign, **fields}, link, target, is_slow,
        networks=networks,
    )  # fmt: skip


def make_signature(
    campaign: Campaign,
    keys: Keys,
    *,
    email: str | None = None,
    name: str = "Amina Otieno",
    country: str = "KE",
    state: str = Signature.State.PENDING,
    language: str = "en",
    signed_at: datetime = NOON,
    confirmed_at: datetime | None = None,
) -> Signature:
    """A stored signature, pending unless told; a confirmed one made so is in no tally."""
    email = email or f"signer{next(_numbers)}@example.com"
    if state == Signature.State.CONFIRMED:
        confirmed_at = confirmed_at or signed_at + MINUTE
    return Signature.objects.create(
        public_id=new_id(),
        campaign=campaign,
        state=state,
        version=1,
        language=language,
        consent=f"sign-{language}",
        country=country,
        address_hash=keyed_hash(keys.dedupe.current, canonical(email)),
        box=lock_fields(keys.field, {"name": name, "email": email, "postcode": ""}),
        signed_at=signed_at,
        confirmed_at=confirmed_at,
        last_mailed_at=signed_at,
    )


def make_proposal(
    campaign: str = "clean-water",
    *,
    page_language: str = "en",
    at: datetime = NOON,
    is_slow: bool = False,
    submission_id: RecordId | None = None,
    **fields: str,
) -> Submission:
    """A host form as intake hands it over: a rally in Nairobi on a Thursday evening unless `fields` say otherwise."""
    host = {
        "country": "KE", "city": "Nairobi", "address": "Uhuru Park, main gate", "date": "2026-12-10", "time": "18:00",
        "title": "Cups on the steps", "kind": "rally", "language": "en", "name": "Wanjiru Kamau",
        "email": "wanjiru@example.com", "adult": "on", "public_contact": "@water-nairobi",
    }  # fmt: skip
    if "venue" in fields:
        host = {name: value for name, value in host.items() if name not in ("country", "city", "address")}
    return Submission(
        submission_id or new_id(), "host", campaign, page_language, at.timestamp(), {**host, **fields}, is_slow=is_slow
    )


def make_event(
    campaign: Campaign,
    keys: Keys | None = None,
    *,
    state: str = Event.State.KEPT,
    email: str = "wanjiru@example.com",
    name: str = "Wanjiru Kamau",
    **fields: Any,
) -> Event:
    """A stored event, kept unless told, on the evening of 10 December 2026 in Nairobi; with `keys` it has a host."""
    host: dict[str, Any] = {}
    if keys is not None:
        host = {
            "origin": Event.Origin.PROPOSAL,
            "host_box": lock_fields(keys.field, {"name": name, "email": email}),
            "host_hash": keyed_hash(keys.dedupe.current, canonical(email)),
            "host_language": campaign.default_language,
        }
    was_confirmed = state not in (Event.State.UNCONFIRMED, Event.State.DENIED)
    was_kept = state in (Event.State.KEPT, Event.State.HIDDEN, Event.State.CANCELLED, Event.State.ENDED)
    defaults: dict[str, Any] = {
        "public_id": new_id(), "origin": Event.Origin.LAUNCH, "title": "Cups on the steps", "language": "en",
        "kind": "rally", "country": "KE", "city": "Nairobi", "address": "Uhuru Park", "lat": -1.29, "lon": 36.82,
        "starts_local": "2026-12-10T18:00", "zone": "Africa/Nairobi",
        "starts_at": datetime(2026, 12, 10, 15, 0, tzinfo=UTC), "ends_at": datetime(2026, 12, 10, 17, 0, tzinfo=UTC),
        "proposed_at": NOON - DAY, "confirmed_at": NOON - DAY if was_confirmed and keys else None,
        "kept_at": NOON - HOUR if was_kept else None, "checked": "spoken" if was_kept else "",
    }  # fmt: skip
    return Event.objects.create(campaign=campaign, state=state, **{**defaults, **host, **fields})


def make_confirmation(
    signature: Signature, *, at: datetime = NOON + MINUTE, answer: str = "yes", **said: Any
) -> Submission:
    """A press on a signature's confirmation link, untyped unless `kind` says otherwise."""
    kind = said.pop("kind", LinkKind.CONFIRM)
    expires_at = int((said.pop("mailed_at", NOON) + 7 * DAY).timestamp())
    link = Link(kind, signature.campaign_id, RecordId(signature.public_id), expires_at=expires_at)
    return make_submission("confirm", campaign=signature.campaign.slug, at=at, link=link, answer=answer, **said)


def make_withdrawal(signature: Signature, email: str, *, at: datetime = NOON + HOUR) -> Submission:
    """A withdraw form with an address typed into it."""
    link = Link(LinkKind.WITHDRAW, signature.campaign_id, RecordId(signature.public_id))
    return make_submission("withdraw", campaign=signature.campaign.slug, at=at, link=link, email=email)


def make_wave(
    campaign: Campaign,
    keys: Keys,
    *,
    count: int = 3,
    state: str = Wave.State.HELD,
    name: str = "Jane Doe",
    domain: str = "farm.example",
    since: datetime = NOON,
    step: timedelta = SECOND,
) -> Wave:
    """A wave of one name with so many signatures, one after the other; a released one made so is in no tally."""
    wave = Wave.objects.create(
        public_id=new_id(), campaign=campaign, kind="names", name_mark=name_mark(name, keys.dedupe.current),
        found={"size": count, "names": 1, "of": count, "networks": 1, "people": None},
        since=since, opened_at=since + HOUR,
        state=state, is_settled=True, decided_at=None if state == Wave.State.HELD else since + 2 * HOUR,
    )  # fmt: skip
    belong = {"held": "held", "released": "confirmed", "voided": "voided"}[state]
    for n in range(count):
        at = since + n * step
        row = make_signature(
            campaign, keys, email=f"w{next(_numbers)}@{domain}", name=name, signed_at=at, confirmed_at=at, state=belong
        )
        Signature.objects.filter(pk=row.pk).update(
            wave=wave, name_mark=wave.name_mark, domain_mark=domain_mark(f"@{domain}", keys.dedupe.current),
            network_mark=1, network_mark_before=2,
        )  # fmt: skip
    return wave
