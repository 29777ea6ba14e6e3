"""What is not for organisers: assets by name, and whether the office and the worker live."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from clarion.kernel.clock import utc_now
from clarion.machines.queries import last_beat
from clarion.office.assets import TYPES, by_hashed_name
from clarion.office.heartbeat import is_alive


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponseBase:
    """A style or script; its name changes with its content, so it may be kept for ever."""
    path = by_hashed_name().get(name)
    if path is None:
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=TYPES[path.suffix])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@require_safe
def health(request: HttpRequest) -> HttpResponseBase:
    """200 while records can be read; says whether the worker was heard within half a minute."""
    now = utc_now()
    worker = is_alive(last_beat(settings.ENV.data.heartbeat, now=now), now)
    records = _records_answer()
    body = {"office": "ok", "records": "ok" if records else "unreadable", "worker": "ok" if worker else "silent"}
    return JsonResponse(body, status=200 if records else 503)


def _records_answer() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM organisers_organiser LIMIT 1")
    except DatabaseError:
        return False
    return True
