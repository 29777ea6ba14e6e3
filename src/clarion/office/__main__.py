"""`python -m clarion.office HOST PORT`: the office, in one child of this process; both end where either dies.

Here and not in the supervisor, which would else hold the server's memory too.
"""

import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from clarion.kernel.memory import give_back

_THREADS = 8


def main(host: str, port: int) -> None:
    """Serve until told to stop."""
    give_back()
    Granian(
        "clarion.office.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=_THREADS,
        workers_kill_timeout=5,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
