"""Whatever is promised anywhere in the source is something that the worker can keep."""

import re
from pathlib import Path

import pytest

import clarion
from clarion.worker.mailing import KINDS
from clarion.worker.outcomes import ATTEMPTED, OVER
from clarion.worker.publishing import NAMES

SOURCE = Path(clarion.__file__).parent


def literals(pattern: str) -> set[str]:
    """All string literals that the source puts in a place."""
    found = (re.findall(pattern, path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py"))
    return {one for some in found for one in some}


def test_every_promised_name_is_mapped() -> None:
    names = literals(r'\bpromise\(\s*"([a-z-]+)"')

    assert {"publish-campaign", "publish-counts", "publish-event"} <= names
    assert names <= set(NAMES)


def test_every_promised_mail_has_a_renderer() -> None:
    kinds = literals(r'MailPromise\(\s*"([a-z-]+)"') | literals(r'mail_host\(\s*\w+,\s*"([a-z-]+)"')

    assert {"moderation-digest", "event-received"} <= kinds
    assert kinds | {"confirm-signature", "withdrawn", "my-data", "notice-to-admins"} <= set(KINDS)
    assert set(ATTEMPTED) | set(OVER) <= set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_with_a_template_of_its_name_has_both_halves(kind: str) -> None:
    halves = {path.suffix for path in SOURCE.glob(f"*/templates/mail/{kind}.*")}

    assert halves in ({".txt", ".html"}, set())
