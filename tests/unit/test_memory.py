"""Memory is given back on any C library."""

import ctypes
from types import SimpleNamespace

import pytest

from clarion.kernel.memory import give_back


def test_the_library_is_asked_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    for library in (SimpleNamespace(malloc_trim=asked.append), SimpleNamespace()):
        monkeypatch.setattr(ctypes, "CDLL", lambda _, library=library: library)
        give_back()

    assert asked == [0]
