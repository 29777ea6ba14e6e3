"""Who gets which keys."""

import os
import subprocess
import sys
from pathlib import Path

_LOAD = "import django; django.setup()"


def test_the_office_makes_no_key_that_signs_links_or_opens_the_inbox(tmp_path: Path) -> None:
    environ = {**os.environ, "CLARION_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "clarion.settings"}
    subprocess.run([sys.executable, "-c", _LOAD], env=environ, check=True)

    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"field-1.key", "dedupe-1.key", "office-1.key"}
