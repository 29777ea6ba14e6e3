"""One worker at a time for an address: what says "once for each person" is decided by nobody else meanwhile.

SQLite lets one transaction write anyway. On PostgreSQL several workers drain at once, and a row that is not there yet
cannot be locked: so a batch first holds the addresses that it is about, all of them, in one order for every worker.
"""

from collections.abc import Iterable, Sequence

from django.db import connection

from clarion.events.models import Event
from clarion.kernel.keys import Keys
from clarion.kernel.sealing import hashed_address
from clarion.kernel.submissions import Submission
from clarion.signatures.models import Signature

_NUMBER_BYTES = 8  # of a keyed hash; two that share them wait for each other, and no more


def hold_addresses(submissions: Sequence[Submission], *, keys: Keys) -> None:
    """Wait until no other transaction is about these people, and keep others waiting until this one ends."""
    if connection.vendor != "postgresql":
        return
    numbers = {int.from_bytes(one[:_NUMBER_BYTES], signed=True) for one in _concerned(submissions, keys)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [sorted(numbers)])


def _concerned(submissions: Iterable[Submission], keys: Keys) -> set[bytes]:
    """Hashes of the addresses that were typed and of those behind links; else the id of what a form is about."""
    found: set[bytes] = set()
    linked: list[str] = []
    for one in submissions:
        if email := one.fields.get("email"):
            found.add(hashed_address(email, keys))
        if one.link is not None:
            linked.append(one.link.record)
        elif not email:
            found.add(bytes.fromhex(one.id))
    return found | _behind_links(linked)


def _behind_links(records: Sequence[str]) -> set[bytes]:
    """Whose these records are; one that is erased or unknown stands for itself."""
    if not records:
        return set()
    signers = Signature.objects.filter(public_id__in=records, address_hash__isnull=False)
    hosts = Event.objects.filter(public_id__in=records, host_hash__isnull=False)
    pairs = [*signers.values_list("public_id", "address_hash"), *hosts.values_list("public_id", "host_hash")]
    owners = {record: bytes(one or b"") for record, one in pairs}
    return {owners.get(record) or bytes.fromhex(record) for record in records}
