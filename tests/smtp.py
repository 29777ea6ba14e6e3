"""A real SMTP server for tests, on a port of the loopback, in a thread of its own."""

from typing import Any

from aiosmtpd.controller import Controller

_STARTS_WITHIN = 60.0  # seconds; the machine may be busy


def listen(handler: Any, port: int) -> Controller:
    """A server that does what `handler` says; it listens when this returns, until its `stop`."""
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True, ready_timeout=_STARTS_WITHIN
    )
    controller.start()
    return controller
