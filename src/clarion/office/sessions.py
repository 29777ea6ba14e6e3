"""How long a session lasts: from its last use, not from signing in."""

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from clarion.kernel.clock import utc_now
from clarion.office.views.errors import signed_out, written_in

KEPT_KEY = "kept_at"  # seconds since 1970
_AGAIN_AFTER = timedelta(hours=1)
# What a page asks for by itself, though nobody may be at it.
_BY_ITSELF = frozenset({"office:asset", "office:health", "office:switch-state"})


class KeptWhileUsed:
    """Stores a session that is used anew, with its end moved on, at most once an hour.

    Not with every request, as Django offers: each would write, and on SQLite wait for every other writer.
    Where a session is over already, what was written into a form of ours is given back.
    """

    def __init__(self, respond: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer."""
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Mark the session as changed where it was not stored for an hour; the response then stores it."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in _BY_ITSELF:
            return None
        if not request.user.is_authenticated:
            is_form = request.method == "POST" and name.startswith("office:")
            return signed_out(request) if is_form and written_in(request) else None
        now = utc_now().timestamp()
        if not 0 <= now - request.session.get(KEPT_KEY, 0) < _AGAIN_AFTER.total_seconds():
            request.session[KEPT_KEY] = now
        return None
