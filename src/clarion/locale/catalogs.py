"""Catalogues of the interface: one `.po` file for each language, read with Babel and compiled in memory.

A host adds a language by laying `<tag>.po` into `locale/` of the data folder; such a file wins over ours.
"""

import io
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

SHIPPED = Path(__file__).parent
SOURCE_LANGUAGE = "en"


@cache
def catalog(language: str, extra: Path | None = None) -> NullTranslations | None:
    """The strings of `language`, or None where the interface does not speak it. `extra`: the host's folder."""
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    path = next((p for p in _candidates(language, extra) if p.is_file()), None)
    return _compile(path) if path else None


def _candidates(language: str, extra: Path | None) -> list[Path]:
    tags = [language, language.split("-")[0]]
    return [folder / f"{tag}.po" for tag in tags for folder in (extra, SHIPPED) if folder is not None]


def _compile(path: Path) -> Translations:
    with path.open("rb") as file:
        messages = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def interface_languages(extra: Path | None = None) -> tuple[str, ...]:
    """The languages that the interface speaks, sorted."""
    folders = [folder for folder in (SHIPPED, extra) if folder is not None and folder.is_dir()]
    return tuple(sorted({SOURCE_LANGUAGE} | {path.stem for folder in folders for path in folder.glob("*.po")}))
