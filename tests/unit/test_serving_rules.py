"""What is unsafe does not serve."""

import pytest

from clarion.kernel.serving_rules import Listening, check_serving, is_local


def findings(
    public: str = "https://call.example.org",
    office: str = "https://office.example.org",
    *,
    bind: str = "127.0.0.1",
    mail: str = "smtp",
) -> tuple[int, int]:
    """How many problems and warnings there are."""
    found = check_serving([Listening("public", bind, public), Listening("office", bind, office)], public, office, mail)
    return len(found.problems), len(found.warnings)


def test_https_on_two_host_names_serves_without_a_word() -> None:
    assert findings() == (0, 0)
    assert findings(bind="0.0.0.0") == (0, 0)


def test_a_trial_on_loopback_serves_with_warnings() -> None:
    assert findings("http://localhost:8000", "http://localhost:8001", mail="file") == (0, 4)


def test_a_trial_on_loopback_is_told_what_it_is_good_for_and_not_to_be_on_loopback() -> None:
    """Nothing is left to do there: only what others can reach needs https, or the way back to loopback."""
    trial, reached = "http://localhost:8000", "http://call.example.org"
    there = check_serving([Listening("public", "127.0.0.1", trial)], trial, "http://o.localhost", "smtp").warnings
    elsewhere = check_serving([Listening("public", "0.0.0.0", reached)], reached, "https://o.org", "smtp").problems

    assert [text.partition("change it. ")[2] for text in there] == ["Good for a trial on this machine only."]
    assert ["Use https" in text for text in elsewhere] == [True]


def test_names_for_trials_are_local_and_others_are_not() -> None:
    assert [is_local(name) for name in ("a.localhost", "call.test", "127.0.0.9", "::1")] == [True] * 4
    assert [is_local(name) for name in ("example.org", "0.0.0.0", "localhost.example.org", "a.onion")] == [False] * 4


@pytest.mark.parametrize(
    ("public", "office", "bind"),
    [
        ("http://call.example.org", "https://office.example.org", "127.0.0.1"),
        ("https://call.example.org", "http://office.example.org", "127.0.0.1"),
        ("http://localhost:8000", "https://office.example.org", "0.0.0.0"),
        ("https://example.org", "https://example.org:8443", "127.0.0.1"),
        ("https://call.example.org", "http://abc.onion", "127.0.0.1"),
    ],
)
def test_what_others_can_reach_needs_https_and_two_host_names(public: str, office: str, bind: str) -> None:
    assert findings(public, office, bind=bind)[0] == 1


def test_an_onion_service_may_be_plain_http() -> None:
    assert findings("http://abcdef.onion") == (0, 1)


def test_mails_into_a_folder_do_not_serve_a_real_campaign() -> None:
    assert findings(mail="file") == (1, 0)


def test_without_mail_it_serves_and_says_that_mails_wait() -> None:
    assert findings(mail="none") == (0, 1)
