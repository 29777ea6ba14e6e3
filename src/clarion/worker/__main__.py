"""`python -m clarion.worker`: what the supervisor starts."""

import os
import signal
import threading

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarion.settings")
django.setup()

from clarion.settings import ENV  # noqa: E402 - models can be imported only now
from clarion.worker.main import run  # noqa: E402

stop = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: stop.set())
run(ENV, stop)
