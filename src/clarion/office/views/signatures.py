"""Signatures: how many stand where, and search by exact address."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.db.models import Count
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from clarion.events.models import Event
from clarion.kernel.addresses import canonical
from clarion.kernel.clock import utc_now
from clarion.kernel.keys import Keys, read_keys
from clarion.kernel.sealing import keyed_hash, unlock_fields
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.rendering import render_page
from clarion.privacy.actions import note_search
from clarion.signatures.models import Signature


class SearchForm(forms.Form):
    """An address. It is posted, so that it stands in no address bar and no log."""

    email = forms.EmailField(label="E-mail address, exactly", widget=forms.EmailInput(attrs={"autocomplete": "off"}))


@dataclass(frozen=True, slots=True)
class Found:
    """One signature of the address."""

    signature: Signature
    name: str
    email: str


@require_http_methods(["GET", "HEAD", "POST"])
@organiser_may("search")
def search(request: OrganiserRequest) -> HttpResponse:
    """Numbers by state; for an address that was posted, its signatures and events."""
    form = SearchForm(request.POST or None)
    found: list[Found] = []
    events: list[Event] = []
    is_searched = request.method == "POST" and form.is_valid()
    if is_searched:
        keys = read_keys(settings.ENV.data.keys)
        hashes = _hashes(form.cleaned_data["email"], keys)
        found = [_opened(row, keys) for row in _signatures(request, hashes)]
        events = list(Event.objects.filter(campaign=request.campaign, host_hash__in=hashes).order_by("starts_at"))
        note_search(request.campaign, len(found) + len(events), by=request.actor, now=utc_now())
    states = Signature.objects.filter(campaign=request.campaign).values_list("state").annotate(n=Count("pk"))
    return render_page(
        request, "office/signatures/search.html", form=form, found=found, events=events, is_searched=is_searched,
        states=dict(states),
    )  # fmt: skip


def _hashes(address: str, keys: Keys) -> list[bytes]:
    return [keyed_hash(key, canonical(address)) for key in keys.dedupe.keys]


def _signatures(request: OrganiserRequest, hashes: list[bytes]) -> Iterable[Signature]:
    return Signature.objects.filter(campaign=request.campaign, address_hash__in=hashes).order_by("-signed_at")


def _opened(signature: Signature, keys: Keys) -> Found:
    said = unlock_fields(keys.field, bytes(signature.box)) if signature.box else {}
    return Found(signature, said.get("name", ""), said.get("email", ""))
