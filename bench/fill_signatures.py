"""Fills a launched call with signatures that count: `python -m bench.fill_signatures 5000000` on `CLARION_DATA`.

As they stand after the whole road: a signature each, its form's and its confirmation's receipt, the sums. One sealed
box serves for all; ids and address hashes are random. Indexes are taken away meanwhile and made again.
"""

import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.db.models import Model  # noqa: E402

from clarion.campaigns.models import Campaign  # noqa: E402
from clarion.kernel.clock import utc_now  # noqa: E402
from clarion.kernel.keys import read_keys  # noqa: E402
from clarion.kernel.sealing import lock_fields  # noqa: E402
from clarion.privacy.models import Receipt  # noqa: E402
from clarion.settings import ENV  # noqa: E402
from clarion.signatures.actions.counting import change_sums  # noqa: E402
from clarion.signatures.models import Signature  # noqa: E402

COUNTRIES = ("KE", "FR", "ES", "IN", "EG", "US", "BR", "DE")
LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "de")
_AT_ONCE = 50_000
_OVER = timedelta(days=14)  # the last two weeks


def fill(slug: str, count: int) -> None:
    """Store `count` confirmed signatures of the campaign, on SQLite."""
    campaign = Campaign.objects.get(slug=slug)
    indexes = _take_indexes_away()
    box = lock_fields(
        read_keys(ENV.data.keys).field, {"name": "Amina Otieno", "email": "amina@example.org", "postcode": "00100"}
    )
    signature = Signature(
        campaign=campaign, state=Signature.State.CONFIRMED, version=1, consent="sign-en", box=box, public_id="",
        language="", country="", address_hash=b"", signed_at=utc_now(), confirmed_at=utc_now(),
    )  # fmt: skip
    _insert(signature, _signatures(count))
    _insert(Receipt(submission="", at=utc_now()), _receipts(2 * count))
    with connection.cursor() as cursor:
        for statement in indexes:
            cursor.execute(statement)
        cursor.execute("ANALYZE")
    _count(campaign)


def _signatures(count: int) -> Iterator[dict[str, Any]]:
    started = utc_now() - _OVER
    for n in range(count):
        at = started + _OVER * (n / count)
        yield {
            "public_id": secrets.token_hex(16), "address_hash": secrets.token_bytes(16), "signed_at": _stored(at),
            "confirmed_at": _stored(at), "last_mailed_at": _stored(at), "country": COUNTRIES[n % 8],
            "language": LANGUAGES[n % 8],
        }  # fmt: skip


def _receipts(count: int) -> Iterator[dict[str, Any]]:
    started = utc_now() - _OVER
    for n in range(count):
        yield {"submission": secrets.token_hex(16), "at": _stored(started + _OVER * (n / count))}


def _stored(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _insert(model: Model, rows: Iterator[dict[str, Any]]) -> None:
    """Rows like `model`, each with some values of its own."""
    fields = [field for field in model._meta.concrete_fields if not (field.primary_key and field.name == "id")]
    common = {
        field.name: field.get_db_prep_save(getattr(model, field.attname), connection=connection) for field in fields
    }
    columns = ", ".join(str(field.column) for field in fields)
    places = ", ".join(f":{field.name}" for field in fields)
    statement = f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({places})"  # noqa: S608 - our own names
    connection.ensure_connection()
    assert connection.connection is not None
    while some := list(islice(rows, _AT_ONCE)):
        with transaction.atomic():
            connection.connection.executemany(statement, [common | row for row in some])


def _take_indexes_away() -> list[str]:
    """What makes them again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name IN ('signatures_signature', 'privacy_receipt')"
        )
        found = list(cursor.fetchall())
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        for pragma in ("synchronous=OFF", "cache_size=-500000", "wal_autocheckpoint=100000"):
            cursor.execute(f"PRAGMA {pragma}")
    return [statement for _, statement in found]


@transaction.atomic
def _count(campaign: Campaign) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT substr(confirmed_at, 1, 10), country, count(*) FROM signatures_signature GROUP BY 1, 2")
        found = cursor.fetchall()
    sums = {(campaign.pk, datetime.fromisoformat(day).date(), country): count for day, country, count in found}
    change_sums(sums, now=utc_now())


if __name__ == "__main__":
    fill("clean-water", int(sys.argv[1]))
