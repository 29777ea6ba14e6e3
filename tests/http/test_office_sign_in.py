"""Coming in: links that work once, a second factor before anything else, and no way round it."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from clarion import office
from clarion.audit.actions import HOST as THE_HOST
from clarion.audit.models import Entry
from clarion.kernel.clock import utc_now
from clarion.organisers.actions import make_sign_in_link
from clarion.organisers.models import Organiser, SignInLink
from clarion.outbox.models import Mail
from tests.make import HOUR, make_campaign, make_organiser, make_team
from tests.office import PASSWORD, SECRET, give_app, signed_in, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget_tries() -> None:
    cache.clear()


def newcomer() -> Organiser:
    organiser = make_organiser()
    organiser.set_unusable_password()
    organiser.save()
    return organiser


def link_for(organiser: Organiser, *, age: timedelta = timedelta(), resets: bool = False) -> str:
    return "/sign-in/" + make_sign_in_link(organiser, utc_now() - age, by=THE_HOST, resets_factors=resets)


def code_of(secret: str, *, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def is_inside(client: Client) -> bool:
    return client.get("/you/").status_code == 200


def test_looking_at_a_link_changes_nothing() -> None:
    address = link_for(newcomer())
    for _ in range(20):
        assert visitor().get(address).status_code == 200
        assert visitor().head(address).status_code == 200

    assert SignInLink.objects.get().used_at is None


def test_a_link_opens_the_office_once_and_leads_to_enrolment() -> None:
    address, first, second = link_for(newcomer()), visitor(), visitor()

    assert first.post(address, follow=True).redirect_chain[-1][0] == "/enrol/"
    assert second.post(address).status_code == 410
    assert second.get("/")["Location"].startswith("/sign-in/")


def test_a_link_is_good_for_an_hour_and_until_the_next_one() -> None:
    organiser = newcomer()
    old, new = link_for(organiser), link_for(organiser)

    assert visitor().post(old).status_code == 410
    assert visitor().post(link_for(newcomer(), age=HOUR + timedelta(seconds=1))).status_code == 410
    assert visitor().post(new).status_code == 302
    assert visitor().post("/sign-in/" + "x" * 43).status_code == 410


def test_a_link_leads_to_the_second_factor_that_is_there() -> None:
    organiser = newcomer()
    give_app(organiser)
    client = visitor()

    assert client.post(link_for(organiser))["Location"] == "/second-factor/"
    assert not is_inside(client)
    client.post("/second-factor/", {"code": "000000"})
    assert not is_inside(client)
    client.post("/second-factor/", {"code": code_of(SECRET)})
    assert is_inside(client)


def test_a_link_that_resets_takes_the_lost_factors_away_and_ends_every_session() -> None:
    organiser = newcomer()
    old_session = signed_in(organiser)
    client = visitor()

    client.post(link_for(organiser, resets=True))

    assert client.get("/")["Location"] == "/enrol/"
    assert not Authenticator.objects.exists()
    assert old_session.get("/")["Location"].startswith("/sign-in/")
    assert Entry.objects.filter(verb="reset-factors").count() == 1


def enrol_app(client: Client, password: str = PASSWORD) -> str:
    page = client.get("/you/app/new/").content.decode()
    secret = re.search(r'<code class="code">([A-Z2-7=]+)</code>', page)
    assert secret
    client.post("/you/app/new/", {"password": password, "code": code_of(secret.group(1))})
    return secret.group(1)


def test_a_password_with_an_app_is_enrolled_in_one_step_and_opens_the_office() -> None:
    organiser, client = newcomer(), visitor()
    colleague = make_organiser()
    client.post(link_for(organiser))

    secret = enrol_app(client)

    assert is_inside(client)
    stored = Authenticator.objects.get()
    assert secret not in str(stored.data)
    organiser.refresh_from_db()
    assert organiser.check_password(PASSWORD)
    notice = Mail.objects.get()
    assert (notice.kind, notice.record) == ("notice-to-admins", colleague.public_id)
    assert notice.detail["what"] == "new-passkey"


def give_passkey(organiser: Organiser) -> Authenticator:
    return Authenticator.objects.create(user_id=organiser.pk, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"})


def test_the_name_of_a_passkey_hides_no_characters() -> None:
    make_campaign()
    client = signed_in(newcomer(), again=True)

    page = client.post("/you/passkeys/new/", {"name": "Pho\u202ene", "credential": "{}"}).content.decode()

    assert "A hidden character (U+202E) stands after “Pho”." in page
    assert "at most 100 characters" in client.post("/you/passkeys/new/", {"name": "P" * 101}).content.decode()


def test_a_factor_that_is_taken_away_is_logged_and_told() -> None:
    make_campaign()
    organiser, colleague = newcomer(), make_organiser()
    key, client = give_passkey(organiser), signed_in(organiser, again=True)
    give_app(organiser)

    client.post(f"/you/passkeys/{key.pk}/remove/")

    assert [one.type for one in Authenticator.objects.filter(user_id=organiser.pk)] == ["totp"]
    entry = Entry.objects.get(verb="removed-factor")
    assert (entry.object, entry.detail) == (organiser.public_id, {"factor": "webauthn"})
    assert [(mail.record, mail.detail["what"]) for mail in Mail.objects.order_by("pk")] == [
        (colleague.public_id, "factor-removed")
    ]
    give_passkey(organiser)
    client.post("/you/app/remove/")
    assert [one.type for one in Authenticator.objects.filter(user_id=organiser.pk)] == ["webauthn"]
    assert Entry.objects.filter(verb="removed-factor", detail={"factor": "totp"}).count() == 1


@pytest.mark.parametrize("kind", ["app", "passkey"])
def test_the_last_factor_stays(kind: str) -> None:
    """With none left, whoever knew the password could enrol a factor of their own."""
    organiser = newcomer()
    key = give_passkey(organiser) if kind == "passkey" else give_app(organiser)
    client = signed_in(organiser, again=True)
    address = f"/you/passkeys/{key.pk}/remove/" if key else "/you/app/remove/"

    page = client.post(address, follow=True).content.decode()

    assert "This is your only second factor" in page
    assert "/remove/" not in page
    assert Authenticator.objects.filter(user_id=organiser.pk).count() == 1
    assert not Entry.objects.filter(verb="removed-factor").exists()
    assert not Mail.objects.exists()


def test_a_short_or_common_password_enrols_nothing() -> None:
    client = visitor()
    client.post(link_for(newcomer()))
    for password in ("fourteen chars", "1234567890123456", ""):
        enrol_app(client, password)

    assert not Authenticator.objects.exists()
    assert client.get("/")["Location"] == "/enrol/"


def test_password_and_code_open_the_office_and_neither_does_alone() -> None:
    organiser, client = newcomer(), visitor()
    organiser.set_password(PASSWORD)
    organiser.save()
    give_app(organiser)

    assert client.post("/sign-in/", {"login": organiser.email, "password": "wrong"}).status_code == 200
    answer = client.post("/sign-in/", {"login": organiser.email.upper(), "password": PASSWORD})
    assert answer["Location"] == "/second-factor/"
    assert not is_inside(client)
    client.post("/second-factor/", {"code": code_of(SECRET)})
    assert is_inside(client)


def test_signing_in_with_a_factor_is_signing_in_again_for_ten_minutes() -> None:
    """Whoever showed it a moment ago is not asked for it again; a password or a link alone never counts."""
    make_campaign()
    organiser, client = newcomer(), visitor()
    give_app(organiser)
    client.post(link_for(organiser))
    client.post("/second-factor/", {"code": code_of(SECRET)})

    assert client.get("/c/clean-water/call/give/en/").status_code == 200
    assert client.get("/you/passkeys/new/").status_code == 200

    session = client.session
    shown = session[AUTHENTICATION_METHODS_SESSION_KEY][-1]
    now = time.time()
    for change in ({"at": now - 601}, {"at": now + 60}, {"method": "password"}):
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{**shown, **change}]
        session.save()
        answer = client.post("/c/clean-water/team/", {"email": "new@example.org"})
        assert answer["Location"].startswith("/second-factor/again/")


def test_a_code_works_once() -> None:
    organiser = newcomer()
    give_app(organiser)
    code, first, second = code_of(SECRET), visitor(), visitor()
    first.post(link_for(organiser))
    first.post("/second-factor/", {"code": code})
    second.post(link_for(organiser))
    second.post("/second-factor/", {"code": code})

    assert is_inside(first)
    assert not is_inside(second)


def test_guessing_passwords_is_slowed_down() -> None:
    organiser, client = newcomer(), visitor()
    for _ in range(12):
        answer = client.post("/sign-in/", {"login": organiser.email, "password": "wrong wrong wrong"})

    assert answer.status_code == 429 or "Too many" in answer.content.decode()


@pytest.mark.parametrize(
    "address", ["/signup/", "/accounts/signup/", "/password/reset/", "/confirm-email/", "/recovery-codes/", "/email/"]
)
def test_there_is_no_other_way_in(address: str) -> None:
    assert visitor().get(address).status_code == 404
    assert visitor().post(address).status_code == 404


def test_an_admin_mends_a_lost_factor_of_a_member_but_not_one_of_another_team() -> None:
    make_campaign()
    admin = make_organiser()
    member = newcomer()
    client = signed_in(admin, again=True)

    page = client.post(f"/c/clean-water/team/{member.public_id}/link/").content.decode()
    link = re.search(r"http://localhost:8001(/sign-in/[\w-]+)", page)
    assert link
    assert visitor().post(link.group(1)).status_code == 302

    outsider = newcomer()
    outsider.memberships.create(team=make_team(owner_email="other@example.org"), role="admin")
    page = client.post(f"/c/clean-water/team/{outsider.public_id}/link/").content.decode()
    assert "/sign-in/" not in page.split("<main")[1]
    assert "office-link" in page


def test_inviting_shows_a_link_once_and_tells_the_other_admins_of_a_new_one() -> None:
    make_campaign()
    admin, other = make_organiser(), make_organiser()
    client = signed_in(admin, again=True)

    answer = client.post("/c/clean-water/team/", {"email": "New@Example.org", "name": "Lin", "role": "admin"})

    assert "http://localhost:8001/sign-in/" in answer.content.decode()
    assert "http://localhost:8001/sign-in/" not in client.get("/c/clean-water/team/").content.decode()
    assert [mail.record for mail in Mail.objects.filter(kind="notice-to-admins")] == [other.public_id]
    assert Organiser.objects.get(email="new@example.org").memberships.get().role == "admin"


def test_whoever_invites_reads_which_other_calls_the_team_has() -> None:
    make_campaign()
    client = signed_in(make_organiser())
    assert "One team" not in client.get("/c/clean-water/team/").content.decode()
    make_campaign("safe-paths", title="Safe paths to school")
    make_campaign("other-cause", title="Not theirs", team=make_team(owner_email="other@example.org"))

    page = client.get("/c/clean-water/team/").content.decode()

    assert "One team, 2 calls." in page
    assert "Safe paths to school" in page
    assert "Not theirs" not in page


def test_the_last_admin_stays() -> None:
    make_campaign()
    admin = make_organiser()
    client = signed_in(admin, again=True)

    client.post(f"/c/clean-water/team/{admin.public_id}/remove/")
    client.post(f"/c/clean-water/team/{admin.public_id}/", {"role": "moderator"})

    assert admin.memberships.get().role == "admin"


def test_an_invitation_goes_on_after_signing_in_again() -> None:
    make_campaign()
    client = signed_in(make_organiser())
    invitation = {"email": "new@example.org", "name": "Lin", "role": "moderator", "countries": "KE"}

    answer = client.post("/c/clean-water/team/", invitation)
    assert answer["Location"].startswith("/second-factor/again/")
    answer = client.post(answer["Location"], {"code": code_of(SECRET), "next": "/c/clean-water/team/"})

    assert "http://localhost:8001/sign-in/" in answer.content.decode()
    assert Organiser.objects.get(email="new@example.org").memberships.get().countries == ["KE"]


def test_a_mistake_that_shows_after_signing_in_again_is_mended_on_its_own_page() -> None:
    """The page is drawn at the address of the sign-in: a form without one of its own would be sent there."""
    make_campaign()
    client = signed_in(make_organiser())
    wrong = {"email": "no address", "name": "Lin", "role": "moderator"}

    again = client.post("/c/clean-water/team/", wrong)["Location"]
    answer = client.post(again, {"code": code_of(SECRET), "next": "/c/clean-water/team/"})

    assert answer.status_code == 422
    assert '<form class="form" method="post" action="/c/clean-water/team/">' in answer.content.decode()


def test_every_form_of_the_office_says_where_it_goes() -> None:
    folder = Path(office.__file__).parent / "templates"
    forms = [tag for page in folder.rglob("*.html") for tag in re.findall(r"<form[^>]*post[^>]*>", page.read_text())]

    assert [tag for tag in forms if "action=" not in tag] == []
