"""Gather the interface's strings and bring every `.po` file up to date.

`python scripts/update_catalogs.py` updates `src/clarion/locale/*.po`: new strings come in empty, gone ones leave.
`--check` changes nothing and exits with 1 where a catalogue is behind, has a string untranslated or unsure, or a
placeholder that the English does not have. `--add TAG` starts a new language.
"""

import argparse
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parent.parent / "src" / "clarion"
LOCALE = SOURCE / "locale"
METHODS = [("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2"), ("**.py", "python")]
OPTIONS = {
    "**/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"},
    "**/templates/**.txt": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"},
}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "N_": None}


def gathered() -> Catalog:
    """The strings of the interface as they stand in code and templates."""
    catalog = Catalog(project="Clarion", fuzzy=False)
    found = extract_from_dir(SOURCE, METHODS, OPTIONS, KEYWORDS, ("Translators:",), directory_filter=_speaks)
    for filename, line, message, comments, context in found:
        catalog.add(message, None, [(filename, line)], auto_comments=comments, context=context)
    return catalog


def _speaks(folder: str) -> bool:
    """The office speaks English only."""
    return Path(folder).name != "office"


def updated(path: Path, template: Catalog) -> Catalog:
    """The catalogue of `path` with the strings of `template`, its translations kept."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.stem.replace("-", "_"))
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def as_text(catalog: Catalog) -> bytes:
    """The file's bytes: no line numbers, no dates, so that a change shows only what changed."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=100, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True)
    dated = (b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Generated-By')
    return b"".join(line for line in buffer.getvalue().splitlines(keepends=True) if not line.startswith(dated))


def problems(path: Path, template: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue."""
    catalog = updated(path, template)
    if as_text(catalog) != path.read_bytes():
        yield f"{path.name} is behind: run make catalogs"
    for message in catalog:
        if message.id and not _is_whole(message):
            yield f"{path.name}: not translated: {message.id!r}"
        for error in message.check(catalog) if message.id else ():
            yield f"{path.name}: {error}: {message.id!r}"


def _is_whole(message: Message) -> bool:
    strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return not message.fuzzy and all(strings)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--add", metavar="TAG")
    options = parser.parse_args()
    template = gathered()
    if options.add:
        (LOCALE / f"{options.add}.po").write_bytes(as_text(Catalog(locale=options.add.replace("-", "_"), fuzzy=False)))
    found = []
    for path in sorted(LOCALE.glob("*.po")):
        if options.check:
            found += list(problems(path, template))
        else:
            path.write_bytes(as_text(updated(path, template)))
    sys.stderr.write("".join(f"{problem}\n" for problem in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
