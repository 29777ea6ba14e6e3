"""Waves: what is held and why; released or voided as a whole, and taken back."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from clarion.kernel.clock import utc_now
from clarion.kernel.keys import KeyRing, read_key_ring
from clarion.office.access import OrganiserRequest, organiser_may
from clarion.office.forms.waves import WaveForm
from clarion.office.rendering import render_page
from clarion.office.wave_words import (
    STATES,
    columns_of_time,
    countries_of,
    plot_of_countries,
    plot_of_time,
    reason_of,
    shapes_of,
    spread_of,
)
from clarion.organisers.queries import organiser_by_id
from clarion.signatures.actions import decide_wave
from clarion.signatures.models import Signature, Wave
from clarion.signatures.wave_queries import wave_sizes, waves_of
from clarion.signatures.wave_rules import AlreadyDecided, Decision

_DONE = {
    "release": "Released: its signatures are counted within seconds. You can take that back here.",
    "void": "Voided: its signatures do not count. You can take that back here.",
    "undo": "Taken back: the wave is held again.",
}


@require_safe
@organiser_may("decide-waves")
def list_waves(request: OrganiserRequest) -> HttpResponse:
    """All waves with their reasons, those that wait for a decision first."""
    waves, keys = list(waves_of(request.campaign)), _keys()
    sizes = wave_sizes(waves)
    rows = [(wave, sizes.get(wave.pk, 0), reason_of(wave, keys), STATES[wave.state]) for wave in waves]
    return render_page(request, "office/waves/list.html", rows=rows, now=utc_now(), wave_from=settings.ENV.wave_from)


@require_safe
@organiser_may("decide-waves")
def show_wave(request: OrganiserRequest, wave_id: str) -> HttpResponse:
    """One wave: why, when, how many, what they look like, and the decision."""
    wave = _wave(request, wave_id)
    return _wave_page(request, wave, WaveForm(initial={"seen": wave.state}))


@require_POST
@organiser_may("decide-waves")
def decide(request: OrganiserRequest, wave_id: str) -> HttpResponse:
    """Release, void or take back; where another admin was faster, that is said and nothing changes."""
    wave, form = _wave(request, wave_id), WaveForm(request.POST)
    if not form.is_valid():
        return _wave_page(request, wave, form, status=422)
    said = form.cleaned_data
    decision = cast(Decision, said["decision"])
    try:
        decide_wave(
            request.campaign, wave_id, decision, seen=said["seen"], reason=said["reason"], by=request.actor,
            now=utc_now(),
        )  # fmt: skip
    except AlreadyDecided:
        messages.warning(request, "Someone else has decided on this wave meanwhile. It stands as you see it now.")
    else:
        messages.success(request, _DONE[decision])
    return redirect("office:wave", request.campaign.slug, wave_id)


def _wave(request: OrganiserRequest, wave_id: str) -> Wave:
    wave = Wave.objects.filter(campaign=request.campaign, public_id=wave_id).first()
    if wave is None:
        raise Http404
    return wave


def _keys() -> KeyRing:
    return read_key_ring(settings.ENV.data.keys, "field")


def _wave_page(request: OrganiserRequest, wave: Wave, form: WaveForm, *, status: int = 200) -> HttpResponse:
    keys, steps, countries = _keys(), columns_of_time(wave), countries_of(wave)
    members = Signature.objects.filter(wave=wave).values_list("state").annotate(n=Count("pk"))
    decider = organiser_by_id(wave.decided_by) if wave.decided_by else None
    return render_page(
        request,
        "office/waves/show.html",
        status=status,
        wave=wave,
        form=form,
        reason=reason_of(wave, keys),
        state=STATES[wave.state],
        members=dict(members),
        size=sum(n for _, n in members),
        spread=spread_of(wave),
        steps=steps,
        plot_of_time=plot_of_time(steps),
        countries=countries,
        plot_of_countries=plot_of_countries(countries),
        shapes=shapes_of(wave, keys),
        decider=decider,
        now=utc_now(),
    )
