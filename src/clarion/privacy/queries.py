"""What is held about an address."""

from collections.abc import Collection
from dataclasses import dataclass

from clarion.events.models import Event
from clarion.events.queries import events_of_host
from clarion.kernel.addresses import same_spelling
from clarion.kernel.keys import KeyRing
from clarion.kernel.sealing import unlock_fields
from clarion.signatures.models import Signature
from clarion.signatures.queries import signatures_of_address


@dataclass(frozen=True, slots=True)
class Held:
    """The signatures and events that belong to one spelling of an address."""

    signatures: tuple[Signature, ...]
    events: tuple[Event, ...]

    def __bool__(self) -> bool:
        return bool(self.signatures or self.events)


def held_about(address: str, found_by: bytes, field_keys: KeyRing) -> Held:
    """What is held under this very spelling: another spelling may be another person's mailbox."""
    signatures = [row for row in signatures_of_address(found_by) if _is_of(row.box, address, field_keys)]
    events = [row for row in events_of_host(found_by) if _is_of(row.host_box, address, field_keys)]
    return Held(tuple(signatures), tuple(events))


def _is_of(box: bytes | memoryview | None, address: str, field_keys: KeyRing) -> bool:
    return box is not None and same_spelling(unlock_fields(field_keys, bytes(box))["email"], address)


def confirmed_hosts(hashes: Collection[bytes]) -> set[bytes]:
    """Those addresses of which an event is confirmed on this server."""
    asked = set(hashes)
    hosts = Event.objects.filter(host_hash__in=asked, confirmed_at__isnull=False).values_list("host_hash", flat=True)
    return {bytes(one or b"") for one in hosts} & asked
