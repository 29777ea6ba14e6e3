"""Unit tests touch nothing: no socket opens (Unix sockets aside, which event loops make for themselves)."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    pytest_socket.disable_socket(allow_unix_socket=True)
