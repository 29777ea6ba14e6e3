"""Who gets which keys."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clarion.kernel.keys import KeyReplaced, make_missing_keys, read_key_ring

_LOAD = "import django; django.setup()"


def test_the_office_makes_no_key_that_signs_links_or_opens_the_inbox(tmp_path: Path) -> None:
    environ = {**os.environ, "CLARION_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "clarion.settings"}
    subprocess.run([sys.executable, "-c", _LOAD], env=environ, check=True)

    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"field-1.key", "dedupe-1.key", "office-1.key"}


def test_a_second_key_for_the_hashes_of_addresses_is_refused_and_others_are_taken(tmp_path: Path) -> None:
    make_missing_keys(tmp_path)
    for purpose in ("inbox", "link", "field", "dedupe", "office"):
        (tmp_path / f"{purpose}-2.key").write_text("ab" * 32, encoding="ascii")

    assert [key.number for key in read_key_ring(tmp_path, "field").keys] == [1, 2]
    with pytest.raises(KeyReplaced, match="several dedupe keys"):
        read_key_ring(tmp_path, "dedupe")
