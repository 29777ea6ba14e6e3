"""The answer to a form that may not come in: made once a second for each language, for it must cost next to nothing."""

import time

from clarion.intake.answers import Answer
from clarion.intake.requests import Exchange, Request, Scope
from clarion.intake.site import Site, may_hold_token

BUSY = (("retry-after", "3"),)
_KEPT_SECONDS = 1.0
_MOST_KEPT = 256


class BusyAnswers:
    """503 with its page."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: dict[tuple[object, ...], Answer] = {}
        self._forget_at = 0.0

    def answer(self, scope: Scope, exchange: Exchange) -> Answer:
        """The answer, without a look at the form."""
        now = time.monotonic()
        if now > self._forget_at or len(self._kept) > _MOST_KEPT:
            self._kept, self._forget_at = {}, now + _KEPT_SECONDS
        place = scope.path.split("/", 3)[1:3]
        key = (*place, may_hold_token(scope.path), scope.headers.get("accept-encoding") or "")
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = self._site.error(503, Request(scope, exchange), now, BUSY)
        return kept
