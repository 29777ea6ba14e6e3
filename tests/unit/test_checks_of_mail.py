"""What `clarion doctor --mail` finds."""

from pathlib import Path

import pytest

from clarion.cli import mail_check
from clarion.cli.checks import Level
from clarion.env import Env, read_env


def env_of(url: str, sender: str = "call@example.org") -> Env:
    return read_env({"CLARION_MAIL_URL": url, "CLARION_MAIL_FROM": sender})


def test_no_mail_server_is_bad_and_no_sender_doubtful() -> None:
    assert mail_check.mail_findings(env_of(""), None)[0].level is Level.BAD
    assert mail_check.mail_findings(env_of("smtp://mail.example.org", ""), None)[0].level is Level.DOUBTFUL
    assert mail_check.mail_findings(env_of("smtp://mail.example.org"), None)[0].level is Level.GOOD


def test_a_test_mail_is_really_sent(tmp_path: Path) -> None:
    finding = mail_check.try_mail(env_of(f"file://{tmp_path}/mails"), "host@example.org")

    assert finding.level is Level.GOOD
    assert [b"doctor" in mail.read_bytes() for mail in (tmp_path / "mails").glob("*.eml")] == [True]


def test_a_mail_server_that_cannot_be_reached_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")

    finding = mail_check.try_mail(env_of(f"file://{tmp_path}/file/mails"), "host@example.org")

    assert finding.level is Level.BAD
    assert "CLARION_MAIL_URL" in finding.mend


@pytest.mark.parametrize(
    ("records", "levels"),
    [
        ({"example.org": ["v=spf1 -all"], "_dmarc.example.org": ["v=DMARC1; p=none"]}, [Level.GOOD, Level.GOOD]),
        ({"example.org": ["another=1"]}, [Level.BAD, Level.BAD]),
    ],
)
def test_the_senders_domain_is_looked_at(
    records: dict[str, list[str]], levels: list[Level], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_check, "_texts", lambda name: records.get(name, []))

    assert [finding.level for finding in mail_check.sender_findings("example.org")] == levels
