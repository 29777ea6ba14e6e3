"""Teams, roles, one-time links; and what the other admins are told."""

import threading

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection, transaction

from clarion.audit.actions import HOST, Actor
from clarion.audit.models import Entry
from clarion.kernel.keys import Keys
from clarion.organisers import actions
from clarion.organisers.mails import RENDERERS, WHAT
from clarion.organisers.models import Membership, Organiser, SignInLink
from clarion.organisers.queries import admins_of, members_of, membership, usable_sign_in_link
from clarion.organisers.rules import (
    AlreadyMember,
    LastAdmin,
    LastFactor,
    NotMember,
    SignInLinkEnded,
    fingerprint_of,
    may,
    may_moderate,
)
from clarion.outbox.letters import Desk
from clarion.outbox.models import Mail
from tests.make import HOUR, MINUTE, NOON, make_organiser, make_team


def link_for(organiser: Organiser, **options: bool) -> str:
    """A link made by the host at noon."""
    return actions.make_sign_in_link(organiser, NOON, by=HOST, **options)


@pytest.mark.django_db
def test_a_team_is_found_by_its_owners_address_in_any_letters() -> None:
    """And takes the name that the call says last."""
    team = actions.ensure_team("Office@Example.org", "Committee", by=HOST, now=NOON)

    assert actions.ensure_team("office@example.org ", "Water Committee", by=HOST, now=NOON) == team
    team.refresh_from_db()
    assert team.name == "Water Committee"


@pytest.mark.django_db
def test_an_admin_is_made_once_and_the_other_admins_are_told() -> None:
    """The new one is not: they know."""
    team = make_team()
    old = make_organiser(team=team)

    new = actions.ensure_admin(team, "New@example.org", by=HOST, now=NOON)
    assert actions.ensure_admin(team, "new@example.org", by=HOST, now=NOON) == new

    assert admins_of(team) == sorted([old, new], key=lambda one: one.email)
    assert not new.has_usable_password()
    assert [(mail.record, mail.detail["what"]) for mail in Mail.objects.all()] == [(old.public_id, "new-admin")]
    assert [entry.verb for entry in Entry.objects.all()] == ["added"]


@pytest.mark.django_db
def test_a_moderator_becomes_admin_where_the_call_says_so() -> None:
    """Whoever launches it runs it."""
    team = make_team()
    moderator = make_organiser(team=team, role="moderator", countries=("KE",))

    actions.ensure_admin(team, moderator.email, by=HOST, now=NOON)

    role = membership(moderator, team)
    assert role is not None
    assert (role.role, role.countries) == ("admin", [])


@pytest.mark.django_db
def test_members_come_change_and_go() -> None:
    """A new admin is told to the others; a moderator is not."""
    team = make_team()
    me = make_organiser(team=team)
    by = Actor("organiser", me.public_id)

    person = actions.add_member(team, "mo@example.org", "moderator", by=by, now=NOON, countries=["UG", "KE", "KE"])
    assert [one.countries for one in members_of(team) if one.organiser == person] == [["KE", "UG"]]
    with pytest.raises(AlreadyMember):
        actions.add_member(team, "Mo@example.org", "admin", by=by, now=NOON)
    assert not Mail.objects.exists()

    actions.change_role(team, person, "admin", by=HOST, now=NOON)
    assert [mail.record for mail in Mail.objects.all()] == [me.public_id]
    actions.remove_member(team, person, by=by, now=NOON)
    assert membership(person, team) is None
    with pytest.raises(NotMember):
        actions.remove_member(team, person, by=by, now=NOON)


@pytest.mark.django_db
def test_the_last_admin_stays() -> None:
    """A team without one could not be run any more."""
    team = make_team()
    only = make_organiser(team=team)
    make_organiser(team=team, role="moderator")

    with pytest.raises(LastAdmin):
        actions.remove_member(team, only, by=HOST, now=NOON)
    with pytest.raises(LastAdmin):
        actions.change_role(team, only, "moderator", by=HOST, now=NOON)
    assert Membership.objects.get(organiser=only).role == "admin"


@pytest.mark.django_db
def test_a_sign_in_link_lets_in_once_within_an_hour() -> None:
    """Only its fingerprint is stored, and looking at it uses nothing."""
    organiser = make_organiser()
    token = link_for(organiser)

    assert usable_sign_in_link(token, NOON + HOUR - MINUTE) is not None
    assert usable_sign_in_link(token, NOON + HOUR) is None
    assert bytes(SignInLink.objects.get().fingerprint) == fingerprint_of(token)
    assert token not in str(list(Entry.objects.values())) + str(list(SignInLink.objects.values()))

    came = actions.use_sign_in_link(token, NOON + MINUTE)
    assert (came.organiser, came.resets_factors) == (organiser, False)
    with pytest.raises(SignInLinkEnded):
        actions.use_sign_in_link(token, NOON + MINUTE)


@pytest.mark.django_db
def test_a_newer_link_ends_the_older_and_so_does_leaving_the_team() -> None:
    """One way in at a time."""
    team = make_team()
    make_organiser(team=team)
    organiser = make_organiser(team=team)
    first, second = link_for(organiser), link_for(organiser, resets_factors=True)

    with pytest.raises(SignInLinkEnded):
        actions.use_sign_in_link(first, NOON)
    assert usable_sign_in_link(second, NOON) is not None
    actions.remove_member(team, organiser, by=HOST, now=NOON)
    with pytest.raises(SignInLinkEnded):
        actions.use_sign_in_link(second, NOON)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "x", "ä" * 43, "A" * 10_000])
def test_a_link_that_we_did_not_make_lets_nobody_in(token: str) -> None:
    """Whatever it looks like."""
    with pytest.raises(SignInLinkEnded):
        actions.use_sign_in_link(token, NOON)


@pytest.mark.django_db
def test_who_was_put_out_does_not_come_in_by_a_link() -> None:
    """An inactive organiser has no way in."""
    organiser = make_organiser()
    token = link_for(organiser, resets_factors=True)
    Organiser.objects.filter(pk=organiser.pk).update(is_active=False)

    assert usable_sign_in_link(token, NOON) is None
    with pytest.raises(SignInLinkEnded):
        actions.use_sign_in_link(token, NOON)


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_remove_each_other_one_stays() -> None:
    """Real threads on a real database."""
    team = make_team()
    Membership.objects.all().delete()
    admins = [actions.add_member(team, f"{name}@example.org", "admin", by=HOST, now=NOON) for name in ("nadia", "omar")]
    removed: list[bool] = []
    gate = threading.Barrier(2)

    def remove(organiser: Organiser) -> None:
        gate.wait()
        try:
            actions.remove_member(team, organiser, by=HOST, now=NOON)
            removed.append(True)
        except LastAdmin:
            removed.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=(one,)) for one in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(removed) == [False, True]
    assert Membership.objects.filter(team=team).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_comes_in() -> None:
    """Real threads on a real file."""
    token = link_for(make_organiser())
    came: list[bool] = []
    gate = threading.Barrier(8)

    def press() -> None:
        gate.wait()
        try:
            actions.use_sign_in_link(token, NOON)
            came.append(True)
        except SignInLinkEnded:
            came.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == [False] * 7 + [True]


def test_a_moderator_sees_events_and_their_contacts_and_nothing_else() -> None:
    """In all countries, or in those named."""
    assert may("admin", "export")
    assert may("moderator", "see-contacts")
    assert not any(
        may("moderator", right) for right in ("see-signatures", "search", "export", "run-team", "switch", "edit-call")
    )
    assert may_moderate("moderator", [], "KE")
    assert may_moderate("moderator", ["KE"], "KE")
    assert not may_moderate("moderator", ["UG"], "KE")
    assert may_moderate("admin", ["UG"], "KE")


@pytest.mark.django_db
@pytest.mark.parametrize("what", sorted(WHAT))
def test_each_notice_says_what_was_done_and_by_whom(what: str, keys: Keys) -> None:
    """With a link to the office, where the log is."""
    me, other = make_organiser(), make_organiser()
    actions.notify_admins(make_team(), what, by=Actor("organiser", me.public_id), now=NOON, campaign="clean-water")  # type: ignore[arg-type]
    desk = Desk("https://call.example.org", "https://office.example.org", keys.field, lambda link: "", NOON)

    letter = RENDERERS["notice-to-admins"](Mail.objects.get(), desk)

    assert letter is not None
    assert letter.to == other.email
    for part in (letter.text, letter.html):
        assert WHAT[what] in part
        assert me.email in part
        assert "clean-water" in part
        assert "https://office.example.org/" in part


@pytest.mark.django_db
def test_a_notice_to_someone_who_left_is_not_written(keys: Keys) -> None:
    """The row then goes."""
    make_organiser()
    actions.notify_admins(make_team(), "closed", by=HOST, now=NOON)
    Organiser.objects.update(is_active=False)
    desk = Desk("https://call.example.org", "https://office.example.org", keys.field, lambda link: "", NOON)

    assert RENDERERS["notice-to-admins"](Mail.objects.get(), desk) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_factors_taken_away_at_once_one_stays() -> None:
    """Real threads on a real database."""
    organiser = make_organiser()
    factors = [Authenticator.objects.create(user_id=organiser.pk, type=kind, data={}) for kind in ("totp", "webauthn")]
    taken: list[bool] = []
    gate = threading.Barrier(2)

    def take_away(factor: Authenticator) -> None:
        gate.wait()
        try:
            with transaction.atomic():
                actions.note_removed_factor(organiser, factor.type, now=NOON)
                factor.delete()
            taken.append(True)
        except LastFactor:
            taken.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=take_away, args=(one,)) for one in factors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, True]
    assert Authenticator.objects.count() == 1
