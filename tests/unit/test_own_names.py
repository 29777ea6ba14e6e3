"""The table of languages' own names says what Babel would."""

from clarion.kernel.own_names import OWN_NAMES
from scripts.update_own_names import own_names


def test_every_language_is_called_what_it_calls_itself() -> None:
    """In the same order too: if not, run `scripts/update_own_names.py`."""
    assert list(OWN_NAMES.items()) == list(own_names().items())
