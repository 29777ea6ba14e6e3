"""While a mail host is talked to nobody waits for it, and whoever is erased meanwhile has no mail sent twice."""

from collections.abc import Callable
from threading import Thread

import pytest
from django.conf import settings
from django.db import connections

from clarion.env import Env
from clarion.kernel.keys import Keys
from clarion.outbox.actions import MailPromise, promise_mails
from clarion.outbox.letters import Letter
from clarion.outbox.models import Mail
from clarion.privacy.actions import withdraw
from clarion.signatures.models import Signature
from clarion.worker.mailing import Postman
from clarion.worker.pulse import Pulse
from tests.fakes import FakeMailer
from tests.make import HOUR, NOON, make_campaign, make_signature, make_withdrawal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]

ENV: Env = settings.ENV
SOON = 60  # seconds, of which this takes a few hundredths


class SlowMailer(FakeMailer):
    """Somebody does something while the first letter is on its way."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = [meanwhile]

    def send(self, letter: Letter, message_id: str, sender: str) -> None:
        while self._meanwhile:
            meanwhile = self._meanwhile.pop()
            other = Thread(target=_with_a_connection_of_its_own, args=(meanwhile,))
            other.start()
            other.join(SOON)
            assert not other.is_alive(), "it waits for this mail"
        super().send(letter, message_id, sender)


def _with_a_connection_of_its_own(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def test_who_withdraws_waits_for_no_mail_that_is_being_sent(keys: Keys) -> None:
    """The drainer would hold the campaign's sums all that time, and the worker that mails would wait for it in turn."""
    campaign = make_campaign()
    rows = [make_signature(campaign, keys, email="amina@example.com", name=f"Amina {n}") for n in range(2)]
    promise_mails([MailPromise("confirm-signature", row.public_id, "en", campaign.slug) for row in rows], now=NOON)
    mailer = SlowMailer(lambda: withdraw(make_withdrawal(rows[0], "amina@example.com"), keys=keys, now=NOON + HOUR))

    Postman(ENV, lambda: mailer, Pulse()).step(NOON + HOUR)

    assert len(mailer.sent) == 2  # both were on their way
    assert set(Signature.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert list(Mail.objects.values_list("kind", flat=True)) == ["withdrawn"]
