"""What `clarion doctor --mail` finds."""

from pathlib import Path

import dns.exception
import pytest

from clarion.cli import mail_check
from clarion.cli.checks import Level
from clarion.env import Env, read_env


def env_of(url: str, sender: str = "call@example.org") -> Env:
    return read_env({"CLARION_MAIL_URL": url, "CLARION_MAIL_FROM": sender})


def found(url: str, sender: str = "call@example.org") -> list[Level]:
    return [finding.level for finding in mail_check.mail_findings(env_of(url, sender), None)]


def test_no_mail_server_is_bad_and_no_sender_doubtful() -> None:
    assert found("") == [Level.BAD]
    assert found("smtp://mail.example.org", "") == [Level.DOUBTFUL, Level.GOOD]
    assert found("smtp://mail.example.org") == [Level.GOOD]


def test_where_no_sender_is_set_each_campaigns_own_address_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    senders = ["water@example.org", "trees@example.net"]
    monkeypatch.setattr(mail_check, "senders_of_campaigns", lambda: senders)
    monkeypatch.setattr(mail_check, "_texts", lambda name: ["v=spf1 -all", "v=DMARC1; p=none"])

    said = [one.what for one in mail_check.mail_findings(env_of(f"file://{tmp_path}/mails", ""), "host@example.com")]

    mails = [mail.read_text() for mail in (tmp_path / "mails").glob("*.eml")]
    assert sorted(sender for sender in senders for mail in mails if f"From: {sender}" in mail) == sorted(senders)
    assert {f"{domain} has an SPF record." for domain in ("example.org", "example.net")} <= set(said)


def test_a_test_mail_is_really_sent(tmp_path: Path) -> None:
    finding = mail_check.try_mail(env_of(f"file://{tmp_path}/mails"), "host@example.org", "call@example.org")

    assert finding.level is Level.GOOD
    assert [b"doctor" in mail.read_bytes() for mail in (tmp_path / "mails").glob("*.eml")] == [True]


def test_a_mail_server_that_cannot_be_reached_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")

    finding = mail_check.try_mail(env_of(f"file://{tmp_path}/file/mails"), "host@example.org", "call@example.org")

    assert finding.level is Level.BAD
    assert "CLARION_MAIL_URL" in finding.mend


@pytest.mark.parametrize(
    ("records", "levels"),
    [
        (
            {"example.org": ["v=spf1 -all"], "_domainkey.example.org": [], "_dmarc.example.org": ["v=DMARC1; p=none"]},
            [Level.GOOD, Level.GOOD, Level.GOOD],
        ),
        ({"example.org": ["another=1"]}, [Level.BAD, Level.DOUBTFUL, Level.BAD]),
    ],
)
def test_the_senders_domain_is_looked_at(
    records: dict[str, list[str]], levels: list[Level], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing below `_domainkey`, not even a name: then there is no key, whatever its name would be."""
    monkeypatch.setattr(mail_check, "_texts", records.get)

    assert [finding.level for finding in mail_check.sender_findings("example.org")] == levels


@pytest.mark.parametrize(
    ("texts", "level"),
    [
        (["v=DKIM1; k=rsa; p=MIGf"], Level.GOOD),
        (["k=ed25519; p=11qY"], Level.GOOD),
        (["p="], Level.BAD),
        (None, Level.BAD),
    ],
)
def test_a_key_that_is_named_is_looked_at(
    texts: list[str] | None, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty one was revoked (RFC 6376, section 3.6.1)."""
    monkeypatch.setattr(mail_check, "_texts", {"mail._domainkey.example.org": texts}.get)

    assert mail_check.sender_findings("example.org", "mail")[1].level is level


def test_dns_that_does_not_answer_is_no_missing_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise dns.exception.Timeout

    monkeypatch.setattr(mail_check, "_texts", refuse)

    assert [finding.level for finding in mail_check.sender_findings("example.org")] == [Level.DOUBTFUL]
