"""Settings that cannot work stop the start, and what is said of them gives no secret away."""

import pytest

from clarion.env import SettingsWrong, read_env


def refused(**settings: str) -> str:
    with pytest.raises(SettingsWrong) as wrong:
        read_env({"CLARION_DATA": "nowhere", **settings})
    return str(wrong.value)


@pytest.mark.parametrize(
    "text",
    [
        "smtp://user:secretpa/ss@mail.example.org",
        "smtp://user:secret?pass@mail.example.org",
        "smtp://user:secret#pass@mail.example.org",
        "smtp://user:587/secret@mail.example.org",  # or it would be sent to the host "user"
        "smtp://user:secret@mail.example.org:port",
        "smtp://user:secret@mail.example.org:99999",
        "smtp://user:secret\u2100@mail.example.org",
        "smtp://user:[secret]@mail.example.org",
        "imap://user:secret@mail.example.org",
        "mail.example.org",  # it would be taken for none
        "user:secret@mail.example.org:587",
        "//user:secret@mail.example.org",
    ],
)
def test_a_mail_server_that_cannot_be_read_is_refused_without_repeating_the_password(text: str) -> None:
    said = refused(CLARION_MAIL_URL=text)

    assert "CLARION_MAIL_URL" in said
    assert "secret" not in said


def test_a_mail_server_is_read_with_its_port_and_what_is_written_in_percent() -> None:
    mail = read_env({"CLARION_MAIL_URL": "smtp://user%40example.org:p%2Fa%3Fss@mail.example.org"}).mail

    assert (mail.host, mail.port, mail.user, mail.password) == ("mail.example.org", 587, "user@example.org", "p/a?ss")


@pytest.mark.parametrize("figures", ["5/0", "0/5", "5/-1", "5/nan", "5/inf", "5", "five/5"])
def test_a_limit_of_nothing_is_refused_at_the_start_and_not_with_each_form(figures: str) -> None:
    assert figures in refused(CLARION_NETWORK_LIMITS=f"10.0.0.0/8={figures}")


def test_a_queue_that_takes_nobody_is_refused() -> None:
    assert "more than zero" in refused(CLARION_INTAKE_QUEUE="0")
