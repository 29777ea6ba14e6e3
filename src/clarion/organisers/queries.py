"""Shared reads of organisers, teams and roles."""

from datetime import datetime

from django.db.models import QuerySet

from clarion.organisers.models import Membership, Organiser, SignInLink, Team
from clarion.organisers.rules import fingerprint_of, tidy_address


def organiser_by_address(address: str) -> Organiser | None:
    """The organiser with this e-mail address, letter case aside."""
    return Organiser.objects.filter(email__iexact=tidy_address(address)).first()


def organiser_by_id(public_id: str) -> Organiser | None:
    """The organiser with this random id."""
    return Organiser.objects.filter(public_id=public_id).first()


def membership(organiser: Organiser, team: Team) -> Membership | None:
    """An active organiser's role on a team, or None."""
    if not organiser.is_active:
        return None
    return Membership.objects.select_related("organiser").filter(organiser=organiser, team=team).first()


def members_of(team: Team) -> QuerySet[Membership]:
    """Everyone on a team: admins first, then by address."""
    return team.memberships.select_related("organiser").order_by("role", "organiser__email")


def admins_of(team: Team) -> list[Organiser]:
    """The active admins of a team."""
    return list(
        Organiser.objects.filter(
            memberships__team=team, memberships__role=Membership.Role.ADMIN, is_active=True
        ).order_by("email")
    )


def teams_of(organiser: Organiser) -> list[Team]:
    """The teams an organiser is on, by name."""
    return list(Team.objects.filter(memberships__organiser=organiser).order_by("name", "pk"))


def usable_sign_in_link(token: str, now: datetime) -> SignInLink | None:
    """The link of this token if it can still be used; looking changes nothing."""
    return (
        SignInLink.objects.select_related("organiser")
        .filter(fingerprint=fingerprint_of(token), used_at=None, ended_at=None, expires_at__gt=now)
        .filter(organiser__is_active=True)
        .first()
    )
