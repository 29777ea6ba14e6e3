"""Writes `kernel/own_names.py`: what each language calls itself, as the installed Babel (CLDR) says."""

from pathlib import Path

from babel import localedata

from clarion.kernel.languages import native_name

TABLE = Path(__file__).parents[1] / "src" / "clarion" / "kernel" / "own_names.py"
HEAD = '''"""What each language calls itself, by tag, in alphabetical order: those in which CLDR can write.

Made by `scripts/update_own_names.py`; a test compares it with Babel, which reads 130 MB of data to say the same.
"""

OWN_NAMES = {
'''


def own_names() -> dict[str, str]:
    """The names as Babel knows them."""
    tags = {tag for tag in localedata.locale_identifiers() if "_" not in tag and tag != "root"}
    return dict(sorted(((tag, native_name(tag)) for tag in sorted(tags)), key=lambda pair: pair[1].casefold()))


def table() -> str:
    """The module's text."""
    return HEAD + "".join(f'    "{tag}": "{name}",\n' for tag, name in own_names().items()) + "}\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
