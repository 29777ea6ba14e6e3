"""Who may do what: roles on the team of a campaign, and a second factor before anything else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from allauth.account.decorators import reauthentication_required
from allauth.account.signals import authentication_step_completed
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from clarion.audit.actions import Actor
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import campaign_by_slug
from clarion.organisers.models import Membership, Organiser
from clarion.organisers.queries import membership
from clarion.organisers.rules import Right, may

P = ParamSpec("P")

FACTOR_KEY = "second_factor_of"
# What a session without second factor may reach: getting one, and leaving.
_OPEN_VIEWS = frozenset(
    {
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "office:asset",
        "office:health",
        "office:sign-in-link",
        "office:enrol",
        "mfa_activate_totp",
        "mfa_add_webauthn",
    }
)


class OrganiserRequest(HttpRequest):
    """A request of an organiser who may do what the view does, on the campaign named in its address."""

    organiser: Organiser
    campaign: Campaign
    membership: Membership
    actor: Actor


View = Callable[Concatenate[OrganiserRequest, P], HttpResponseBase]
Wrapped = Callable[..., HttpResponseBase]


class SecondFactorFirst:
    """Sends a session that has shown no second factor to enrolment, whatever it asked for."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer."""
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        """A redirect where the session must enrol first."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in _OPEN_VIEWS or has_second_factor(request) or not request.user.is_authenticated:
            return None
        return redirect("office:enrol")


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this person, in this session, showed a passkey or an authenticator's code, or enrolled one."""
    return request.user.is_authenticated and request.session.get(FACTOR_KEY) == str(request.user.pk)


def note_second_factor(request: HttpRequest, organiser: Organiser) -> None:
    """Remember that this person showed a second factor in this session."""
    request.session[FACTOR_KEY] = str(organiser.pk)


@receiver(authentication_step_completed)
def _remember_factor(request: HttpRequest, user: Organiser, method: str, **_: Any) -> None:
    if method == "mfa":
        note_second_factor(request, user)


def organiser_may(right: Right) -> Callable[[View[P]], Wrapped]:
    """Opens a view of one campaign to those whose role on its team carries `right`.

    Strangers to the team are told that there is nothing here (404), members without the right that they may not (403).
    """

    def decorate(view: View[P]) -> Wrapped:
        @wraps(view)
        @login_required
        def guarded(request: OrganiserRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            request.membership = role_on_campaign(request, slug)
            if not may(request.membership.role, right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def role_on_campaign(request: OrganiserRequest, slug: str) -> Membership:
    """The organiser's role on the team of this campaign, with both set on the request; raises `Http404`."""
    request.organiser = cast(Organiser, request.user)
    request.actor = Actor("organiser", request.organiser.public_id)
    campaign = campaign_by_slug(slug)
    if campaign is None:
        raise Http404
    role = membership(request.organiser, campaign.team)
    if role is None:
        raise Http404
    request.campaign = campaign
    return role


def organiser_only(view: Callable[Concatenate[OrganiserRequest, P], HttpResponseBase]) -> Wrapped:
    """Opens a view that belongs to no campaign to every signed-in organiser."""

    @wraps(view)
    @login_required
    def guarded(request: OrganiserRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        request.organiser = cast(Organiser, request.user)
        request.actor = Actor("organiser", request.organiser.public_id)
        return view(request, *args, **kwargs)

    return guarded


def signed_in_again(view: Wrapped) -> Wrapped:
    """Opens a view only within ten minutes of signing in again. Stands above `organiser_may`."""
    return cast(Wrapped, reauthentication_required(app="office")(view))


def signed_in_again_to_change(view: Wrapped) -> Wrapped:
    """The same for what changes something; looking needs none."""
    return cast(Wrapped, reauthentication_required(app="office", allow_get=True)(view))
