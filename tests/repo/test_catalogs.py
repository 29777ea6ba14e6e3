"""The interface speaks the sample call's languages, whole."""

import subprocess
import sys
from pathlib import Path

from clarion.locale.catalogs import interface_languages
from clarion.locale.voice import voice

ROOT = Path(__file__).resolve().parents[2]


def test_every_catalogue_is_up_to_date_and_whole() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "update_catalogs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]


def test_the_interface_speaks_every_language_of_the_sample_call() -> None:
    call = ROOT / "src" / "clarion" / "sample" / "clean-water"
    spoken = {path.name.split(".")[1] for path in call.glob("statement.*.md")}
    assert spoken <= set(interface_languages())
    assert not any(voice(language).is_foreign for language in spoken)
