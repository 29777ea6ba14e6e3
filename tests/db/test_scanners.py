"""A scanner that opens every link of every mail, often, by GET and by HEAD, changes nothing: done is what is posted."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings

from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from clarion.kernel.clock import utc_now
from clarion.kernel.files import manage_page
from clarion.kernel.keys import Keys, read_key_ring
from clarion.kernel.links import sign_link
from clarion.kernel.sealing import keyed_hash, lock_fields
from clarion.outbox.actions import note_denial
from clarion.outbox.letters import Desk, Letter
from clarion.outbox.models import Mail
from clarion.privacy.models import MyDataMail
from clarion.signatures.models import Signature
from clarion.worker.mailing import KINDS
from tests.door import HOST, Door
from tests.make import make_campaign, make_event, make_organiser, make_signature
from tests.office import visitor

pytestmark = pytest.mark.django_db

TIMES = 20
EMAIL = "wanjiru@example.com"
LINK = re.compile(r"https?://[^\s\"<>]+")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def door(tmp_path: Path, campaign: Campaign) -> Iterator[Door]:
    """Intake with this campaign, and the pages behind links."""
    opened = Door(tmp_path, policy={"number": campaign.pk, "languages": ("en",)})
    opened.publish_token_pages()
    yield opened
    opened.close()


@pytest.fixture
def desk(door: Door, keys: Keys) -> Desk:
    """Where letters are written, with links that the door knows."""
    link_key = read_key_ring(door.data.keys, "link").current
    return Desk(
        f"http://{HOST}", settings.ENV.office_url, keys.field, lambda link: sign_link(link_key, link), utc_now()
    )


Made = tuple[str, dict[str, str]]  # the record that a mail is about, and its detail


def signature(campaign: Campaign, keys: Keys, **fields: str) -> Made:
    return make_signature(campaign, keys, email=EMAIL, signed_at=utc_now(), **fields).public_id, {}


def typed_signature(campaign: Campaign, keys: Keys) -> Made:
    """Of an address whose owner said before that it was somebody else."""
    found = signature(campaign, keys)
    note_denial(bytes(Signature.objects.get().address_hash or b""), campaign.slug, now=utc_now())
    return found


def event(campaign: Campaign, keys: Keys, **fields: str) -> Made:
    return make_event(campaign, keys, email=EMAIL, **fields).public_id, {}


def typed_event(campaign: Campaign, keys: Keys) -> Made:
    """The same of an event."""
    found = event(campaign, keys, state=Event.State.UNCONFIRMED)
    note_denial(bytes(Event.objects.get().host_hash or b""), campaign.slug, now=utc_now())
    return found


def my_data(campaign: Campaign, keys: Keys) -> Made:
    """Of somebody who signed, holds an event and proposed another."""
    signature(campaign, keys)
    signature(campaign, keys, state=Signature.State.CONFIRMED)
    event(campaign, keys)
    event(campaign, keys, state=Event.State.UNCONFIRMED)
    hashed, box = keyed_hash(keys.dedupe.current, EMAIL), lock_fields(keys.field, {"email": EMAIL})
    return MyDataMail.objects.create(public_id="d" * 32, address_hash=hashed, box=box, at=utc_now()).public_id, {}


def cancelled(campaign: Campaign, keys: Keys) -> Made:
    gone, _ = event(campaign, keys, state=Event.State.CANCELLED)
    return make_organiser(email="mod@example.org", team=campaign.team).public_id, {"event": gone}


def waiting(campaign: Campaign, keys: Keys) -> Made:
    event(campaign, keys, state=Event.State.WAITING)
    return make_organiser(email="mod@example.org", team=campaign.team).public_id, {}


def admin(campaign: Campaign, keys: Keys) -> Made:
    return make_organiser(email="admin@example.org", team=campaign.team).public_id, {"what": "wave-held"}


MADE: Mapping[str, Callable[[Campaign, Keys], Made]] = {
    "confirm-signature": signature,
    "confirm-signature typed": typed_signature,
    "withdrawn": lambda campaign, keys: signature(campaign, keys, state=Signature.State.WITHDRAWN),
    "my-data": my_data,
    "confirm-event": lambda campaign, keys: event(campaign, keys, state=Event.State.UNCONFIRMED),
    "confirm-event typed": typed_event,
    "event-cancelled-notice": cancelled,
    "moderation-digest": waiting,
    "notice-to-admins": admin,
}
NOTHING_TO_OPEN = {"withdrawn", "event-refused"}
CASES = sorted({*MADE, *KINDS})


def letter_of(case: str, campaign: Campaign, keys: Keys, desk: Desk) -> Letter:
    """The mail as it goes out; one about an event unless `MADE` says otherwise."""
    kind = case.partition(" ")[0]
    record, detail = MADE.get(case, event)(campaign, keys)
    mail = Mail(kind=kind, record=record, campaign=campaign.slug, language="en", detail=detail, promised_at=utc_now())
    (letter,) = KINDS[kind]([mail], desk)
    assert letter is not None
    return letter


def publish_pages_of_events(door: Door) -> None:
    for one in Event.objects.all():
        door.publish(f"clean-water/en/events/{one.public_id}/index.html")
        door.publish(manage_page("clean-water", one.public_id, one.generation), folder=door.data.manage)


def links_in(letter: Letter) -> set[str]:
    """Every address in both of its parts."""
    return {html.unescape(link) for part in (letter.text, letter.html) for link in LINK.findall(part)}


def files_of(door: Door) -> dict[Path, bytes]:
    """Every published file, and the policy."""
    parts = (door.data.site, door.data.manage, door.data.policy)
    return {path: path.read_bytes() for part in parts for path in part.rglob("*") if path.is_file()}


def everything() -> dict[str, list[dict[str, object]]]:
    """Every row of every table."""
    return {model._meta.db_table: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()}


@pytest.mark.parametrize("case", CASES)
def test_opening_every_link_of_a_mail_often_changes_nothing(
    case: str, door: Door, campaign: Campaign, keys: Keys, desk: Desk
) -> None:
    links = links_in(letter_of(case, campaign, keys, desk))
    publish_pages_of_events(door)
    before, files = everything(), files_of(door)

    for link in links:
        parts = urlsplit(link)
        address = f"{parts.path}?{parts.query}" if parts.query else parts.path
        for method in ("GET", "HEAD"):
            for _ in range(TIMES):
                if parts.netloc == HOST:
                    assert door.get(address, method=method).status == 200, link
                else:
                    assert link.startswith(settings.ENV.office_url)
                    assert visitor().generic(method, address).status_code == 302, link

    assert bool(links) == (case not in NOTHING_TO_OPEN)
    assert door.taken() == []
    assert everything() == before
    assert files_of(door) == files
