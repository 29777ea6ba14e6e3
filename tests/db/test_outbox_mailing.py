"""Mails leave as promised: once, in order, at a rate, again after a failure, and never with a stranger's words."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django_tasks_db.models import DBTaskResult

from clarion.campaigns.models import Campaign
from clarion.env import Env
from clarion.events.actions import mail_host, promise_manage_page, take_proposal
from clarion.events.models import Event
from clarion.gateways.mail import MailDeferred, MailDoubted, MailHostFailed, MailHungUp, MailRefused
from clarion.gateways.mime import Sendable
from clarion.kernel.keys import Keys, read_key_ring, read_keys
from clarion.kernel.links import Link, LinkKind, link_public_key, read_link
from clarion.outbox.actions import MailPromise, hurry_mails, postpone_mails, promise_mails
from clarion.outbox.letters import Letter
from clarion.outbox.models import Mail
from clarion.outbox.queries import MailBacklog, due_mails, mail_backlog
from clarion.privacy.actions import deny, take_my_data, withdraw
from clarion.privacy.models import MyDataMail
from clarion.signatures.actions import confirm_signatures, erase_expired_signatures, take_signatures
from clarion.signatures.models import Signature
from clarion.worker import mailing
from clarion.worker.mailing import Postman, Rate
from clarion.worker.pulse import Pulse
from tests.fakes import FakeMailer
from tests.make import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    make_campaign,
    make_confirmation,
    make_event,
    make_proposal,
    make_signature,
    make_submission,
    make_withdrawal,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

ENV: Env = settings.ENV


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(languages=("en", "ar"), title="Clean water & schools")


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()


@pytest.fixture
def postman(mailer: FakeMailer) -> Postman:
    return Postman(ENV, lambda: mailer, Pulse())


def links_in(text: str, verb: str) -> list[Link]:
    key = read_key_ring(ENV.data.keys, "link").current
    tokens = re.findall(rf"/{verb}/([\w-]+)", text)
    return [read_link({key.number: link_public_key(key)}, token) for token in tokens]


def test_the_mail_asks_to_confirm_in_the_language_of_the_form(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    form = make_submission(language="ar", name="Evil <b>words</b>")
    take_signatures([form], keys=keys, now=NOON)
    postman.step(NOON + MINUTE)

    [sent] = mailer.sent
    letter = sent.letter
    assert (letter.to, letter.sender_name, sent.sender) == (
        "amina@example.com",
        "Water Committee",
        "office@example.org",
    )
    assert "Clean water & schools" in letter.subject
    assert "Clean water & schools" in letter.text
    assert "Clean water &amp; schools" in letter.html
    assert "Evil" not in letter.text + letter.html + letter.subject
    for body in (letter.text, letter.html):
        assert f"{ENV.public_url}/clean-water/ar/confirm/" in body
        confirm, withdrawing = links_in(body, "confirm")[0], links_in(body, "withdraw")[0]
        assert (confirm.kind, confirm.record, confirm.campaign) == (LinkKind.CONFIRM, form.id, campaign.pk)
        assert confirm.expires_at == int((NOON + MINUTE + 7 * DAY).timestamp())
        assert (withdrawing.kind, withdrawing.expires_at) == (LinkKind.WITHDRAW, 0)
    assert Mail.objects.count() == 0
    assert Signature.objects.get().last_mailed_at == NOON + MINUTE


def test_a_discreet_campaign_says_nothing_in_the_subject(keys: Keys, postman: Postman, mailer: FakeMailer) -> None:
    make_campaign(is_discreet=True, title="Clean water")
    take_signatures([make_submission()], keys=keys, now=NOON)
    postman.step(NOON)

    assert "water" not in mailer.sent[0].letter.subject.lower()


def test_the_owner_is_told_whether_the_address_is_new_pending_or_counted(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    for hour in range(2):
        take_signatures([make_submission(at=NOON + hour * HOUR)], keys=keys, now=NOON + hour * HOUR)
        postman.step(NOON + hour * HOUR)
    confirm_signatures([make_confirmation(Signature.objects.order_by("pk")[0])], keys=keys, now=NOON + HOUR)
    take_signatures([make_submission(at=NOON + 2 * HOUR)], keys=keys, now=NOON + 2 * HOUR)
    postman.step(NOON + 2 * HOUR)

    new, pending, counted = (sent.letter for sent in mailer.sent)
    assert "You signed before" not in new.text
    assert "You signed before" in pending.text
    assert counted.subject == "You have signed already: Clean water & schools"
    assert "counted" in counted.text


def test_the_withdraw_link_of_who_signs_again_names_the_signature_that_counts(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    """The second form is erased after a week; the link in its mail is good "now or at any later time"."""
    for hour in range(2):
        take_signatures([make_submission(at=NOON + hour * HOUR)], keys=keys, now=NOON + hour * HOUR)
        postman.step(NOON + hour * HOUR)
        if hour == 0:
            confirm_signatures([make_confirmation(Signature.objects.get())], keys=keys, now=NOON + MINUTE)
    [link] = links_in(mailer.sent[1].letter.text, "withdraw")
    later = NOON + 14 * DAY
    erase_expired_signatures(drained_until=later, now=later)

    assert withdraw(make_submission("withdraw", at=later, link=link, email="amina@example.com"), keys=keys, now=later)

    assert not Signature.objects.filter(state__in=("confirmed", "pending")).exists()


def test_another_spelling_of_a_counted_address_gets_an_ordinary_mail(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    row = make_signature(campaign, keys, email="amina@example.com")
    confirm_signatures([make_confirmation(row)], keys=keys, now=NOON)
    take_signatures([make_submission(email="amina+x@example.com", at=NOON + HOUR)], keys=keys, now=NOON + HOUR)
    postman.step(NOON + HOUR)

    letter = mailer.sent[0].letter
    assert letter.to == "amina+x@example.com"
    assert letter.subject == "Confirm your signature: Clean water & schools"
    assert "already" not in letter.text


def test_while_a_denial_stands_links_ask_for_the_address(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    denied = make_signature(campaign, keys, email="amina@example.com")
    deny(make_confirmation(denied, answer="not-me"), keys=keys, now=NOON)
    for at in (NOON + HOUR, NOON + 8 * DAY):
        take_signatures([make_submission(at=at)], keys=keys, now=at)
        postman.step(at)

    kinds = [links_in(sent.letter.text, "confirm")[0].kind for sent in mailer.sent]
    assert kinds == [LinkKind.CONFIRM_TYPED, LinkKind.CONFIRM]


def test_a_mail_for_what_was_withdrawn_meanwhile_is_dropped(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    take_signatures([make_submission()], keys=keys, now=NOON)
    row = Signature.objects.get()
    withdraw(make_withdrawal(row, "amina@example.com"), keys=keys, now=NOON + MINUTE)
    promise_mails([MailPromise("confirm-signature", row.public_id, "en", campaign.slug)], now=NOON)
    postman.step(NOON + HOUR / 2)

    assert [sent.letter.subject for sent in mailer.sent] == ["Your signature is withdrawn: Clean water & schools"]
    assert mailer.sent[0].letter.to == "amina@example.com"
    assert Signature.objects.get().box is None
    assert Mail.objects.count() == 0


def test_a_deferred_mail_is_tried_again_and_a_refused_one_is_not(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    forms = [make_submission(email=f"{name}@example.com", name=name) for name in ("later", "never", "now")]
    take_signatures(forms, keys=keys, now=NOON)
    mailer.failing = {"later@example.com": MailDeferred("greylisted"), "never@example.com": MailRefused("unknown")}
    postman.step(NOON)

    assert [sent.letter.to for sent in mailer.sent] == ["now@example.com"]
    waiting = Mail.objects.get()
    assert waiting.attempts == 1
    assert NOON < waiting.due_at < NOON + MINUTE
    mailer.failing = {}
    postman.step(NOON + MINUTE)
    assert mailer.sent[-1].letter.to == "later@example.com"
    assert mailer.sent[-1].message_id == waiting.message_id


def test_a_refusal_that_may_be_the_servers_own_trouble_is_believed_the_fourth_time_hours_later(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    take_signatures([make_submission()], keys=keys, now=NOON)
    mailer.failing = {"amina@example.com": MailDoubted("relay access denied")}
    at = NOON
    for refusals in (1, 2, 3):
        postman.step(at)
        mail = Mail.objects.get()
        assert (mail.refusals, mail.attempts) == (refusals, refusals)
        assert mail.due_at >= at + HOUR
        at = mail.due_at

    assert at >= NOON + 3 * HOUR
    postman.step(at)
    assert not Mail.objects.exists()


@pytest.mark.parametrize("before", [None, MailDeferred("greylisted")], ids=["untried", "deferred"])
def test_a_spell_of_refusals_costs_no_mail_that_has_waited_for_hours(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer, before: MailDeferred | None
) -> None:
    """A queue longer than the day's quota, say: mails are refused at the first attempt, long after their promise."""
    take_signatures([make_submission()], keys=keys, now=NOON)
    if before:
        mailer.failing = {"amina@example.com": before}
        for hour in range(5):
            postman.step(NOON + hour * HOUR)
    mailer.failing = {"amina@example.com": MailDoubted("daily quota exceeded")}
    postman.step(NOON + 12 * HOUR)
    mailer.failing = {}

    postman.step(NOON + 14 * HOUR)
    assert len(mailer.sent) == 1


def test_the_mail_at_which_the_server_hangs_up_lets_the_others_by(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    emails = ["a@bad.example", "b@bad.example", "c@good.example"]
    take_signatures([make_submission(email=email, name=email) for email in emails], keys=keys, now=NOON)
    mailer.failing = dict.fromkeys(emails[:2], MailHungUp())
    with pytest.raises(MailHungUp):
        postman.step(NOON)
    postman.step(NOON)

    assert [sent.letter.to for sent in mailer.sent] == ["c@good.example"]
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 1]  # the second was not even tried


def test_a_sender_that_is_not_taken_holds_up_no_other_campaign(
    campaign: Campaign, keys: Keys, mailer: FakeMailer
) -> None:
    """Its mails came first, more than a batch of them; they wait, cost no attempt, and go once it is taken."""
    make_campaign("bad-sender", organiser_email="bad@example.com")
    people = [make_submission(campaign="bad-sender", email=f"x{n}@example.com", name=f"X {n}") for n in range(60)]
    take_signatures(people, keys=keys, now=NOON)
    take_signatures([make_submission(at=NOON + MINUTE)], keys=keys, now=NOON + MINUTE)
    mailer.refused_senders = {"bad@example.com"}
    pulse = Pulse()
    postman = Postman(ENV, lambda: mailer, pulse)
    while postman.step(NOON + HOUR):
        pass

    assert [sent.letter.to for sent in mailer.sent] == ["amina@example.com"]
    assert set(Mail.objects.values_list("attempts", "due_at")) == {(0, NOON + HOUR + 2 * MINUTE)}
    postman.step(NOON + HOUR)
    assert pulse.codes() == ["mail-sender:bad-sender"]

    mailer.refused_senders = set()
    while postman.step(NOON + 2 * HOUR):
        pass
    assert len(mailer.sent) == 61
    postman.step(NOON + 2 * HOUR)
    assert pulse.codes() == []


def test_a_mail_host_that_fails_costs_no_mail_an_attempt(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    take_signatures([make_submission()], keys=keys, now=NOON)
    mailer.host_failure = MailHostFailed("mail-unreachable")
    with pytest.raises(MailHostFailed):
        postman.step(NOON)

    assert Mail.objects.get().attempts == 0
    mailer.host_failure = None
    postman.step(NOON)
    assert len(mailer.sent) == 1


def test_while_what_became_of_a_batch_cannot_be_put_down_nobody_is_mailed_again(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    """The disk of the records is full, say: what is due can be read, and what has gone cannot be dropped."""
    names = ["amina", "bo", "later"]
    take_signatures([make_submission(email=f"{name}@example.com", name=name) for name in names], keys=keys, now=NOON)
    mailer.failing = {"later@example.com": MailDeferred("greylisted")}
    with connection.execute_wrapper(no_mail_is_dropped):
        for minute in range(20):
            with pytest.raises(OperationalError):
                postman.step(NOON + minute * MINUTE)
    assert [sent.letter.to for sent in mailer.sent] == ["amina@example.com", "bo@example.com"]

    postman.step(NOON + 20 * MINUTE)
    assert len(mailer.sent) == 2
    assert Mail.objects.get().attempts == 1
    assert Signature.objects.filter(last_mailed_at=NOON + 20 * MINUTE).count() == 3


def no_mail_is_dropped(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith('DELETE FROM "outbox_mail"'):
        raise OperationalError("database or disk is full")
    return execute(sql, params, many, context)


def test_a_mail_that_cannot_be_written_holds_up_no_other(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    broken, whole = make_signature(campaign, keys), make_signature(campaign, keys)
    Signature.objects.filter(pk=broken.pk).update(box=b"\0\1broken")
    promises = [MailPromise("confirm-signature", row.public_id, "en", campaign.slug) for row in (broken, whole)]
    promise_mails(promises, now=NOON)
    postman.step(NOON)

    assert len(mailer.sent) == 1
    assert Mail.objects.get().record == broken.public_id


def test_no_mail_waits_for_a_time_from_before_the_clock_was_set_back(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    take_signatures([make_submission()], keys=keys, now=NOON)
    mailer.failing = {"amina@example.com": MailDeferred("greylisted")}
    postman.step(NOON)
    take_signatures([make_submission(email="bo@example.com", name="Bo")], keys=keys, now=NOON)
    mailer.failing = {}

    hurry_mails(now=NOON)
    assert len(due_mails(10, now=NOON)) == 1  # a rest after a failure is kept
    hurry_mails(now=NOON - DAY)
    assert len(due_mails(10, now=NOON - DAY)) == 2


def test_held_mails_wait(campaign: Campaign, keys: Keys) -> None:
    take_signatures([make_submission()], keys=keys, now=NOON)
    Mail.objects.update(is_held=True)

    assert due_mails(10, now=NOON) == []
    assert mail_backlog().held == 1


def test_who_is_told_to_stop_sends_no_further_mail_and_puts_down_what_has_left(campaign: Campaign, keys: Keys) -> None:
    """Behind a slow mail host a batch outlasts the worker's end: all of it would go out once more."""
    stop = threading.Event()

    class LastMailer(FakeMailer):
        """Is told to stop while it sends the second letter."""

        def send(self, letter: Sendable, message_id: str, sender: str) -> None:
            super().send(letter, message_id, sender)
            if len(self.sent) == 2:
                stop.set()

    mailer = LastMailer()
    take_signatures([make_submission(email=f"{n}@example.com") for n in range(5)], keys=keys, now=NOON)
    Postman(ENV, lambda: mailer, Pulse(), stop).step(NOON)

    assert len(mailer.sent) == 2
    assert Mail.objects.count() == len(due_mails(10, now=NOON)) == 3


def test_a_long_queue_is_measured_the_less_often_the_longer_that_takes(
    campaign: Campaign, keys: Keys, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds, looks = [1_000.0], []

    def slowly() -> MailBacklog:
        looks.append(seconds[0])
        seconds[0] += 3
        return mail_backlog()

    monkeypatch.setattr(mailing, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(mailing, "mail_backlog", slowly)
    for _ in range(200):
        seconds[0] += 1
        postman.step(NOON)

    assert 3 <= len(looks) <= 4  # else a hundred: each second that it counts, no mail leaves


def test_the_mail_rate_is_kept() -> None:
    seconds = [0.0]
    rate = Rate(60, clock=lambda: seconds[0])
    sent = 0
    for _ in range(600):
        room = rate.room()
        rate.take(room)
        sent += room
        seconds[0] += 0.1

    assert 58 <= sent <= 62


def test_my_data_mails_the_links_of_an_address_once_a_day(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    row = make_signature(campaign, keys, email="amina@example.com")
    asked = make_submission("my-data", email="Amina@example.com", at=NOON)

    assert take_my_data(asked, keys=keys, now=NOON)
    assert not take_my_data(make_submission("my-data", email="amina@example.com"), keys=keys, now=NOON + HOUR)
    postman.step(NOON + MINUTE)

    [sent] = mailer.sent
    assert [link.record for link in links_in(sent.letter.text, "withdraw")] == [row.public_id]
    assert "\nSent: " in sent.letter.text  # when it was signed, and of an event when it was proposed: not when it is
    assert bytes(MyDataMail.objects.get().box) == b""
    assert take_my_data(asked, keys=keys, now=NOON + DAY)


def test_my_data_says_no_word_of_an_event_that_nobody_confirmed(
    campaign: Campaign, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    """A stranger may have typed the address, and would reach its owner with words of their own."""
    event = take_proposal(make_proposal(email="amina@example.com", title="Buy pills"), keys=keys, now=NOON)
    assert event
    take_my_data(make_submission("my-data", email="amina@example.com", at=NOON), keys=keys, now=NOON)
    postman.step(NOON + MINUTE)

    [letter] = [sent.letter for sent in mailer.sent if sent.letter.subject == "What we hold about you"]
    assert "pills" not in letter.text + letter.html
    assert "Clean water & schools" in letter.text
    [link] = links_in(letter.text, "confirm")
    assert (link.kind, link.record) == (LinkKind.CONFIRM_EVENT, event.public_id)
    assert "?not-me" in letter.text
    assert links_in(letter.text, "manage") == []


@pytest.mark.parametrize("typed", ["nobody@example.com", "amina+else@example.com"])
def test_my_data_is_silent_to_any_other_address(campaign: Campaign, keys: Keys, typed: str) -> None:
    make_signature(campaign, keys, email="amina@example.com")

    assert not take_my_data(make_submission("my-data", email=typed), keys=keys, now=NOON)
    assert Mail.objects.count() == 0


def test_the_delay_is_the_age_of_the_oldest_confirmation(campaign: Campaign, keys: Keys, mailer: FakeMailer) -> None:
    pulse = Pulse()
    mailer.host_failure = MailHostFailed("mail-unreachable")
    take_signatures([make_submission()], keys=keys, now=NOON)
    with pytest.raises(MailHostFailed):
        Postman(ENV, lambda: mailer, pulse).step(NOON + 5 * MINUTE)

    assert pulse.mail_delay == timedelta(minutes=5)


def test_an_address_that_is_deferred_for_days_says_nothing_of_how_long_others_wait(campaign: Campaign) -> None:
    mail = MailPromise("confirm-signature", "a" * 32, "en", lane=Mail.Lane.CONFIRMATIONS)
    promise_mails([mail], now=NOON)
    assert mail_backlog().oldest_confirmation == NOON

    postpone_mails(list(Mail.objects.all()), now=NOON)

    assert (mail_backlog().oldest_confirmation, mail_backlog().waiting) == (None, 1)


def test_a_letter_that_breaks_the_mailer_comes_later_and_nobody_else_is_mailed_twice(campaign: Campaign) -> None:
    """An address that cannot be put into the protocol's letters, say."""

    class Brittle(FakeMailer):
        def send(self, letter: Letter, message_id: str, sender: str) -> None:
            if "bo@" in letter.to:
                raise UnicodeEncodeError("ascii", "ö", 0, 1, "not ASCII")
            super().send(letter, message_id, sender)

    mailer = Brittle()
    postman = Postman(ENV, lambda: mailer, Pulse())
    names = ("amina", "bo", "chidi")
    keys = read_keys(ENV.data.keys)
    take_signatures([make_submission(email=f"{name}@example.com") for name in names], keys=keys, now=NOON)

    postman.step(NOON)
    postman.step(NOON)

    assert sorted(one.letter.to for one in mailer.sent) == ["amina@example.com", "chidi@example.com"]
    assert [mail.attempts for mail in Mail.objects.all()] == [1]


@pytest.fixture
def organised(campaign: Campaign, keys: Keys) -> Event:
    """An event whose organiser is mailed a link to a manage page that is still to be published."""
    event = make_event(campaign, keys, title="Gathering")
    with transaction.atomic():
        mail_host(event, "manage-link", now=NOON)
        promise_manage_page(event)
    return event


@pytest.mark.usefixtures("organised")
def test_a_link_is_not_mailed_before_the_page_that_it_opens_is_there(postman: Postman, mailer: FakeMailer) -> None:
    """Else the organiser who opens it at once is told that it is no good."""
    postman.step(NOON)
    assert mailer.sent == []

    DBTaskResult.objects.all().delete()  # as the publisher does with a promise that it has kept
    postman.step(NOON + 2 * SECOND)
    assert [sent.letter.subject for sent in mailer.sent] == ["Your new link: Gathering"]


@pytest.mark.usefixtures("organised")
def test_a_page_that_cannot_be_published_holds_up_its_mail_for_five_minutes_alone(
    postman: Postman, mailer: FakeMailer
) -> None:
    for second in range(0, 300, 10):
        postman.step(NOON + second * SECOND)
    assert mailer.sent == []

    postman.step(NOON + 5 * MINUTE)
    assert len(mailer.sent) == 1


def test_only_mails_that_link_to_the_page_wait_for_it(
    organised: Event, keys: Keys, postman: Postman, mailer: FakeMailer
) -> None:
    other = make_event(organised.campaign, keys, title="Vigil")
    with transaction.atomic():
        mail_host(other, "manage-link", now=NOON)
    take_signatures([make_submission()], keys=keys, now=NOON)
    postman.step(NOON)

    subjects = {sent.letter.subject for sent in mailer.sent}
    assert subjects == {"Confirm your signature: Clean water & schools", "Your new link: Vigil"}
