"""The same server reading and checking the same form, and storing nothing: `python -m bench.baseline PORT`."""

import asyncio
import signal
import sys

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from clarion.env import read_env
from clarion.intake.admission import Admission
from clarion.intake.answers import header_sets, redirect
from clarion.intake.forms import parse_form, read_body
from clarion.intake.requests import Exchange, Request, Scope
from clarion.kernel.clock import utc_now
from clarion.kernel.forms import FORMS, Known, check_form, tidied
from clarion.places.countries import CODES

FORM = FORMS["sign"]
KNOWN = Known(CODES, 1, (), ())
AT = utc_now()
ADMISSION = Admission(1_000_000)
HEADERS = header_sets(read_env({})).never_stored


async def application(scope: Scope, exchange: Exchange) -> None:
    """303 for a form that may be taken."""
    request = Request(scope, exchange)
    posted, duplicates = parse_form(request.headers.get("content-type", ""), await read_body(request, ADMISSION))
    values = tidied(FORM, posted)
    assert check_form(FORM, posted, values, duplicates, KNOWN, AT) is None
    answer = redirect(HEADERS, "/clean-water/en/check-your-mail/")
    exchange.response_bytes(answer.status, answer.headers, answer.body)


async def serve(port: int) -> None:
    """Serve until told to stop."""
    server = Server(
        application, address="127.0.0.1", port=port, interface=Interfaces.RSGI, http=HTTPModes.http1,
        websockets=False, backlog=2048, log_enabled=False,
    )  # fmt: skip
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
