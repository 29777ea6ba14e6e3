"""Every write to organisers, teams, roles and sign-in links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from clarion.audit.actions import Actor, record
from clarion.organisers.models import Membership, Organiser, SignInLink, Team
from clarion.organisers.queries import admins_of, organiser_by_address, teams_of, usable_sign_in_link
from clarion.organisers.rules import (
    LINK_LIFE,
    AlreadyMember,
    LastAdmin,
    LastFactor,
    Notice,
    NotMember,
    Role,
    SignInLinkEnded,
    fingerprint_of,
    new_token,
    tidy_address,
)
from clarion.outbox.actions import MailPromise, promise_mails
from clarion.outbox.queries import records_promised

NOTICE_KIND = "notice-to-admins"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who came in by a one-time link, and whether their second factors are to be set up anew."""

    organiser: Organiser
    resets_factors: bool


@transaction.atomic
def ensure_team(owner_email: str, name: str, *, by: Actor, now: datetime) -> Team:
    """The team of this owner, made where there is none; the name follows the call's organiser."""
    address = tidy_address(owner_email)
    team, is_new = Team.objects.get_or_create(owner_email=address, defaults={"name": name})
    if is_new:
        record(by, "made", "team", str(team.pk), now=now, team=str(team.pk))
    elif team.name != name:
        team.name = name
        team.save(update_fields=["name"])
    return team


@transaction.atomic
def ensure_admin(team: Team, email: str, *, by: Actor, now: datetime, name: str = "") -> Organiser:
    """The organiser with this address as admin of the team; made, joined or promoted where needed."""
    organiser = _ensure_organiser(email, name, now)
    role, is_new = Membership.objects.get_or_create(
        team=team, organiser=organiser, defaults={"role": Membership.Role.ADMIN}
    )
    if not is_new and role.role == Membership.Role.ADMIN:
        return organiser
    Membership.objects.filter(pk=role.pk).update(role=Membership.Role.ADMIN, countries=[])
    _note_joined(team, organiser, "admin", (), by, now)
    return organiser


@transaction.atomic
def add_member(
    team: Team, email: str, role: Role, *, by: Actor, now: datetime, name: str = "", countries: Sequence[str] = ()
) -> Organiser:
    """Put a person on the team; raises `AlreadyMember`. Every other admin is mailed of a new admin."""
    organiser = _ensure_organiser(email, name, now)
    held = [] if role == "admin" else sorted(set(countries))
    _, is_new = Membership.objects.get_or_create(
        team=team, organiser=organiser, defaults={"role": role, "countries": held}
    )
    if not is_new:
        raise AlreadyMember(f"{organiser.email} is on the team already.")
    _note_joined(team, organiser, role, held, by, now)
    return organiser


@transaction.atomic
def change_role(
    team: Team, organiser: Organiser, role: Role, *, by: Actor, now: datetime, countries: Sequence[str] = ()
) -> None:
    """Give a member another role or other countries; raises `NotMember`, `LastAdmin`."""
    old = _locked_membership(team, organiser)
    if old.role == Membership.Role.ADMIN and role != "admin":
        _refuse_last_admin(team, organiser)
    was_admin = old.role == Membership.Role.ADMIN
    old.role, old.countries = role, [] if role == "admin" else sorted(set(countries))
    old.save(update_fields=["role", "countries"])
    _record_on_team(team, organiser, "changed-role", by, now, role=role, countries=old.countries)
    if role == "admin" and not was_admin:
        notify_admins(team, "new-admin", by=by, now=now, about=organiser)


@transaction.atomic
def remove_member(team: Team, organiser: Organiser, *, by: Actor, now: datetime) -> None:
    """Take a person off the team and end their links; raises `NotMember`, `LastAdmin`."""
    old = _locked_membership(team, organiser)
    if old.role == Membership.Role.ADMIN:
        _refuse_last_admin(team, organiser)
    old.delete()
    _end_links(organiser, now)
    _record_on_team(team, organiser, "removed", by, now)


@transaction.atomic
def make_sign_in_link(organiser: Organiser, now: datetime, *, by: Actor, resets_factors: bool = False) -> str:
    """The secret token of a fresh link, good once within an hour; older links of this person end."""
    _end_links(organiser, now)
    token = new_token()
    SignInLink.objects.create(
        organiser=organiser,
        fingerprint=fingerprint_of(token),
        expires_at=now + LINK_LIFE,
        resets_factors=resets_factors,
    )
    _record_on_account(organiser, "made-sign-in-link", by, now, resets_factors=resets_factors)
    return token


@transaction.atomic
def use_sign_in_link(token: str, now: datetime) -> SignIn:
    """Let its owner in, once; raises `SignInLinkEnded`. Of two at the same moment one is let in."""
    link = usable_sign_in_link(token, now)
    if link is None or not SignInLink.objects.filter(pk=link.pk, used_at=None, ended_at=None).update(used_at=now):
        raise SignInLinkEnded("This link was used, has expired, or a newer one was made.")
    organiser = link.organiser
    if organiser.joined_at is None:
        organiser.joined_at = now
        organiser.save(update_fields=["joined_at"])
    _record_on_account(organiser, "signed-in-by-link", Actor("organiser", organiser.public_id), now)
    return SignIn(organiser, link.resets_factors)


@transaction.atomic
def notify_admins(
    team: Team, what: Notice, *, by: Actor, now: datetime, campaign: str = "", about: Organiser | None = None
) -> int:
    """Promise a notice to every admin of the team but the one who acted and the one it is about; gives how many.

    One act may have several reasons for the same notice, such as a launch that changes all about giving: one mail.
    """
    left_out, detail = {by.id, about.public_id if about else ""}, {"what": what, "by": by.id}
    told = [admin for admin in admins_of(team) if admin.public_id not in left_out]
    ids = [admin.public_id for admin in told]
    known = records_promised(NOTICE_KIND, ids, at=now, campaign=campaign, detail=detail)
    return promise_mails(
        (
            MailPromise(NOTICE_KIND, admin.public_id, admin.language, campaign, detail=detail)
            for admin in told
            if admin.public_id not in known
        ),
        now=now,
    )


def _ensure_organiser(email: str, name: str, now: datetime) -> Organiser:
    organiser = organiser_by_address(email)
    if organiser is None:
        organiser = Organiser(email=tidy_address(email), name=name)
        organiser.set_unusable_password()
        organiser.save()
    return organiser


def _note_joined(
    team: Team, organiser: Organiser, role: Role, countries: Sequence[str], by: Actor, now: datetime
) -> None:
    _record_on_team(team, organiser, "added", by, now, role=role, countries=list(countries))
    if role == "admin":
        notify_admins(team, "new-admin", by=by, now=now, about=organiser)


def _record_on_team(team: Team, organiser: Organiser, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
    record(by, verb, "organiser", organiser.public_id, now=now, team=str(team.pk), **detail)


def _record_on_account(organiser: Organiser, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
    """An account opens every team that its owner is on at the time: each has the entry in its log, for good."""
    for team in [str(team.pk) for team in teams_of(organiser)] or [""]:
        record(by, verb, "organiser", organiser.public_id, now=now, team=team, **detail)


def _locked_membership(team: Team, organiser: Organiser) -> Membership:
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)  # of two admins who remove each other, one stays
    found = Membership.objects.select_for_update().filter(team=team, organiser=organiser).first()
    if found is None:
        raise NotMember(f"{organiser.email} is not on the team.")
    return found


def _refuse_last_admin(team: Team, organiser: Organiser) -> None:
    if not any(admin.pk != organiser.pk for admin in admins_of(team)):
        raise LastAdmin("A team keeps at least one admin: name another one first.")


def _end_links(organiser: Organiser, now: datetime) -> None:
    SignInLink.objects.filter(organiser=organiser, used_at=None, ended_at=None).update(ended_at=now)


@transaction.atomic
def set_password(organiser: Organiser, password: str, *, now: datetime) -> None:
    """Give an organiser the password they chose; their other sessions end."""
    organiser.set_password(password)
    organiser.save(update_fields=["password"])
    _record_on_account(organiser, "set-password", Actor("organiser", organiser.public_id), now)


@transaction.atomic
def note_new_factor(organiser: Organiser, kind: str, *, now: datetime) -> None:
    """Record that an organiser enrolled a second factor, and mail every other admin of their teams."""
    actor = Actor("organiser", organiser.public_id)
    _record_on_account(organiser, "enrolled", actor, now, factor=kind)
    for team in teams_of(organiser):
        notify_admins(team, "new-passkey", by=actor, now=now, about=organiser)


@transaction.atomic
def note_removed_factor(organiser: Organiser, kind: str, *, now: datetime) -> None:
    """Record that an organiser takes a second factor away, and mail every other admin of their teams.

    Must run in the transaction that takes it away, and before. Raises `LastFactor`; nothing is stored then.
    """
    Organiser.objects.select_for_update(no_key=True).get(pk=organiser.pk)  # of two taken away at once, one stays
    if Authenticator.objects.filter(user_id=organiser.pk).count() < 2:
        raise LastFactor("This is your only second factor. Add another one first.")
    actor = Actor("organiser", organiser.public_id)
    _record_on_account(organiser, "removed-factor", actor, now, factor=kind)
    for team in teams_of(organiser):
        notify_admins(team, "factor-removed", by=actor, now=now, about=organiser)


@transaction.atomic
def reset_factors(organiser: Organiser, *, by: Actor, now: datetime) -> None:
    """Take away every second factor and the password; all sessions of this person end."""
    Authenticator.objects.filter(user_id=organiser.pk).delete()
    organiser.set_unusable_password()
    organiser.save(update_fields=["password"])
    _record_on_account(organiser, "reset-factors", by, now)
