"""Under which addresses this installation is reached, for commands that print them."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from clarion.env import Env
from clarion.machines.queries import last_beat

_FRESH = timedelta(seconds=30)


def with_served_addresses(env: Env, *, now: datetime, environ: Mapping[str, str] = os.environ) -> Env:
    """The settings, where an address is not set with the one under which `clarion serve` runs at `now`, if it does.

    In a trial `serve --public HOST:PORT` alone decides where the site is; a command in another shell is not told.
    """
    try:
        beat = last_beat(env.data.heartbeat, now=now)
        if now - datetime.fromisoformat(beat["at"]) > _FRESH:
            return env
        public_url, office_url = str(beat["public_url"]), str(beat["office_url"])
    except (ValueError, KeyError):
        return env
    return replace(
        env,
        public_url=env.public_url if _is_set("CLARION_PUBLIC_URL", environ) else public_url,
        office_url=env.office_url if _is_set("CLARION_OFFICE_URL", environ) else office_url,
    )


def _is_set(variable: str, environ: Mapping[str, str]) -> bool:
    return bool(environ.get(variable, "").strip() or environ.get(f"{variable}_FILE"))
