"""The public process: `python -m clarion.intake HOST PORT`."""

import asyncio
import gc
import os
import resource
import signal
import sys

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from clarion.env import Env, SettingsWrong, read_env
from clarion.intake.app import Intake
from clarion.intake.confine import confine
from clarion.kernel.durable import make_folder
from clarion.kernel.languages import is_language
from clarion.kernel.logs import start_logging
from clarion.kernel.memory import give_back

_BACKLOG = 4096
_MOST_CONNECTIONS = 16_384
_OTHER_FILES = 256
_HEADER_MILLISECONDS = 15_000  # for a head to come in, and for the next one on a connection kept open
_BROKEN = 1
_GRACE_SECONDS = 2


class PublicProcess:
    """Intake on one address, in one process, until it is told to stop."""

    def __init__(self, env: Env, host: str, port: int) -> None:
        self._intake = Intake(env, on_broken=self._start_again)
        self._server = Server(
            self._intake,
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MILLISECONDS, max_buffer_size=65_536),
            websockets=False,
            backlog=_BACKLOG,
            backpressure=_connections(),
            log_enabled=False,
        )
        self._exit_code = 0

    async def serve(self) -> int:
        """Serve; gives the exit code once everything taken is on disk."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._server.stop)
        await self._server.serve()
        await self._intake.close()
        return self._exit_code

    def _start_again(self) -> None:
        """End after the answers have left: what a failed fsync left in memory is not to be trusted."""
        self._exit_code = _BROKEN
        loop = asyncio.get_running_loop()
        loop.call_later(0.2, self._server.stop)
        loop.call_later(_GRACE_SECONDS, os._exit, _BROKEN)


def _connections() -> int:
    """How many connections may be open at once; the limit of open files is raised for them where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed - _OTHER_FILES, 128)


def _collect_seldom() -> None:
    """Look for garbage in cycles seldom: each look walks through all that waits (measured: a tenth of the rate)."""
    give_back()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _serve(env: Env, host: str, port: int) -> int:
    return await PublicProcess(env, host, port).serve()


def main() -> int:
    """Confine this process, then serve."""
    start_logging()
    try:
        env = read_env()
    except SettingsWrong as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for folder in (env.data.inbox.parent, env.data.site, env.data.manage, env.data.policy):
        make_folder(folder)
    is_language("xx")  # reads the names of languages; on the way Babel looks into /etc, which is shut from now on
    _collect_seldom()
    confine(env.data, env.inbox_database)
    return uvloop.run(_serve(env, sys.argv[1], int(sys.argv[2])))


if __name__ == "__main__":
    sys.exit(main())
