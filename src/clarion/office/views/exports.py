"""CSV exports: streamed, never a file here, after signing in again; every other admin hears of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns.models import Campaign
from clarion.events.models import Event
from clarion.kernel.clock import utc_now
from clarion.kernel.keys import KeyRing, read_key_ring
from clarion.kernel.sealing import unlock_fields
from clarion.office.access import OrganiserRequest, organiser_may, signed_in_again
from clarion.office.csv_cells import csv_pieces
from clarion.office.rendering import render_page
from clarion.privacy.actions import note_export
from clarion.signatures.queries import confirmed_rows

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Table:
    """What an export holds."""

    header: tuple[str, ...]
    rows: Callable[[Campaign, KeyRing], Iterator[tuple[object, ...]]]


def _signatures(campaign: Campaign, keys: KeyRing) -> Iterator[tuple[object, ...]]:
    for country, language, version, signed_at, confirmed_at, box in confirmed_rows(campaign):
        said = unlock_fields(keys, box)
        yield (
            said.get("name"), said.get("email"), country, said.get("postcode"), language, version, signed_at,
            confirmed_at,
        )  # fmt: skip


def _events(campaign: Campaign, keys: KeyRing) -> Iterator[tuple[object, ...]]:
    found = Event.objects.filter(campaign=campaign).select_related("venue").order_by("starts_at", "pk")
    for row in found.iterator(chunk_size=_CHUNK):
        host = unlock_fields(keys, bytes(row.host_box)) if row.host_box else {}
        yield (
            row.public_id, row.state, row.title, row.language, row.kind, row.venue.name if row.venue else "",
            row.country, row.city, row.address, row.starts_local, row.ends_local, row.zone, row.checked,
            host.get("name"), host.get("email"), row.public_contact,
        )  # fmt: skip


TABLES: Mapping[str, Table] = {
    "signatures": Table(
        ("name", "email", "country", "postcode", "language", "version", "signed_at", "confirmed_at"), _signatures
    ),
    "events": Table(
        (
            "id", "state", "title", "language", "kind", "venue", "country", "city", "address", "starts_at",
            "ends_at", "zone", "checked", "organiser", "email", "public_contact",
        ), _events,
    ),
}  # fmt: skip


@require_safe
@signed_in_again
@organiser_may("export")
def show_exports(request: OrganiserRequest) -> HttpResponse:
    """What can be exported, and what happens when it is."""
    return render_page(request, "office/signatures/exports.html")


@require_POST
@signed_in_again
@organiser_may("export")
def export(request: OrganiserRequest, what: str) -> HttpResponseBase:
    """One table, row by row as it is read."""
    if what not in TABLES:
        raise Http404
    note_export(request.campaign, what, by=request.actor, now=utc_now())
    table = TABLES[what]
    rows = table.rows(request.campaign, read_key_ring(settings.ENV.data.keys, "field"))
    response = StreamingHttpResponse(csv_pieces(table.header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{request.campaign.slug}-{what}.csv"'
    response["X-Accel-Buffering"] = "no"  # nginx would write what it cannot pass on at once to its disk
    return response
