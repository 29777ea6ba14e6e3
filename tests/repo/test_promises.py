"""What an app promises, the worker knows how to keep."""

import re
from pathlib import Path

from clarion.worker.mailing import KINDS
from clarion.worker.publishing import NAMES

SOURCE = Path(__file__).resolve().parents[2] / "src" / "clarion"


def _found(pattern: str) -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    return {name for text in texts for name in re.findall(pattern, text)}


def test_every_promised_job_is_mapped() -> None:
    promised = _found(r"""\bpromise\(\s*"([a-z-]+)\"""")
    assert len(promised) >= 4
    assert promised <= set(NAMES)


def test_every_promised_mail_is_mapped() -> None:
    promised = _found(r"""\bMailPromise\(\s*(?:kind=)?"([a-z-]+)\"""") | _found(
        r"""\bmail_(?:host|moderators)\([a-z_.]+, "([a-z-]+)\""""
    )
    assert len(promised) >= 6
    assert promised <= set(KINDS)
