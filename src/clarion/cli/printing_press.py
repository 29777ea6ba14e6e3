"""Waiting until what was stored is published; publishing it here where no worker runs."""

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import click

from clarion.env import Env
from clarion.jobs.queries import oldest_open_promise
from clarion.kernel.clock import utc_now
from clarion.kernel.errors import ClarionError
from clarion.kernel.policy import POLICY_NAME, PolicyUnreadable, read_policy
from clarion.worker.publishing import publish_now

PATIENCE = timedelta(minutes=2)
_PAUSE = 0.2  # seconds
_SAY_AFTER = timedelta(seconds=1)


class NotPublished(ClarionError):
    """Everything is stored, but its pages are not out yet."""


def wait_for_call(env: Env, slug: str, version: int | None, *, since: datetime) -> None:
    """Come back when the call pages and the policy of a new `version` are out, or else all that was promised.

    Raises `NotPublished` after two minutes.
    """
    wait_until(env, lambda: is_out(env, slug, version) or not is_promised(slug), since=since)


def wait_until(env: Env, is_done: Callable[[], bool], *, since: datetime) -> None:
    """Publish where nobody else does, else wait for the worker; raises `NotPublished` when it takes too long."""
    has_spoken = False
    if sys.stderr.isatty():
        click.echo("Publishing …", err=True)
    while not publish_now(env) and not is_done():
        waited = utc_now() - since
        if waited > PATIENCE:
            raise NotPublished(
                "It is stored, but the worker has not published it within two minutes. "
                "See `clarion doctor`; once the worker runs, the pages follow by themselves."
            )
        if waited > _SAY_AFTER and not has_spoken:
            click.echo("Waiting for the worker to publish …", err=True)
            has_spoken = True
        time.sleep(_PAUSE)


def is_out(env: Env, slug: str, version: int | None) -> bool:
    """Whether intake has been told of this version, and its call page is out."""
    try:
        policy = read_policy((env.data.policy / POLICY_NAME).read_text(encoding="utf-8"))
    except (OSError, PolicyUnreadable):
        return False
    campaign = policy.campaigns.get(slug)
    if campaign is None or campaign.version != version:
        return False
    page = env.data.site / slug / campaign.default_language / "index.html"
    return page.is_file() and f"/versions/{version}/" in page.read_text(encoding="utf-8")


def is_promised(slug: str) -> bool:
    """Whether the campaign's pages wait to be published."""
    return oldest_open_promise(slug, ("publish-campaign",)) is not None
